import { z } from "zod";
import { defineCommand } from "../command/definition.ts";
import { brokenFinding, describeFinding, type Finding, partJson, render } from "../output/finding.ts";
import type { StackSource } from "../stack/source.ts";
import { checkBalance } from "./balance.ts";
import { checkCalls } from "./calls.ts";
import { checkDataflow, checkRuns } from "./dataflow.ts";
import { checkBatches, checkRows } from "./dataset.ts";
import { checkDeadLetters } from "./dead-letters.ts";
import { checkQueue } from "./queue.ts";
import { checkRelay } from "./relay.ts";
import { checkSecrets } from "./secrets.ts";
import { SharedAnswers } from "./shared-answers.ts";
import { checkVersions } from "./versions.ts";
import { checkWebhook } from "./webhook.ts";

type Check = (source: StackSource, answers: SharedAnswers) => Promise<Finding>;

/** In the order in which events travel, followed by checks of the whole. */
const checks: readonly (readonly [string, Check, ("relay" | undefined)?])[] = [
  ["webhook", checkWebhook],
  ["relay", checkRelay, "relay"],
  ["calls", checkCalls, "relay"],
  ["queue", checkQueue, "relay"],
  ["dead letters", checkDeadLetters, "relay"],
  ["dataflow", checkDataflow],
  ["runs", checkRuns],
  ["batches", checkBatches],
  ["dataset", checkRows],
  ["balance", checkBalance, "relay"],
  ["secrets", checkSecrets, "relay"],
  ["versions", checkVersions, "relay"],
];

/**
 * Checks every part of a source.
 *
 * @param open gets the parts that are being checked
 */
export function findAll(source: StackSource, open: Set<string>): Promise<{ part: string; finding: Finding }[]> {
  const answers = new SharedAnswers(source);
  const meant = checks.filter(([, , needs]) => needs === undefined || source.hasRelay);
  return Promise.all(
    meant.map(async ([part, check]) => {
      open.add(part);
      const finding = await check(source, answers).catch(brokenFinding);
      open.delete(part);
      return { part, finding };
    }),
  );
}

export const statusCommand = defineCommand({
  name: "status",
  summary: "show for each part whether it is fine, waiting or broken, and where the events are",
  description: "Changes nothing. Says how to fix each part that is broken.",
  options: {},
  examples: [
    { args: "status --stack dev", shows: "every part of every source of the stack" },
    { args: "status --stack dev --source north", shows: "one source of a stack with several" },
    { args: "status --cwd ../events --json", shows: "the same for a program in another folder, as JSON for a script" },
  ],
  ...{ needsSecrets: true, needsRelay: false, stopsInOrder: false },
  json: z.object({ parts: z.array(partJson).describe("in the order in which events travel, and `versions` last") }),
  async run(source, _values, { print, progress }) {
    const open = new Set<string>();
    const parts = await progress.waiting(() => `asking: ${[...open].join(", ")}`, findAll(source, open));
    print(`Stack ${source.target.stack}`, "", ...parts.flatMap(({ part, finding }) => render(part, finding)));
    const isBroken = parts.some(({ finding }) => finding.verdict === "broken");
    return {
      ending: isBroken ? "broken" : "well",
      json: { parts: parts.map(({ part, finding }) => describeFinding(part, finding)) },
    };
  },
});
