import { z } from "zod";
import { defineResource, type Operation } from "../kit/resource-definition.ts";
import type { AzureClient } from "./client.ts";
import { type Look, patiently } from "./patience.ts";

/** Milliseconds between two counts; Azure's number lags by a moment anyway. */
const countEvery = 5_000;
const abandonCommand = "RELAY_ABANDON_QUEUE=true npx pulumi destroy";

const inputs = z.object({
  queueId: z
    .string()
    .regex(
      /^\/subscriptions\/.+\/Microsoft\.Storage\/storageAccounts\/[^/]+\/queueServices\/default\/queues\/[^/]+$/i,
      "it must be the id of a storage queue: /subscriptions/…/queueServices/default/queues/…",
    )
    .meta({ description: "Azure Resource Manager id of the storage queue (`Queue.id`).", replaces: true }),
  timeoutSeconds: z
    .number()
    .int()
    .positive()
    .default(1800)
    .meta({
      description:
        "Seconds that the queue gets to run empty; default 1800. For more, the resource's `customTimeouts.delete` must " +
        "be raised too.",
    }),
});

/**
 * Holds up `pulumi destroy` until the relay has forwarded what it has accepted. It makes nothing: it only stands between
 * the webhook, which goes first, and the relay.
 */
export const queueDrain = defineResource<AzureClient>()({
  type: "relay:index:QueueDrain",
  description:
    "Waits on delete until a storage queue has run empty, so that what the queue feeds is taken down only after it has " +
    "done its work; fails with the number of messages left when they don't go. Creating and updating it calls nothing. " +
    `With the environment variable RELAY_ABANDON_QUEUE=true it reports what is left and waits for nothing.`,
  inputs,
  outputs: z.object({}),

  async create(_operation, values) {
    return { id: values.queueId, outputs: {} };
  },

  async read({ client, signal }, id, known) {
    const length = await client.queueLength(id, signal);
    if (length === undefined) return undefined;
    return { inputs: known ?? inputs.parse({ queueId: id }), outputs: {} };
  },

  async update() {
    return {};
  },

  async delete(operation, _id, { queueId, timeoutSeconds }) {
    const name = queueId.split("/").at(-1) ?? queueId;
    if (operation.client.abandonQueue) return abandon(operation, queueId, name);
    const drained = await patiently(
      operation,
      { pauses: [countEvery], limit: timeoutSeconds * 1000 },
      emptiness(operation, queueId, name),
    );
    if ("done" in drained) return operation.progress(`queue "${name}": nothing is left`);
    throw new Error(
      `The relay is not taken down, since the queue "${name}" has not run empty ${drained.gaveUp}. Each message holds ` +
        "one or more Customer.io events that Adobe Experience Platform has not got yet: it may be down or refuse them, " +
        "or the wait after a new dataflow may not be over. To go on, run `npx pulumi destroy` again later; or, to lose these " +
        `events for good: ${abandonCommand}`,
    );
  },
});

/** Looks whether the queue is empty. The number is approximate, so that one zero does not count. */
function emptiness(
  { client, signal }: Operation<AzureClient>,
  queueId: string,
  name: string,
): () => Promise<Look<true>> {
  let zeros = 0;
  let last = "its messages have not been counted";
  return async () => {
    let length: number | undefined;
    try {
      length = await client.queueLength(queueId, signal);
    } catch (error) {
      if (signal.aborted) return { notYet: last };
      throw error;
    }
    if (length === undefined) return { done: true };
    zeros = length === 0 ? zeros + 1 : 0;
    last = length === 0 ? "it looks empty and is counted again" : `${messages(length)} left`;
    return zeros === 2 ? { done: true } : { notYet: `queue "${name}": ${last}`, detail: last };
  };
}

async function abandon(operation: Operation<AzureClient>, queueId: string, name: string): Promise<void> {
  const { client, signal, warn } = operation;
  try {
    const length = await client.queueLength(queueId, signal);
    if (length) warn(`gives up ${messages(length)} in the queue "${name}", as RELAY_ABANDON_QUEUE asks`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warn(`gives up the queue "${name}", as RELAY_ABANDON_QUEUE asks; its messages could not be counted. ${reason}`);
  }
}

function messages(count: number): string {
  return count === 1 ? "1 message" : `${count} messages`;
}
