import * as pulumi from "@pulumi/pulumi";
import type { QueueDrain } from "../../../relay/deploy/sdk.ts";

/**
 * Refuses an `up` that replaces what holds the events but leaves out the drain, as `--target-replace` and `--exclude` can do. The drain then
 * still has the queue of the former account, which Pulumi would delete at the end of the `up` with everything in it.
 *
 * @param holders resources that go with everything in them: the storage account, and its group
 * @throws pulumi.RunError if the queue of the drain is not in them
 */
export async function refuseWithoutDrain(
  { queueId }: Pick<QueueDrain, "queueId">,
  holders: readonly (pulumi.Output<string> | undefined)[],
): Promise<void> {
  const drained = await knownValue(queueId);
  // What a preview does not know yet is replaced: the drain with its account, or the account alone.
  if (drained === undefined || !drained.startsWith("/subscriptions/")) return;
  for (const id of holders.filter((holder) => holder !== undefined)) {
    const holder = await knownValue(id);
    if (holder !== undefined && drained.toLowerCase().startsWith(`${holder.toLowerCase()}/`)) continue;
    const account = drained.match(/\/storageAccounts\/([^/]+)/i)?.[1];
    throw new pulumi.RunError(
      `This command would delete the storage account ${account} with the events in it: it leaves out the relay's drain ` +
        "(customerio-aep:index:QueueDrain), which waits until they are delivered. Nothing has been deleted. To replace the account or its group, " +
        "use --replace without --target, --target-replace and --exclude (docs/tasks/replace.md).",
    );
  }
}

/** Undefined for a value that is unknown, as in a preview; an `apply` would not be called. */
function knownValue(output: pulumi.Output<string>): Promise<string | undefined> {
  return (output as unknown as { promise(): Promise<string | undefined> }).promise();
}
