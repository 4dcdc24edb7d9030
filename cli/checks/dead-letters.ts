import { operatorCommand } from "../../relay/core/operator-command.ts";
import type { Finding } from "../output/finding.ts";
import { RelayStorageAccount } from "../relay/relay-storage.ts";
import type { StackSource } from "../stack/source.ts";

/** Checks for events that the relay gave up. */
export async function checkDeadLetters(source: StackSource): Promise<Finding> {
  const entries = await (await RelayStorageAccount.open(source)).listDeadLetters();
  if (entries.length === 0) return { verdict: "fine", found: "There are none." };
  const newest = new Date(entries.reduce((latest, { writtenAt }) => Math.max(latest, writtenAt.getTime()), 0));
  return {
    verdict: "broken",
    runbook: "alert-dead-letters",
    found: `There are ${entries.length}; the newest was written at ${newest.toISOString()}.`,
    todo: `${operatorCommand("replay --dry-run", source.target)}, fix the cause, then run it again without --dry-run`,
  };
}
