import { parseArgs } from "node:util";
import { checkBalance } from "./checks/balance.ts";
import { checkCalls } from "./checks/calls.ts";
import { checkDataflow, checkRuns } from "./checks/dataflow.ts";
import { checkBatches, checkRows } from "./checks/dataset.ts";
import { checkDeadLetters } from "./checks/dead-letters.ts";
import { checkQueue } from "./checks/queue.ts";
import { checkRelay } from "./checks/relay.ts";
import { checkWebhook } from "./checks/webhook.ts";
import { brokenBy, type Finding, render } from "./finding.ts";
import { PulumiStack } from "./pulumi-stack.ts";
import { stackOptions } from "./stack-options.ts";

export const statusUsage = `status    says of each part whether it is fine, waiting or broken, and where the events are
  exit code 1 if anything is broken`;

type Check = (stack: PulumiStack) => Promise<Finding>;

/** In the order in which events travel. */
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
];

/** `ops status`. @returns the exit code */
export async function statusCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: stackOptions });
  const stack = await PulumiStack.read({ stack: values.stack, configFile: values["config-file"] });
  const findings = await Promise.all(
    checks
      .filter(([, , needs]) => needs === undefined || stack.hasRelay)
      .map(async ([part, check]) => ({ part, finding: await check(stack).catch(brokenBy) })),
  );
  const lines = [`Stack ${stack.name}`, "", ...findings.flatMap(({ part, finding }) => render(part, finding))];
  process.stdout.write(`${lines.join("\n")}\n`);
  return findings.some(({ finding }) => finding.verdict === "broken") ? 1 : 0;
}
