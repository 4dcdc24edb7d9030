import path from "node:path";
import { sleep } from "pulumi-provider-kit/http";
import { parseMarks, type QueueMarks, withMarks } from "../../relay/core/delivery/queue-marks.ts";
import type { AzureClient } from "../../relay/deploy/client/client.ts";
import { queueDrain } from "../../relay/deploy/resources/queue-drain.ts";
import { type Account, queues } from "./storage.ts";
import type { World } from "./world.ts";

const queueId =
  "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a/queueServices/default/queues/events";

/**
 * Removes the relay as `pulumi destroy` does: with the real `customerio-aep:index:QueueDrain`, and then everything in its account
 * is deleted.
 *
 * @throws the drain's error; then nothing is deleted
 */
export async function takeDown({ account, relay, now }: World): Promise<void> {
  const health = `http://127.0.0.1:${relay.nextPort()}/health`;
  const operation = {
    client: { ...resourceManager(account, now), abandonQueue: false, abandonDeadLetters: false },
    urn: "urn:pulumi:dev::test::customerio-aep:index:QueueDrain::drain",
    name: "drain",
    present: new Set(),
    isHeld: () => false,
    isKnown: () => false,
    other: undefined,
    signal: AbortSignal.timeout(120_000),
    progress: () => undefined,
    warn: () => undefined,
  };
  const state = { queueId, healthUrl: health, timeoutSeconds: 90 };
  type Delete = Parameters<typeof queueDrain.delete>;
  await queueDrain.delete(operation as unknown as Delete[0], queueId, state as unknown as Delete[2]);
  await relay.stop();
  await account.empty();
}

/** Azure Resource Manager's view of an account's queues, since the account here has only a data plane. */
function resourceManager(
  account: Account,
  now: () => Date,
): Pick<AzureClient, "clock" | "listQueueNames" | "readQueue" | "markQueue" | "ask"> {
  const client = (id: string) => account.queue(path.posix.basename(id));
  const look = async (id: string) => {
    const { approximateMessagesCount = 0, metadata = {} } = await client(id).getProperties();
    return { length: approximateMessagesCount, metadata, now: now() };
  };
  return {
    clock: { now: Date.now, monotonic: () => performance.now(), sleep },
    listQueueNames: async () => queues,
    readQueue: look,
    async markQueue(id, marks) {
      const before = await look(id);
      const wanted: Partial<QueueMarks> = marks(before.now);
      await client(id).setMetadata(withMarks(before.metadata, wanted));
      return { before: parseMarks(before.metadata), now: before.now };
    },
    async ask(url, signal) {
      const answer = await fetch(url, { signal });
      return { status: answer.status, text: await answer.text() };
    },
  };
}
