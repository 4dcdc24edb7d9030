import { metricsByObjectType } from "pulumi-customerio/events";
import { countOf } from "../output/count-of.ts";
import { type Ledger, quote, selectSentSince } from "./ledger.ts";
import type { RelayRead } from "./sides/relay-side.ts";
import type { UnreadRows } from "./sides/unread-batches.ts";

/** What an audit says about one kind of event on one day. */
type CellVerdict = "complete" | "missing" | "unjudged" | "extra" | "unknown" | "waiting" | "young";

/** One kind of event on one UTC day, by the time at which it happened. */
export interface Cell {
  readonly day: string;
  readonly objectType: string;
  readonly metric: string;
  readonly verdict: CellVerdict;
  /** Occurrences that Customer.io recorded. */
  readonly recorded: number;
  /** Of those, the ones that have a row. */
  readonly found: number;
  /** Of those, the ones that no filter and no subscription explains, and that were found nowhere. */
  readonly missing: number;
  /** Of `missing`, the ones that the relay has not delivered: they never reached it, or it refused them. */
  readonly beforeRelay: number;
  /** Of `missing`, the ones that Platform has accepted from the relay. */
  readonly afterRelay: number;
  /** Of those, the ones that are dead letters: a replay delivers them. */
  readonly held: number;
  /** Of those, the ones that wait in the relay's queue. */
  readonly waiting: number;
  /** Of those, the ones that a filter leaves out or that the webhook does not subscribe to. */
  readonly leftOut: number;
  /** Of those, the ones that may still arrive. */
  readonly young: number;
  /** Of those, the ones whose row was not found and may be among what could not be read yet: a later audit can judge them. */
  readonly unjudged: number;
  /** Rows and occurrences that a repetition of this audit can't judge either. */
  readonly unknown: number;
  /** Rows without an occurrence in Customer.io's record, and repetitions: normal for opens and clicks. */
  readonly extra: number;
  /** Why something can't be known. */
  readonly reasons: readonly string[];
}

/** Why an audit can't judge something. */
export interface OpenReason {
  readonly reason: string;
  readonly events: number;
  /** Whether a later audit can judge it. */
  readonly isTemporary: boolean;
}

/** Since when a dataset is sure to have its rows. */
interface RowExpiration {
  /** Unix seconds. */
  readonly keptSince: number;
  /** What is said of older events that have no row. */
  readonly reason: string;
}

export interface Comparison {
  /** Unix seconds: what happened from the first, and before the second, until which Customer.io's messages were read. */
  readonly from: number;
  readonly to: number;
  /** Unix seconds: what is absent and happened since may still arrive. */
  readonly youngSince: number;
  /** Unix seconds: what a backfill has sent since may still become a row. */
  readonly sentSince: number;
  /** Undefined if the dataset keeps its rows. */
  readonly expiration: RowExpiration | undefined;
  /** What could not be read of the dataset. */
  readonly unread: UnreadRows;
  /** Undefined without a relay. */
  readonly relay: RelayRead | undefined;
}

/** The state of an event whose row is in a batch of the folder's backfill. */
export const uploadState = "!they are in a batch of this backfill whose rows can't be read yet";

/**
 * Rows of a side that are compared at a time. A join of whole sides would need more memory than the database may use (`Ledger.open`), so the
 * deliveries are divided by their hash.
 */
const partRows = 2_000_000;

/**
 * Compares the sides, and writes the verdicts into the table `verdicts`. A state that begins with `?` says why something can't be known;
 * with `!`, why it can't be known yet.
 *
 * @param mostRows rows of a side that are compared at a time, about
 */
