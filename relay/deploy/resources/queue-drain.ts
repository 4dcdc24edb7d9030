import { defineResource, type Operation } from "pulumi-provider-kit";
import { z } from "zod";
import { isClosed, lookLasts, parseMarks } from "../../core/delivery/queue-marks.ts";
import { poisonQueueOf, relayQueuesAmong } from "../../core/names.ts";
import type { AzureClient } from "../client/client.ts";
import { type Check, checkPatiently } from "../client/patience.ts";
import { giveUpDeadLetters, permitChange, refuseDeadLetters } from "./dead-letter-check.ts";
import { abandonQueue, earlyRefusal, refusal, wordsOf } from "./refusal.ts";
import { closedFor, closeIntake, keepIntakeClosed, openIntake, openIntakeAtStart } from "./relay-intake.ts";
import { accountOf, holdSending, Succession } from "./succession.ts";

/** Milliseconds between two counts: longer than the relay caches its health. */
const countEvery = 6_000;
/** Seconds for which the deletion of an app waits: less than the half hour that any deletion may take. */
const appWaits = 1_500;

const inputs = z.object({
  queueId: z
    .string()
    .regex(
      /^\/subscriptions\/.+\/Microsoft\.Storage\/storageAccounts\/[^/]+\/queueServices\/default\/queues\/[^/]+$/i,
      "it must be the id of a storage queue: /subscriptions/…/queueServices/default/queues/…",
    )
    .meta({ description: "Azure Resource Manager id of the storage queue (`Queue.id`).", replaces: true }),
  healthUrl: z
    .url()
    .optional()
    .meta({
      description:
        "Address of the relay's health check, which reports how many dead letters there are. Without it, they can't be counted, and the " +
        "deletion fails unless you discard them.",
    }),
  takeoverUrl: z
    .url()
    .optional()
    .meta({
      description:
        "Address at which the relay copies the notes of delivered events of the relay that it replaces, if that one has another " +
        "storage account. Without it, the new relay does not know what the former one has delivered.",
    }),
  principalId: z
    .string()
    .optional()
    .meta({
      description:
        "Object id of the relay's identity (`UserAssignedIdentity.principalId`), which gets the role Storage Table Data Reader on the " +
        "storage account of the relay that it replaces.",
    }),
  timeoutSeconds: z
    .number()
    .int()
    .positive()
    .default(1800)
    .meta({
      description:
        "Seconds to wait for the queue to become empty; default 1800. For a longer time, also raise the resource's " +
        "`customTimeouts.delete`.",
    }),
});

type Inputs = z.output<typeof inputs>;

/**
 * Delays the deletion of a relay until all accepted events are delivered. It creates nothing. In the order of deletion, it is between the
 * webhook, which is deleted first, and the relay.
 */
export const queueDrain = defineResource<AzureClient>()({
  type: "customerio-aep:index:QueueDrain",
  description:
    "On delete, closes the relay's intake, waits until its queues of events and their poison queues are empty, and fails if there are dead " +
    "letters; so the relay is taken down only after it has done its work. If it fails, it opens the intake again. On create " +
    "and on update it opens the intake, and it is updated if an interrupted run has left the intake closed. When another relay with its own storage account takes over, that one first copies the notes of delivered events. The caller's Azure login needs to write to the queue by Azure Resource Manager (role Storage Account Contributor). " +
    `With the environment variable ${abandonQueue} it gives up what still waits in the queue, with RELAY_ABANDON_DEAD_LETTERS=true the dead letters.`,
  inputs,
  outputs: z.object({}),

  // The webhook depends on this resource, so a replacement that is refused here has not redirected it.
  async permit(operation, _id, { olds, news, replaces }) {
    if (!replaces || operation.client.abandonDeadLetters) return;
    // A preview does not know the new queue's id. It may be the same if the queue was deleted by hand and is recreated.
    await permitChange(operation, { healthUrl: olds.healthUrl, isSure: news.queueId !== undefined }, earlyRefusal);
  },

  // After a run that was killed while it drained the relay. The webhook depends on this resource, so the intake is open before a new webhook
  // posts to it.
  async findPending({ client, signal }, id) {
    const found = await client.readQueue(id, signal);
    return found && isClosed(parseMarks(found.metadata).intake, found.now) ? "intake" : undefined;
  },

  async create(operation, values) {
    const { client, signal, other, isHeld } = operation;
    await open(operation, values.queueId);
    // Before the webhook is redirected to this relay: repeated events then wait until the relay knows what was delivered. With the resource
    // option deleteBeforeReplace the former drain is gone, so that nothing would let this relay send.
    const succeeds = other !== undefined && other.inputs.queueId !== values.queueId && isHeld(other.id);
    if (succeeds && values.takeoverUrl !== undefined) {
      await holdSending(client, values.queueId, signal);
      await client.clock.sleep(lookLasts, signal);
    }
    return { id: values.queueId, outputs: {} };
  },

  // A refresh without its first queue keeps the drain: otherwise a destroy would delete the others with what they hold.
  async read({ client, signal }, id, known) {
    const isThere = known ? await client.listQueueNames(accountOf(id), signal) : await client.readQueue(id, signal);
    return isThere && { inputs: known ?? inputs.parse({ queueId: id }), outputs: {} };
  },

  async update(operation, _id, { news }) {
    await open(operation, news.queueId);
    return {};
  },

  async delete(operation, _id, state) {
    const { client, progress } = operation;
    const { queueId } = state;
    const succession = Succession.of(operation);
    try {
      const wasDrained = queuesDrainedBy(client).has(queueId);
      if (wasDrained) return progress("the relay was drained before its function app was deleted");
      await succession?.begin(queueId);
      if (!(await closeIntake(operation, queueId))) {
        await refuseOrphans(operation, queueId);
        return progress("the relay's queue no longer exists");
      }
      await letGo(operation, state, succession);
    } finally {
      await succession?.release();
    }
  },
});

