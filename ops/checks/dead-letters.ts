import type { Finding } from "../finding.ts";
import type { PulumiStack } from "../pulumi-stack.ts";
import { RelayStorageAccount } from "../relay-storage.ts";

/** Whether events could not be delivered for good. */
export async function checkDeadLetters(stack: PulumiStack): Promise<Finding> {
  const entries = await (await RelayStorageAccount.open(stack)).deadLetters();
  if (entries.length === 0) return { verdict: "fine", found: "There are none." };
  const newest = new Date(entries.reduce((latest, { writtenAt }) => Math.max(latest, writtenAt.getTime()), 0));
  return {
    verdict: "broken",
    found: `There are ${entries.length}, the newest of ${newest.toISOString()}.`,
    todo: `npm run ops -- replay --dry-run --stack ${stack.name}, fix what the reasons say, then the same without --dry-run`,
  };
}
