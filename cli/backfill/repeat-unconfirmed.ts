import { type Ledger, type Occurrence, quote } from "../audit/ledger.ts";
import { occurrenceOf } from "../audit/sides/held-events.ts";
import { eventsIn, readQueueMessage } from "../relay/queue-message.ts";

/**
 * Puts the messages that a run left unconfirmed into the queue again, unless there is a trace of them: a row, a note of the relay, a dead
 * letter or a place in the queue. What has no trace for a day is planned again, and not repeated.
 */
export async function repeatUnconfirmed(
  ledger: Ledger,
  queue: { enqueue(message: string): Promise<void> },
): Promise<void> {
  for (const message of await ledger.readUnconfirmed()) {
    const bodies = eventsIn(readQueueMessage(message)).flatMap((event) => ("body" in event ? [event.body ?? ""] : []));
    const occurrences = bodies.flatMap((body) => occurrenceOf(body) ?? []);
    if (await areTraceless(ledger, occurrences)) await queue.enqueue(message);
  }
  await ledger.confirmSent();
}

async function areTraceless(ledger: Ledger, occurrences: readonly Occurrence[]): Promise<boolean> {
  const keys = occurrences.map(
    ({ delivery = "", objectType, metric }) => `(${quote(delivery)}, ${quote(objectType)}, ${quote(metric)})`,
  );
  if (keys.length === 0) return false;
  const [row] = await ledger.query(
    "SELECT CAST(count(*) AS INTEGER) AS traced FROM verdicts " +
      `WHERE (delivery, object_type, metric) IN (${keys.join(", ")}) AND (state <> 'young' OR stage = 'after relay')`,
  );
  return Number(row?.traced) === 0;
}