/** Opens the intake, after which the relay is not drained any more. */
async function open(operation: Operation<AzureClient>, queueId: string): Promise<void> {
  queuesDrainedBy(operation.client).delete(queueId);
  await openIntakeAtStart(operation, queueId);
}

/** Queues that a run has drained, by its client. */
const drainedQueues = new WeakMap<AzureClient, Set<string>>();

function queuesDrainedBy(client: AzureClient): Set<string> {
  const queues = drainedQueues.get(client) ?? new Set();
  drainedQueues.set(client, queues);
  return queues;
}

/**
 * Drains a relay whose app is about to be deleted, unless its `QueueDrain` has. The engine deletes in the order of the state, in which an
 * `up` that left the drain out (`--exclude`) puts the drain before what it replaced. The next `up` would delete the app first.
 *
 * @throws if the relay must not be deleted
 */
export async function drainBeforeApp(
  operation: Operation<AzureClient>,
  relay: Pick<Inputs, "queueId" | "healthUrl">,
): Promise<void> {
  const { client, signal } = operation;
  const { queueId } = relay;
  if (queuesDrainedBy(client).has(queueId)) return;
  const found = await client.readQueue(queueId, signal);
  // A relay that never got its settings has accepted nothing.
  if (found === undefined || parseMarks(found.metadata).wanted === undefined) return;
  if (await closeIntake(operation, queueId)) await letGo(operation, { ...relay, timeoutSeconds: appWaits }, undefined);
}

/** @throws if the relay must not be deleted; its intake is then open again */
async function letGo(
  operation: Operation<AzureClient>,
  state: Inputs,
  succession: Succession | undefined,
): Promise<void> {
  const { queueId } = state;
  try {
    try {
      await waitUntilEmpty(operation, state, succession);
    } catch (error) {
      // The obstacle may keep the former relay for days, while the new one already works.
      await succession?.takeOver(queueId).catch(() => undefined);
      throw error;
    }
    if (succession) {
      await stayClosed(operation, queueId, closedFor.whileHandingOver);
      await succession.handOver(queueId);
    }
    await stayClosed(operation, queueId, closedFor.onceDrained);
    queuesDrainedBy(operation.client).add(queueId);
  } catch (error) {
    await openIntake(operation, queueId);
    throw error;
  }
}

/** Waits until nothing is left in the relay. */
async function waitUntilEmpty(
  operation: Operation<AzureClient>,
  state: Inputs,
  succession: Succession | undefined,
): Promise<void> {
  const { client } = operation;
  const relay = { healthUrl: state.healthUrl, isClosed: true };
  const refused = (reason: string) => refusal(operation, reason);
  // Before the wait, which may be long and useless; and after it, since queued events may become dead letters.
  if (!client.abandonDeadLetters) await refuseDeadLetters(operation, relay, refused);
  let emptySince: number | undefined;
  if (client.abandonQueue) await giveUpQueue(operation, state.queueId);
  else emptySince = await drain(operation, state, succession);
  if (client.abandonDeadLetters) await giveUpDeadLetters(operation, state.healthUrl);
  else await refuseDeadLetters(operation, { ...relay, emptySince }, refused);
}

/** Keeps the intake closed; fails if it has been open meanwhile. */
async function stayClosed(operation: Operation<AzureClient>, queueId: string, time: number): Promise<void> {
  const kept = await keepIntakeClosed(operation, queueId, time);
  if (kept !== "lapsed" || operation.client.abandonQueue) return;
  throw new Error(refusal(operation, "since its intake opened by itself before the end: this computer was asleep"));
}

