import * as pulumi from "@pulumi/pulumi";
import { refuseWithoutDrain } from "../../components/relay/storage/drain-check.ts";

const group = "/subscriptions/s/resourceGroups/g";
const accountId = `${group}/providers/Microsoft.Storage/storageAccounts/a`;
const queueId = `${accountId}/queueServices/default/queues/events`;
/** An id in a preview that creates or replaces the resource. */
const unknown = pulumi.output(pulumi.unknown) as unknown as pulumi.Output<string>;

/** @returns the refusal, if any */
async function check(drained: pulumi.Input<string>, ...holders: (pulumi.Input<string> | undefined)[]) {
  const outputs = holders.map((id) => (id === undefined ? undefined : pulumi.output(id)));
  const refusal = await refuseWithoutDrain({ queueId: pulumi.output(drained) }, outputs).catch((error: Error) => error);
  if (refusal !== undefined) expect(pulumi.RunError.isInstance(refusal)).toBe(true);
  return refusal?.message;
}

test.each<[string, pulumi.Input<string>, (pulumi.Input<string> | undefined)[]]>([
  ["that nothing replaces", queueId, [accountId, group]],
  ["whose ids Azure spells differently", queueId, [accountId.toUpperCase(), group.toUpperCase()]],
  ["in an existing group", queueId, [accountId, undefined]],
  ["that a preview creates, or replaces with its drain", unknown, [unknown, unknown]],
  ["that a test mocks", "events-id", ["account-id", "group-id"]],
])("a relay %s is not refused", async (_, drained, holders) => {
  expect(await check(drained, ...holders)).toBeUndefined();
});

test.each<[string, (pulumi.Input<string> | undefined)[]]>([
  ["another account", [`${accountId}2`, group]],
  ["an account that a preview replaces", [unknown, group]],
  ["another group", [accountId, `${group}2`]],
  ["a group that a preview replaces", [accountId, unknown]],
])("with %s, a relay whose drain was left out is refused", async (_, holders) => {
  expect(await check(queueId, ...holders)).toBe(
    "This command would delete the storage account a with the events in it: it leaves out the relay's drain " +
      "(customerio-aep:index:QueueDrain), which waits until they are delivered. Nothing has been deleted. To replace the account or its " +
      "group, use --replace without --target, --target-replace and --exclude (docs/tasks/replace.md).",
  );
});