export async function compareSides(ledger: Ledger, comparison: Comparison, mostRows = partRows): Promise<Cell[]> {
  await ledger.run("DROP TABLE IF EXISTS verdicts");
  await ledger.run(
    "CREATE TABLE verdicts (delivery VARCHAR, object_type VARCHAR, metric VARCHAR, happened BIGINT, is_recorded BOOLEAN, copies BIGINT, " +
      "state VARCHAR, stage VARCHAR, accepted BIGINT, day VARCHAR)",
  );
  const [sizes] = await ledger.query(
    "SELECT CAST(greatest((SELECT count(*) FROM recorded), (SELECT count(*) FROM present), (SELECT count(*) FROM noted)) AS DOUBLE) AS largest",
  );
  const parts = Math.max(1, Math.ceil(Number(sizes?.largest) / mostRows));
  for (let part = 0; part < parts; part += 1) {
    const ofPart = `hash(delivery) % ${parts} = ${part}`;
    await mergeSides(ledger, ofPart);
    await writeVerdicts(ledger, comparison, ofPart);
  }
  const { from, to } = comparison;
  await ledger.run(
    `INSERT INTO verdicts SELECT NULL, object_type, metric, happened, FALSE, 1, '?it has no delivery to compare by', 'unknown', NULL, ${dayOfEvent} ` +
      `FROM present WHERE delivery IS NULL AND happened >= ${from} AND happened < ${to}`,
  );
  return await countCells(ledger);
}

/** The UTC date of an event. */
const dayOfEvent = "strftime(make_timestamp(happened * 1000000), '%Y-%m-%d')";

/**
 * Writes a part of the record and of the rows into `r` and `p`, with one line for each delivery, object type and metric. They are tables,
 * since DuckDB would otherwise hold both in memory beside the join.
 */
async function mergeSides(ledger: Ledger, ofPart: string): Promise<void> {
  await ledger.run(`
    CREATE OR REPLACE TEMP TABLE r AS
    SELECT delivery, object_type, metric, min(happened) AS happened, min(reason) AS reason FROM recorded WHERE ${ofPart} GROUP BY ALL`);
  await ledger.run(`
    CREATE OR REPLACE TEMP TABLE p AS
    SELECT delivery, object_type, metric, min(happened) AS happened, count(*) AS copies
    FROM present WHERE delivery IS NOT NULL AND ${ofPart} GROUP BY ALL`);
}

/** Joins a part of the sides, and judges each event. */
async function writeVerdicts(ledger: Ledger, comparison: Comparison, ofPart: string): Promise<void> {
  const { from, to, sentSince, unread } = comparison;
  const uploads = unread.uploads.length === 0 ? "FALSE" : `batch IN (${unread.uploads.map(quote).join(", ")})`;
  const joinRecorded = (side: string) =>
    `LEFT JOIN ${side} ON ${side}.delivery = r.delivery AND ${side}.object_type = r.object_type AND ${side}.metric = r.metric`;
  await ledger.run(`
    INSERT INTO verdicts
    WITH h AS (SELECT DISTINCT delivery, object_type, metric FROM held WHERE ${ofPart}),
         w AS (SELECT DISTINCT delivery, object_type, metric FROM waiting WHERE ${ofPart}),
         n AS (SELECT delivery, object_type, metric, min(happened) AS delivered, max(happened) AS redelivered
               FROM noted WHERE delivery IS NOT NULL AND ${ofPart} GROUP BY ALL),
         u AS (SELECT DISTINCT delivery, object_type, metric FROM uploaded WHERE ${uploads} AND ${ofPart}),
         s AS (SELECT DISTINCT * FROM (${selectSentSince(sentSince)}) WHERE ${ofPart}),
         q AS (SELECT delivery, object_type, metric, max(sent_at) AS sent_at FROM sent WHERE ${ofPart} GROUP BY ALL),
         d AS (SELECT DISTINCT delivery FROM deliveries WHERE ${ofPart}),
         judged AS (
           SELECT coalesce(r.delivery, p.delivery) AS delivery, coalesce(r.object_type, p.object_type) AS object_type,
             coalesce(r.metric, p.metric) AS metric, coalesce(r.happened, p.happened) AS happened,
             r.delivery IS NOT NULL AS is_recorded, coalesce(p.copies, 0) AS copies,
             CASE WHEN r.delivery IS NULL THEN ${stateOfRow} ELSE ${stateOfRecorded(comparison)} END AS state,
             ${stageOf(comparison)} AS stage, n.redelivered AS accepted
           FROM r FULL JOIN p USING (delivery, object_type, metric)
           ${["h", "w", "n", "u", "s", "q"].map(joinRecorded).join(" ")}
           LEFT JOIN d ON d.delivery = p.delivery)
    SELECT *, ${dayOfEvent} FROM judged WHERE happened >= ${from} AND happened < ${to}`);
}

