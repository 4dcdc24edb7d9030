import { brokenFinding, type Finding } from "../../cli/output/finding.ts";
import { nameCauseOnce } from "../../cli/status/check-all.ts";

test("a cause that stops several checks is named once, and other findings are not changed", () => {
  const refused = brokenFinding(new Error("Adobe refused the client secret: invalid_client."));
  const parts: [string, Finding][] = [
    ["webhook", { verdict: "fine", found: "It is enabled." }],
    ["dataflow", refused],
    ["runs", refused],
    ["dead letters", { verdict: "broken", found: "There are 3.", runbook: "alert-dead-letters" }],
    ["batches", brokenFinding(new Error("Adobe Experience Platform did not answer."))],
    ["dataset", refused],
  ];
  const named = nameCauseOnce(parts.map(([part, finding]) => ({ part, finding })));
  expect(named.map(({ part, finding: { verdict, found } }) => [part, verdict, found])).toEqual([
    ["webhook", "fine", "It is enabled."],
    ["dataflow", "broken", "Adobe refused the client secret: invalid_client."],
    ["runs", "broken", "It could not be checked, for the same reason as dataflow."],
    ["dead letters", "broken", "There are 3."],
    ["batches", "broken", "Adobe Experience Platform did not answer."],
    ["dataset", "broken", "It could not be checked, for the same reason as dataflow."],
  ]);
});
