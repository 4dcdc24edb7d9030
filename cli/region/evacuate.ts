import { tryParseDeadLetter } from "../dead-letters/dead-letter-filter.ts";
import { processEach } from "../process-each.ts";
import { claimsIn, eventsIn, readQueueMessage, readQueueMessageText } from "../relay/queue-message.ts";
import type { RelayQueues, TakenMessage } from "../relay/relay-queues.ts";
import type { RelayStorageAccount } from "../relay/relay-storage.ts";

/** A storage account that is emptied. */
export interface EvacuatedAccount {
  readonly storage: Pick<
    RelayStorageAccount,
    "eachDeadLetter" | "readDeadLetter" | "deleteDeadLetter" | "readClaim" | "deleteClaim"
  >;
  readonly queues: Pick<RelayQueues, "take" | "delete" | "count">;
  /** Called when events or dead letters of it were moved. */
  readonly moved?: (events: number) => void;
}

export interface EvacuationOptions {
  /** The relay's own, and those of replaced relays that still exist. */
  readonly from: readonly EvacuatedAccount[];
  readonly to: Pick<RelayStorageAccount, "enqueue" | "putClaim" | "addDeadLetter">;
  /** Whether to wait for messages that are hidden until their next attempt. */
  readonly waits: boolean;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Stops the work after the current steps. */
  readonly signal: AbortSignal;
  /** Called after each step. */
  readonly progress: (counts: EvacuationCounts) => void;
}

/** The counts of moved and remaining messages and dead letters. */
export interface EvacuationCounts {
  /** Queue messages, each of one or more events. */
  messages: number;
  /** Events in them, as far as they can be read. */
  events: number;
  deadLetters: number;
  /** The approximate number of messages that are hidden until their next attempt. */
  hidden: number;
  /** Dead letters that were rewritten while they were copied; the next run moves them. */
  changed: number;
}

/** Milliseconds between two polls of a queue in which all messages are hidden. */
const lookAgainAfter = 5_000;

/**
 * Moves waiting messages and dead letters to another relay's storage.
 *
 * Nothing is removed before the other storage has it, so this can be stopped, killed and repeated at any time. An interrupted move leaves
 * copies in both places: the event may reach Platform twice, under the same `_id`. The former relay may deliver meanwhile.
 *
 * @throws the error of either storage
 */
export async function evacuate(options: EvacuationOptions): Promise<EvacuationCounts> {
  const counts: EvacuationCounts = { messages: 0, events: 0, deadLetters: 0, hidden: 0, changed: 0 };
  await moveMessages(options, counts);
  for (const account of options.from) await moveDeadLetters(account, options, counts);
  // The relay may have put messages back meanwhile.
  counts.hidden = await countMessages(options.from);
  return counts;
}

async function countMessages(accounts: readonly EvacuatedAccount[]): Promise<number> {
  const each = await Promise.all(accounts.map(({ queues }) => queues.count()));
  return each.reduce((sum, count) => sum + count, 0);
}

async function moveMessages(options: EvacuationOptions, counts: EvacuationCounts): Promise<void> {
  const { from, signal, waits, progress, sleep } = options;
  while (!signal.aborted) {
    const before = counts.messages;
    for (const account of from) {
      // Messages that were not moved become visible in their queue again.
      await processEach(await account.queues.take(), signal, async (message) => {
        const events = await moveMessage(message, account, options);
        counts.events += events;
        counts.messages += 1;
        account.moved?.(events);
        progress(counts);
      });
    }
    if (counts.messages > before) continue;
    counts.hidden = await countMessages(from);
    progress(counts);
    if (counts.hidden === 0 || !waits) return;
    await sleep(lookAgainAfter);
  }
}

/** @returns the number of its events */
async function moveMessage(
  message: TakenMessage,
  from: EvacuatedAccount,
  { to }: Pick<EvacuationOptions, "to">,
): Promise<number> {
  const envelope = readQueueMessage(message.text);
  const claims = claimsIn(envelope);
  await copyClaims(claims, (claim) => from.storage.readClaim(claim), to);
  // Byte by byte, so that additions by a newer relay are kept.
  await to.enqueue(message.text);
  const isRemoved = await from.queues.delete(message);
  // If the message is visible again, another reader may need the bodies.
  if (isRemoved) for (const claim of claims) await from.storage.deleteClaim(claim);
  return eventsIn(envelope).length;
}

async function moveDeadLetters(
  from: EvacuatedAccount,
  { to, signal, progress }: EvacuationOptions,
  counts: EvacuationCounts,
): Promise<void> {
  await processEach(from.storage.eachDeadLetter(), signal, async ({ name }) => {
    const read = await from.storage.readDeadLetter(name);
    if (read === undefined) return;
    const letter = tryParseDeadLetter(read.content);
    // A message that could not be read is a dead letter without the bodies that it refers to.
    if (letter?.class === "unreadable") {
      const claims = claimsIn(readQueueMessageText(Buffer.from(letter.body, letter.encoding).toString("utf8")));
      await copyClaims(claims, (claim) => from.storage.readClaim(claim, name), to);
    }
    // A blob of that name is from the same receipt of the same event.
    await to.addDeadLetter(name, read.content);
    if (await from.storage.deleteDeadLetter(name, read.etag)) {
      counts.deadLetters += 1;
      from.moved?.(1);
    } else counts.changed += 1;
    progress(counts);
  });
}

/** Under the same names: they are derived from the event and its receipt, so that a second copy overwrites the first. */
async function copyClaims(
  names: readonly string[],
  readClaim: (name: string) => Promise<string | undefined>,
  to: Pick<RelayStorageAccount, "putClaim">,
): Promise<void> {
  for (const name of names) {
    const body = await readClaim(name);
    // Deleted: its event was delivered, or is a dead letter.
    if (body !== undefined) await to.putClaim(name, body);
  }
}
