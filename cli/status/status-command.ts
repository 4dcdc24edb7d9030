import { z } from "zod";
import { describeLastAudit, findLastAudit, lastAuditShape } from "../audit/result-file.ts";
import { defineCommand } from "../command/definition.ts";
import { describeFinding, partJson, render, summarize } from "../output/finding.ts";
import { checkAll } from "./check-all.ts";

export const statusCommand = defineCommand({
  name: "status",
  summary: "show whether each part is fine, waiting or broken, and where the events are",
  description: "Changes nothing. Says how to fix each part that is broken.",
  options: {},
  examples: [
    { args: "status --stack dev", shows: "every part of every source of the stack" },
    { args: "status --stack dev --source north", shows: "one source of a stack with several" },
    { args: "status --cwd ../events --json", shows: "the same for a program in another folder, as JSON for a script" },
  ],
  needsSecrets: true,
  needsStorage: false,
  stopsInOrder: false,
  json: z.object({
    parts: z.array(partJson).describe("in the order in which events travel, and `machine` last"),
    lastAudit: lastAuditShape.optional().describe("the last audit in the working directory"),
  }),
  async run(source, _values, { print, progress }) {
    let open: readonly string[] = [];
    const work = checkAll(source, (parts) => {
      open = parts;
    });
    const parts = await progress.showWhile(() => `asking: ${open.join(", ")}`, work);
    const lastAudit = await findLastAudit(source);
    const lines = parts.flatMap(({ part, finding }) => render(part, finding));
    print(`Stack ${source.target.stack}`, summarize(parts), "", ...lines);
    if (lastAudit) print("", describeLastAudit(lastAudit));
    const isBroken = parts.some(({ finding }) => finding.verdict === "broken");
    return {
      ending: isBroken ? "broken" : "well",
      json: {
        parts: parts.map(({ part, finding }) => describeFinding(part, finding)),
        ...(lastAudit && { lastAudit }),
      },
    };
  },
});