/** Waits until all queues are empty. @returns since when they have been (`clock.monotonic()`); undefined if they no longer exist */
async function drain(
  operation: Operation<AzureClient>,
  state: Inputs,
  succession: Succession | undefined,
): Promise<number | undefined> {
  const pace = { pauses: [countEvery], limit: state.timeoutSeconds * 1000 } as const;
  const others = await listOthers(operation, state.queueId);
  if (others === undefined) {
    const account = accountOf(state.queueId).split("/").at(-1);
    throw new Error(refusal(operation, `since Azure no longer has its storage account "${account}"`));
  }
  const look = watchQueues(operation, state.queueId, others);
  const drained = await checkPatiently(operation, pace, async () => {
    await succession?.hold();
    return look();
  });
  if ("done" in drained) {
    operation.progress("the relay's queues are empty");
    return drained.done.since;
  }
  const reason =
    `since its queues did not become empty ${drained.gaveUp}. Each message holds one or more Customer.io events that Adobe Experience ` +
    "Platform does not have yet: it may be down or refuse them, or the wait after a new dataflow may not be over";
  throw new Error(
    `${refusal(operation, reason)} To lose these events for good, put ${abandonQueue} before the command.`,
  );
}

/**
 * Checks whether all queues are empty. Azure's counts are approximate, so two zeros in a row are needed. If the intake may have been
 * open in between, counting restarts: a sleeping computer does not renew the mark.
 */
function watchQueues(
  operation: Operation<AzureClient>,
  queueId: string,
  others: readonly string[],
): () => Promise<Check<{ readonly since: number | undefined }>> {
  const { client, signal } = operation;
  let emptySince: number | undefined;
  let last = "their messages have not been counted";
  return async () => {
    try {
      const found = await client.readQueue(queueId, signal);
      if (found === undefined) {
        await refuseOrphans(operation, queueId);
        return { done: { since: undefined } };
      }
      const { intake } = parseMarks(found.metadata);
      if (!isClosed(intake, found.now)) {
        emptySince = undefined;
        await closeIntake(operation, queueId);
        return { notYet: "the relay's intake had opened by itself and is closed again", detail: last };
      }
      const half = new Date(found.now.getTime() + closedFor.whileDraining / 2);
      if (!isClosed(intake, half)) await keepIntakeClosed(operation, queueId, closedFor.whileDraining);
      const left = found.length + (await countMessages(client, others, signal));
      if (left === 0 && emptySince !== undefined) return { done: { since: emptySince } };
      emptySince = left === 0 ? client.clock.monotonic() : undefined;
      last = left === 0 ? "they look empty and are counted again" : `${messages(left)} left`;
      return { notYet: `the relay's queues: ${last}`, detail: last };
    } catch (error) {
      if (signal.aborted) return { notYet: last };
      throw error;
    }
  };
}

/** Counts one queue after another, so that a message that moves to a later one meanwhile is not missed. */
async function countMessages(client: AzureClient, queueIds: readonly string[], signal: AbortSignal): Promise<number> {
  let sum = 0;
  for (const id of queueIds) sum += (await client.readQueue(id, signal))?.length ?? 0;
  return sum;
}

/**
 * Ids of the relay's queues but the first: other queues of events, and then the poison queues, to which messages move that failed five times
 * and are not dead letters yet. The host may create a poison queue later. Undefined if the account does not exist.
 */
async function listOthers(
  { client, signal }: Operation<AzureClient>,
  queueId: string,
): Promise<readonly string[] | undefined> {
  const accountId = accountOf(queueId);
  const names = await client.listQueueNames(accountId, signal);
  if (names === undefined) return undefined;
  const first = queueId.split("/").at(-1) ?? "";
  const { events, poison } = relayQueuesAmong(names);
  const allPoison = new Set([...[first, ...events].map(poisonQueueOf), ...poison]);
  const others = [...events.filter((name) => name !== first), ...allPoison];
  return others.map((name) => `${accountId}/queueServices/default/queues/${name}`);
}

/**
 * Without the first queue, which has the marks, a relay delivers nothing.
 *
 * @throws if the first queue is gone, and others hold messages
 */
async function refuseOrphans(operation: Operation<AzureClient>, queueId: string): Promise<void> {
  const { client, signal } = operation;
  if (client.abandonQueue) return;
  const left = await countMessages(client, (await listOthers(operation, queueId)) ?? [], signal);
  if (left === 0) return;
  const name = queueId.split("/").at(-1);
  const reason = `since Azure no longer has its queue "${name}", and its other queues hold ${messages(left)}`;
  const account = accountOf(queueId).split("/").at(-1);
  throw new Error(
    `${refusal(operation, reason)} First recreate the queue, so that they are delivered: \`az storage queue create --name ${name} ` +
      `--account-name ${account} --auth-mode login\`. To lose these events for good, put ${abandonQueue} before the command.`,
  );
}

async function giveUpQueue(operation: Operation<AzureClient>, queueId: string): Promise<void> {
  const { client, signal, warn } = operation;
  try {
    const others = (await listOthers(operation, queueId)) ?? [];
    const left = await countMessages(client, [queueId, ...others], signal);
    if (left) warn(`gives up ${messages(left)} in the relay's queues, as RELAY_ABANDON_QUEUE asks`);
  } catch (error) {
    warn(
      `gives up the relay's queues, as RELAY_ABANDON_QUEUE asks; their messages could not be counted. ${wordsOf(error)}`,
    );
  }
}

function messages(count: number): string {
  return count === 1 ? "1 message" : `${count} messages`;
}
