import { encodeEnvelopes, fitsInline, maxEnvelopeEvents, type QueuedEvent } from "../../relay/core/event/envelope.ts";
import type { EventPolicy } from "../../relay/core/policy/policy.ts";
import { uploadState } from "../audit/compare.ts";
import { type Ledger, quote } from "../audit/ledger.ts";
import { type BackfillCounts, countOne, sumOf } from "./counts.ts";
import { eachMissing, type MissingEvent, type MissingParts } from "./missing-events.ts";
import { admitRebuiltEvent } from "./rebuilt-event.ts";
import { repeatUnconfirmed } from "./repeat-unconfirmed.ts";

/** The number of messages in the relay's queue from which a backfill waits: Customer.io's events take priority. */
export const mostWaiting = 20;
/** Milliseconds until the queue is counted again. */
const countPause = 5_000;

export interface BackfillParts extends MissingParts {
  readonly policy: EventPolicy;
  /** The relay's queue. */
  readonly queue: {
    enqueue(message: string): Promise<void>;
    /** About how many messages wait. */
    count(): Promise<number>;
  };
  /** Called with the number of messages while the relay's queue is too long for a backfill. */
  readonly onWait: (messages: number) => void;
  /** Events a second at most. */
  readonly perSecond: number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly progress: (counts: BackfillCounts) => void;
}

/** What a backfill has to send. */
export interface Planned {
  readonly events: number;
  /** By kind, such as `email opened`. */
  readonly kinds: ReadonlyMap<string, number>;
  /** Unix seconds of the newest. */
  readonly newest: number;
  /** Messages that a run was about to put into the queue when it ended. */
  readonly unconfirmed: number;
  /** Events that can't be judged yet. */
  readonly unjudged: number;
  /** Of `unjudged`, those in batches of earlier runs that Platform has not finished. */
  readonly processing: number;
}

/**
 * Selects what an audit found missing. It leaves out what a run has sent recently.
 *
 * @param metrics only these; default: all
 */
export async function planBackfill(ledger: Ledger, metrics: readonly string[] | undefined): Promise<Planned> {
  const chosen = metrics === undefined ? "" : `AND metric IN (${metrics.map(quote).join(", ")})`;
  await ledger.run(`
    CREATE OR REPLACE TABLE planned AS
    SELECT delivery, object_type, metric, happened, accepted FROM verdicts WHERE state = 'missing' ${chosen}`);
  const rows = await ledger.query(
    "SELECT object_type || ' ' || metric AS kind, CAST(count(*) AS INTEGER) AS events, CAST(max(happened) AS DOUBLE) AS newest " +
      "FROM planned GROUP BY kind ORDER BY kind",
  );
  const kinds = new Map(rows.map(({ kind, events }) => [String(kind), Number(events)]));
  const events = sumOf(kinds);
  const newest = Math.max(0, ...rows.map((row) => Number(row.newest)));
  const [open] = await ledger.query(
    "SELECT CAST(count(*) AS INTEGER) AS unjudged, CAST(count(*) FILTER " +
      `(state = ${quote(uploadState)} AND (delivery, object_type, metric) IN ` +
      "(SELECT (delivery, object_type, metric) FROM uploaded JOIN uploads USING (batch) WHERE arrived_at IS NULL)) AS INTEGER) AS processing " +
      `FROM verdicts WHERE state LIKE '!%' ${chosen}`,
  );
  const [unjudged, processing] = [Number(open?.unjudged ?? 0), Number(open?.processing ?? 0)];
  return { events, kinds, newest, unconfirmed: (await ledger.readUnconfirmed()).length, unjudged, processing };
}

/**
 * Rebuilds the planned events from Customer.io's record, and puts them into the relay's queue: slowly, and only while the queue is short.
 *
 * A message is noted right before and right after it is put into the queue. If this ends in between, the next run puts the same message
 * there again, byte by byte, so that a relay that remembers delivered events leaves out what it has.
 *
 * @throws what Customer.io and the storage throw; what was sent until then is noted
 */
export async function sendMissing(parts: BackfillParts, counts: BackfillCounts): Promise<void> {
  const { signal, progress } = parts;
  await repeatUnconfirmed(parts.ledger, parts.queue);
  for await (const events of eachMissing(parts)) {
    for (let from = 0; from < events.length && !signal.aborted; from += maxEnvelopeEvents) {
      await awaitShortQueue(parts);
      if (signal.aborted) return;
      await sendSome(parts, events.slice(from, from + maxEnvelopeEvents), counts);
      progress(counts);
    }
    if (signal.aborted) return;
  }
}

/** Waits until the relay's queue is short, or until Ctrl-C. */
async function awaitShortQueue({ queue, sleep, signal, onWait }: BackfillParts): Promise<void> {
  for (;;) {
    const messages = await queue.count();
    if (messages < mostWaiting || signal.aborted) return;
    onWait(messages);
    await sleep(countPause);
  }
}

async function sendSome(
  { ledger, policy, queue, perSecond, now, sleep }: BackfillParts,
  events: readonly MissingEvent[],
  counts: BackfillCounts,
): Promise<void> {
  const queued: QueuedEvent[] = [];
  const sent: MissingEvent[] = [];
  for (const event of events) {
    const made = admitRebuiltEvent(event, { policy, now: now() });
    if ("impossible" in made) countOne(counts.impossible, made.impossible);
    // A rebuilt event is short; a claim for it would be one more thing that could be left behind.
    else if (!fitsInline(made)) countOne(counts.impossible, "are larger than a queue message");
    else {
      queued.push(made);
      sent.push(event);
    }
  }
  if (queued.length === 0) return;
  const messages = encodeEnvelopes(queued);
  await ledger.addSent(
    sent.map(({ object_type: objectType, metric, timestamp, data }) => ({
      delivery: data.delivery_id,
      objectType,
      metric,
      happened: timestamp,
    })),
    messages,
    now(),
  );
  for (const message of messages) await queue.enqueue(message);
  await ledger.confirmSent();
  for (const { object_type: objectType, metric } of sent) {
    counts.sent += 1;
    countOne(counts.kinds, `${objectType} ${metric}`);
  }
  await sleep((queued.length / perSecond) * 1000);
}
