import { checkRows } from "../../cli/checks/dataset.ts";
import { SharedAnswers } from "../../cli/checks/shared-answers.ts";
import { closeStage, flowWithFields, happen, openStage, sourceOf, stage } from "./audit-stack.ts";

beforeEach(() => openStage());
afterEach(closeStage);

test.each([400, 403, 404])(
  "the check of the rows names no cause of metrics that Platform refuses with %i",
  async (status) => {
    const flow = await flowWithFields();
    await happen(flow, "d1", "sent");
    await stage.platform.idle();
    const fault = { target: "gateway", path: "/insights/metrics", effect: { kind: "status", status }, rate: 1 };
    await stage.platform.plain("POST", "/__local/faults", {}, JSON.stringify(fault));
    const source = await sourceOf(flow);
    expect(await checkRows(source, new SharedAnswers(source))).toEqual({
      verdict: "fine",
      found:
        "It has 1 row; Platform refuses access to its metrics, which have the exact number. The credential may lack a permission.",
    });
  },
);
