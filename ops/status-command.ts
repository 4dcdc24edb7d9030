import { parseArgs } from "node:util";
import {
  type Counts,
  checkDataflow,
  checkDeadLetters,
  checkQueue,
  checkRelay,
  checkWebhook,
  type Finding,
} from "./checks.ts";
import { PulumiStack } from "./pulumi-stack.ts";
import { stackOptions } from "./stack-options.ts";

export const statusUsage = `status    says of each part whether it is fine, waiting or broken, and where the events are
  exit code 1 if anything is broken`;

/** In the order in which events travel. */
const checks: readonly (readonly [string, (stack: PulumiStack) => Promise<Finding>])[] = [
  ["webhook", checkWebhook],
  ["relay", checkRelay],
  ["queue", checkQueue],
  ["dead letters", checkDeadLetters],
  ["dataflow", checkDataflow],
];

/** `ops status`. @returns the exit code */
export async function statusCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: stackOptions });
  const stack = await PulumiStack.read({ stack: values.stack, configFile: values["config-file"] });
  const findings = await Promise.all(
    checks.map(async ([name, check]) => ({ name, finding: await check(stack).catch(brokenBy) })),
  );
  process.stdout.write(`${render(stack.name, findings)}\n`);
  return findings.some(({ finding }) => finding.verdict === "broken") ? 1 : 0;
}

/** A check that can't be made is no good news; its error says what to do. */
function brokenBy(error: unknown): Finding {
  return { verdict: "broken", found: error instanceof Error ? error.message : String(error) };
}

function render(stack: string, findings: readonly { name: string; finding: Finding }[]): string {
  const lines = [`Stack ${stack}`, ""];
  for (const { name, finding } of findings) {
    lines.push(`  ${finding.verdict.padEnd(7)}  ${name.padEnd(12)}  ${finding.found}`);
    if (finding.todo !== undefined) lines.push(`${" ".repeat(25)}do: ${finding.todo}`);
  }
  return [...lines, "", `  ${balanceOf(findings.map(({ finding }) => finding.counts ?? {}))}`].join("\n");
}

/** Every event that the relay has accepted is in one of these places. */
function balanceOf(counts: readonly Partial<Counts>[]): string {
  const { rows, failedRecords, deadLetters, messages }: Partial<Counts> = Object.assign({}, ...counts);
  const shown = (count: number | undefined) => (count === undefined ? "?" : String(count));
  return (
    `balance: accepted = ${shown(rows)} rows + ${shown(failedRecords)} failed records + ${shown(deadLetters)} dead letters + ` +
    `what is in ${shown(messages)} waiting messages`
  );
}