/** What Customer.io's messages have a time for; a person's changes, metrics without a time, and newer names are not among them. */
const recordedKinds = Object.entries(metricsByObjectType).flatMap(([objectType, metrics]) =>
  objectType === "customer"
    ? []
    : metrics
        .filter((metric) => !["attempted", "deferred", "replied"].includes(metric))
        .map((metric) => `(${quote(objectType)}, ${quote(metric)})`),
);

/** The state of a row that Customer.io's record does not have. */
const stateOfRow = `CASE
  WHEN (p.object_type, p.metric) NOT IN (${recordedKinds.join(", ")}) THEN '?Customer.io keeps no time for it'
  WHEN d.delivery IS NULL
    THEN '?its message is not among those that were read: if it is older, an audit with a longer --lookback in another --folder can judge it; if another workspace sent it, none can'
  ELSE 'extra' END`;

/** The state of an event that Customer.io has recorded: the first of these that is true. */
function stateOfRecorded(comparison: Comparison): string {
  const { youngSince, sentSince, expiration, unread, relay } = comparison;
  const expired = expiration === undefined ? "FALSE" : `r.happened < ${expiration.keptSince}`;
  const messages = relay?.messages ?? 0;
  // What a backfill has sent is in few messages, and a relay may hold them for days. Clocks may differ by a minute.
  const sentAndHeld = `q.sent_at >= ${youngSince} AND q.sent_at > coalesce(n.redelivered, 0) + 60`;
  const queued = relay?.mayHold ? `n.delivery IS NULL OR ${sentAndHeld}` : messages > 0 ? sentAndHeld : "FALSE";
  return `CASE
    WHEN p.delivery IS NOT NULL THEN 'found'
    WHEN h.delivery IS NOT NULL THEN 'held'
    WHEN r.reason LIKE '?%' THEN r.reason
    WHEN r.reason IS NOT NULL THEN 'leftOut'
    WHEN w.delivery IS NOT NULL THEN 'waiting'
    WHEN u.delivery IS NOT NULL THEN ${quote(uploadState)}
    WHEN s.delivery IS NOT NULL OR n.redelivered >= ${sentSince} THEN 'young'
    WHEN n.delivery IS NULL AND r.happened >= ${youngSince} THEN 'young'
    WHEN ${expired} THEN ${quote(`?${expiration?.reason}`)}
    WHEN ${mayBeUnread(comparison)} THEN ${quote(`!${unread.reason}`)}
    WHEN ${queued} THEN ${quote(`!${countOf(messages, "message waits", "messages wait")} in the relay's queue`)}
    ELSE 'missing' END`;
}

/**
 * Whether the row of an event may be in a batch that can't be read. Only another folder's backfill uploads an event whatever the relay knows
 * about it. Otherwise a note says when Platform accepted it, the first time and the last, and its row is in a batch of about that time.
 * Without a note the event has not come through the relay since its notes begin, so that no batch has it. Before, it may have come at any
 * time after it happened.
 */
function mayBeUnread({ unread, relay }: Comparison): string {
  return `(r.happened <= ${unread.othersUntil} OR CASE
    WHEN n.delivery IS NOT NULL THEN n.delivered <= ${unread.until} AND n.redelivered >= ${unread.since}
    WHEN ${isSinceNotes(relay)} THEN FALSE
    ELSE r.happened <= ${unread.until} END)`;
}

/** The stage at which an event without a row was lost. */
function stageOf({ relay }: Comparison): string {
  return `CASE WHEN n.delivery IS NOT NULL THEN 'after relay' WHEN ${isSinceNotes(relay)} THEN 'before relay' ELSE 'unknown' END`;
}

/** Whether an event happened since the relay's notes begin. */
function isSinceNotes(relay: RelayRead | undefined): string {
  return relay?.notesSince === undefined ? "FALSE" : `coalesce(r.happened, p.happened) >= ${relay.notesSince}`;
}

async function countCells(ledger: Ledger): Promise<Cell[]> {
  const count = (condition: string) => `CAST(count(*) FILTER (${condition}) AS INTEGER)`;
  const rows = await ledger.query(`
    SELECT day, object_type, metric, ${count("is_recorded")} AS recorded, ${count("state = 'found'")} AS found,
      ${count("state = 'missing'")} AS missing, ${count("state = 'missing' AND stage = 'before relay'")} AS before_relay,
      ${count("state = 'missing' AND stage = 'after relay'")} AS after_relay, ${count("state = 'held'")} AS held,
      ${count("state = 'waiting'")} AS waiting, ${count("state = 'leftOut'")} AS left_out,
      ${count("state = 'young'")} AS young, ${count("state LIKE '!%'")} AS unjudged, ${count("state LIKE '?%'")} AS unknown,
      CAST(coalesce(sum(CASE WHEN state = 'extra' THEN copies WHEN state = 'found' THEN copies - 1 ELSE 0 END), 0) AS INTEGER)
        AS extra,
      list_sort(list(DISTINCT substr(state, 2)) FILTER (state[1] IN ('?', '!'))) AS reasons
    FROM verdicts GROUP BY day, object_type, metric ORDER BY day, object_type, metric`);
  return rows.map((row) => {
    const number = (name: string) => Number(row[name]);
    const counts = {
      recorded: number("recorded"),
      found: number("found"),
      missing: number("missing"),
      beforeRelay: number("before_relay"),
      afterRelay: number("after_relay"),
      held: number("held"),
      waiting: number("waiting"),
      leftOut: number("left_out"),
      young: number("young"),
      unjudged: number("unjudged"),
      unknown: number("unknown"),
      extra: number("extra"),
    };
    const named = { day: String(row.day), objectType: String(row.object_type), metric: String(row.metric) };
    const reasons = (row.reasons as string[] | null) ?? [];
    return { ...named, verdict: judgeCell(counts), ...counts, reasons };
  });
}

/** Why the last comparison could not judge something, with the most frequent reason first. */
export async function listReasons(ledger: Ledger): Promise<OpenReason[]> {
  const rows = await ledger.query(`
    SELECT state, CAST(count(*) AS INTEGER) AS events FROM verdicts WHERE state[1] IN ('?', '!')
    GROUP BY state ORDER BY events DESC, state`);
  return rows.map(({ state, events }) => {
    const text = String(state);
    return { reason: text.slice(1), events: Number(events), isTemporary: text.startsWith("!") };
  });
}

function judgeCell({ missing, held, unjudged, unknown, waiting, young, extra }: Record<string, number>): CellVerdict {
  if ((missing ?? 0) + (held ?? 0) > 0) return "missing";
  if ((unjudged ?? 0) > 0) return "unjudged";
  if ((unknown ?? 0) > 0) return "unknown";
  if ((waiting ?? 0) > 0) return "waiting";
  if ((young ?? 0) > 0) return "young";
  return (extra ?? 0) > 0 ? "extra" : "complete";
}

/** What the lists of ids have: what is missing or a dead letter; and rows that Customer.io's record lacks, or that repeat another one. */
const listed = {
  missing: "state IN ('missing', 'held')",
  extra: "state = 'extra' OR (state = 'found' AND copies > 1)",
} as const;

/** Writes occurrences into a file, one JSON object per line with its number of rows, by the time at which they happened. */
export async function writeIds(ledger: Ledger, list: keyof typeof listed, file: string): Promise<void> {
  await ledger.run(`
    COPY (SELECT delivery, object_type, metric, happened AS "timestamp", state, stage, copies AS "rows" FROM verdicts
      WHERE ${listed[list]} ORDER BY happened, delivery)
    TO ${quote(file)} (FORMAT json)`);
}
