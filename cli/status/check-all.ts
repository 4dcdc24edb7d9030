import { checkBalance } from "../checks/balance.ts";
import { checkCalls } from "../checks/calls.ts";
import { checkDataflow, checkRuns } from "../checks/dataflow.ts";
import { checkBatches, checkRows } from "../checks/dataset.ts";
import { checkDeadLetters } from "../checks/dead-letters.ts";
import { checkMachine } from "../checks/machine.ts";
import { checkQueue } from "../checks/queue.ts";
import { checkRelay } from "../checks/relay.ts";
import { checkSecrets } from "../checks/secrets.ts";
import { SharedAnswers } from "../checks/shared-answers.ts";
import { checkVersions } from "../checks/versions.ts";
import { checkWebhook } from "../checks/webhook.ts";
import { brokenFinding, type Finding } from "../output/finding.ts";
import type { StackSource } from "../stack/source.ts";

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
  ["machine", checkMachine],
];

/** The finding of one part. */
export interface CheckedPart {
  readonly part: string;
  readonly finding: Finding;
}

/** Checks all parts of a source at the same time. @param onWaiting called with the parts that are still being checked */
export async function checkAll(
  source: StackSource,
  onWaiting: (parts: readonly string[]) => void = () => undefined,
): Promise<CheckedPart[]> {
  const meant = checks.filter(([, , needs]) => needs === undefined || source.hasRelay);
  const open = new Set(meant.map(([part]) => part));
  const answers = new SharedAnswers(source);
  onWaiting([...open]);
  const parts = await Promise.all(
    meant.map(async ([part, check]) => {
      const finding = await check(source, answers).catch(brokenFinding);
      open.delete(part);
      onWaiting([...open]);
      return { part, finding };
    }),
  );
  return nameCauseOnce(parts);
}

/** One cause can stop several checks, such as a refused credential. Only the first says it; the others refer to that one. */
export function nameCauseOnce(parts: readonly CheckedPart[]): CheckedPart[] {
  const firsts = new Map<string, string>();
  return parts.map(({ part, finding }) => {
    const { found, runbook } = finding;
    if (runbook !== "finding-check-failed") return { part, finding };
    const first = firsts.get(found);
    if (first !== undefined) {
      return { part, finding: { ...finding, found: `It could not be checked, for the same reason as ${first}.` } };
    }
    firsts.set(found, part);
    return { part, finding };
  });
}
