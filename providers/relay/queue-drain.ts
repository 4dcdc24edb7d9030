import { z } from "zod";
import { isClosed, lookLasts, parseMarks } from "../../relay/core/queue-marks.ts";
import { longestCall } from "../../relay/core/time-limits.ts";
import { defineResource, type Operation } from "../kit/resource-definition.ts";
import type { AzureClient } from "./client.ts";
import { type Look, patiently } from "./patience.ts";
import { askHealth } from "./relay-health.ts";

/** Milliseconds between two counts: longer than an answer of the relay's health check is kept. */
const countEvery = 6_000;
/** Milliseconds after which no instance can still put a call into the queue that came while the intake was open. */
const closingTime = lookLasts + longestCall + 500;
/** Milliseconds for which the intake stays closed if nobody renews it: a killed run must not leave a living relay closed. */
const closedFor = { whileDraining: 10 * 60_000, onceDrained: 24 * 60 * 60_000 };
/** Milliseconds in which the intake is opened again after the operation itself was stopped. */
const graceTime = 15_000;

const abandonQueue = "RELAY_ABANDON_QUEUE=true";
const abandonDeadLetters = "RELAY_ABANDON_DEAD_LETTERS=true";

const inputs = z.object({
  queueId: z
    .string()
    .regex(
      /^\/subscriptions\/.+\/Microsoft\.Storage\/storageAccounts\/[^/]+\/queueServices\/default\/queues\/[^/]+$/i,
      "it must be the id of a storage queue: /subscriptions/…/queueServices/default/queues/…",
    )
    .meta({ description: "Azure Resource Manager id of the storage queue (`Queue.id`).", replaces: true }),
  healthUrl: z.url().optional().meta({
    description:
      "Address of the relay's health check, which tells how many dead letters there are. Without it, dead letters are not looked for.",
  }),
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

type Inputs = z.output<typeof inputs>;

/**
 * Holds up the end of a relay until everything that it has accepted is delivered. It makes nothing: it stands between the webhook,
 * which goes first, and the relay.
 */
export const queueDrain = defineResource<AzureClient>()({
  type: "relay:index:QueueDrain",
  description:
    "On delete, closes the relay's intake, waits until its queue and the queue's poison queue are empty, and fails if there are dead " +
    "letters; so the relay is taken down only after it has done its work. If it fails, it opens the intake again. On create it opens " +
    "the intake. The caller's Azure login needs to write to the queue by Azure Resource Manager (role Storage Account Contributor). " +
    `With the environment variable ${abandonQueue} it gives up what still waits in the queue, with ${abandonDeadLetters} the dead letters.`,
  inputs,
  outputs: z.object({}),

  async create({ client, signal }, values) {
    const found = await client.queue(values.queueId, signal);
    if (found && parseMarks(found.metadata).intake !== "open") {
      await client.markQueue(values.queueId, () => ({ intake: "open" }), signal);
    }
    return { id: values.queueId, outputs: {} };
  },

  async read({ client, signal }, id, known) {
    if ((await client.queue(id, signal)) === undefined) return undefined;
    return { inputs: known ?? inputs.parse({ queueId: id }), outputs: {} };
  },

  async update() {
    return {};
  },

  async delete(operation, _id, state) {
    const { client } = operation;
    if (!(await close(operation, state.queueId))) return operation.progress("the relay's queue is gone already");
    try {
      if (client.abandonQueue) await giveUpQueue(operation, state);
      else await drain(operation, state);
      await checkDeadLetters(operation, state);
    } catch (error) {
      await open(operation, state.queueId);
      throw error;
    }
    await renew(operation, state.queueId, closedFor.onceDrained);
  },
});

/** Closes the intake, and waits until every instance knows it. Answers false where the queue is gone. */
async function close(operation: Operation<AzureClient>, queueId: string): Promise<boolean> {
  const { client, signal, progress } = operation;
  if (!(await renew(operation, queueId, closedFor.whileDraining))) return false;
  if (!client.abandonQueue || !client.abandonDeadLetters) {
    progress("the relay takes no more events; waiting until all of its instances know");
    await client.clock.sleep(closingTime, signal);
  }
  return true;
}

/** Keeps the intake closed for a time from now. Answers false where the queue is gone. */
async function renew({ client, signal }: Operation<AzureClient>, queueId: string, time: number): Promise<boolean> {
  const until = (now: Date) => new Date(now.getTime() + time);
  const marks = await client.markQueue(queueId, (now) => ({ intake: { closedUntil: until(now) } }), signal);
  return marks !== undefined;
}

/** The relay is not taken down, so it goes on taking events. */
async function open({ client, signal, warn }: Operation<AzureClient>, queueId: string): Promise<void> {
  const time = signal.aborted ? AbortSignal.timeout(graceTime) : signal;
  try {
    await client.markQueue(queueId, () => ({ intake: "open" }), time);
  } catch (error) {
    const minutes = closedFor.whileDraining / 60_000;
    warn(
      `The relay's intake could not be opened again; it opens by itself within ${minutes} minutes. ${wordsOf(error)}`,
    );
  }
}

async function drain(operation: Operation<AzureClient>, state: Inputs): Promise<void> {
  const pace = { pauses: [countEvery], limit: state.timeoutSeconds * 1000 } as const;
  const drained = await patiently(operation, pace, emptiness(operation, state.queueId));
  if ("done" in drained) return operation.progress("nothing is left in the relay's queues");
  throw new Error(
    `The relay is not taken down, since its queues have not run empty ${drained.gaveUp}. Each message holds one or more ` +
      "Customer.io events that Adobe Experience Platform does not have yet: it may be down or refuse them, or the wait after a " +
      "new dataflow may not be over. The relay goes on as before. To continue, run the same command again later. To lose these " +
      `events for good, put ${abandonQueue} before the command.`,
  );
}

/** Looks whether both queues are empty. Azure's numbers are approximate, so one zero does not count. */
function emptiness(operation: Operation<AzureClient>, queueId: string): () => Promise<Look<true>> {
  const { client, signal } = operation;
  let zeros = 0;
  let last = "their messages have not been counted";
  return async () => {
    let left: number | undefined;
    try {
      left = await countMessages(client, queueId, signal);
      await renewInTime(operation, queueId);
    } catch (error) {
      if (signal.aborted) return { notYet: last };
      throw error;
    }
    if (left === undefined) return { done: true };
    zeros = left === 0 ? zeros + 1 : 0;
    last = left === 0 ? "they look empty and are counted again" : `${messages(left)} left`;
    return zeros === 2 ? { done: true } : { notYet: `the relay's queues: ${last}`, detail: last };
  };
}

/** A long drain keeps the intake closed. */
async function renewInTime(operation: Operation<AzureClient>, queueId: string): Promise<void> {
  const found = await operation.client.queue(queueId, operation.signal);
  if (found === undefined) return;
  const half = new Date(found.now.getTime() + closedFor.whileDraining / 2);
  if (!isClosed(parseMarks(found.metadata).intake, half)) await renew(operation, queueId, closedFor.whileDraining);
}

/** What waits: a message that failed five times is in the poison queue, and is no dead letter yet. */
async function countMessages(client: AzureClient, queueId: string, signal: AbortSignal): Promise<number | undefined> {
  const queues = await Promise.all([queueId, `${queueId}-poison`].map((id) => client.queue(id, signal)));
  if (queues[0] === undefined) return undefined;
  return queues.reduce((sum, found) => sum + (found?.length ?? 0), 0);
}

async function giveUpQueue({ client, signal, warn }: Operation<AzureClient>, { queueId }: Inputs): Promise<void> {
  try {
    const left = await countMessages(client, queueId, signal);
    if (left) warn(`gives up ${messages(left)} in the relay's queues, as RELAY_ABANDON_QUEUE asks`);
  } catch (error) {
    warn(
      `gives up the relay's queues, as RELAY_ABANDON_QUEUE asks; their messages could not be counted. ${wordsOf(error)}`,
    );
  }
}

/** @throws if there are dead letters, or none knows, unless they are given up */
async function checkDeadLetters(
  { client, signal, warn }: Operation<AzureClient>,
  { healthUrl }: Inputs,
): Promise<void> {
  if (healthUrl === undefined) {
    return warn("does not look for dead letters, since it was made by a version that did not know the relay's address");
  }
  const said = await askHealth(client, healthUrl, signal);
  const found = "failure" in said ? undefined : said.deadLetters;
  if (found?.count === 0) return;
  const number = found && (found.more ? `more than ${found.count}` : String(found.count));
  if (client.abandonDeadLetters) {
    return warn(`gives up the dead letters (${number ?? "not counted"}), as RELAY_ABANDON_DEAD_LETTERS asks`);
  }
  const ways =
    "To deliver them, fix their reason, run `npm run ops -- replay`, and then the same command again. To keep a copy, run " +
    `\`npm run ops -- export --to <folder>\`. To lose them for good, put ${abandonDeadLetters} before the command.`;
  if (number !== undefined) {
    const what = found?.count === 1 ? "is 1 dead letter" : `are ${number} dead letters`;
    throw new Error(
      `The relay is not taken down, since there ${what}: events that Platform refused or that could not be delivered, which would go ` +
        `with its storage account. The relay goes on as before. ${ways}`,
    );
  }
  const why = "failure" in said ? said.detail : `${healthUrl} does not say how many there are`;
  throw new Error(
    `The relay is not taken down, since its dead letters could not be counted: ${why}. A relay of an earlier version can't count them: ` +
      `update it first with \`npx pulumi up\`. To see them, run \`npm run ops -- replay --dry-run\`. ${ways}`,
  );
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function messages(count: number): string {
  return count === 1 ? "1 message" : `${count} messages`;
}
