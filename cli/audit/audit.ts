import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { type History, listingDelay, type TimeRange, type UnknownNames } from "pulumi-customerio/history";
import { UsageError } from "../command/usage-error.ts";
import { countOf } from "../output/count-of.ts";
import type { BatchIngestion } from "../platform/batch-ingestion.ts";
import type { DataAccess } from "../platform/data-access.ts";
import { type Cell, compareSides, listReasons, type OpenReason, writeIds } from "./compare.ts";
import { Ledger } from "./ledger.ts";
import { type AuditRange, dateAt, judgedAfter, rowAfter } from "./range.ts";
import type { Expectation } from "./sides/expectation.ts";
import { type HeldStorage, readHeldEvents } from "./sides/held-events.ts";
import { forgetRecorded, readRecorded } from "./sides/recorded.ts";
import { type RelaySide, readRelaySide } from "./sides/relay-side.ts";
import { type RowPaths, readRows } from "./sides/rows.ts";
import { readRowsBySql, type SqlTable } from "./sides/sql-rows.ts";
import type { UnreadRows } from "./sides/unread-batches.ts";

export interface AuditParts {
  /** The source and its dataset, in words. */
  readonly subject: string;
  readonly range: AuditRange;
  readonly now: Date;
  /** The folder of the database and the lists of ids. With the same folder, a stopped audit resumes. */
  readonly folder: string;
  readonly history: Pick<History, "listMessages" | "hasMessages">;
  readonly access: Pick<DataAccess, "eachBatch" | "listFiles" | "download">;
  readonly ingestion: Pick<BatchIngestion, "readState">;
  /** The dataset as a table, if its rows are read by SQL instead of files. */
  readonly table?: SqlTable | undefined;
  readonly paths: RowPaths;
  /** For how long the dataset keeps rows; undefined: forever. */
  readonly kept: KeptRows | undefined;
  /** Where events may wait as dead letters; undefined without a relay. */
  readonly deadLetters: HeldStorage | undefined;
  /** Undefined without a relay. */
  readonly relay: RelaySide | undefined;
  /** Which events are expected in the dataset. */
  readonly expectation: Expectation;
  readonly signal: AbortSignal;
  readonly progress: (words: string) => void;
}

/** For how long a dataset is sure to keep a row, by the time of its event. */
export interface KeptRows {
  readonly days: number;
  /** What is said of older events that have no row. */
  readonly reason: string;
}

export interface AuditResult {
  readonly cells: readonly Cell[];
  /** Why something was not judged, with the most frequent reason first. */
  readonly reasons: readonly OpenReason[];
  /** Files with the ids of what is missing and of extra rows, if there are any. */
  readonly missingFile: string | undefined;
  readonly extraFile: string | undefined;
  /** Messages and metrics of types that this version does not know, by name. */
  readonly unknownNames: Readonly<Record<string, number>>;
  /** How many messages Customer.io returned. */
  readonly messages: number;
  /** Unix seconds from which the relay's notes list what it has delivered; undefined without notes. */
  readonly notesSince: number | undefined;
  /** Unix seconds: what happened later is not compared, since Customer.io may not list it yet; undefined: all of the range is compared. */
  readonly comparedUntil: number | undefined;
  /** What to do if the App API key's workspace does not have the stack's webhook; undefined if it does. */
  readonly webhookGone: string | undefined;
}

/**
 * Compares what Customer.io recorded with the dataset's rows, by delivery, object type and metric, not by time: Customer.io has one time
 * for a repeated open, and does not say which.
 *
 * @throws if Customer.io lists no message although the dataset has rows
 */
export async function audit(parts: AuditParts): Promise<AuditResult> {
  const { subject, folder, range, signal } = parts;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const ledger = await openLedger(folder);
  try {
    await requireSameSubject(ledger, subject, folder);
    await requireSameDays(ledger, range, folder);
    await removeLeftRows(folder);
    return await compareAll(parts, ledger);
  } finally {
    ledger.close();
    signal.throwIfAborted();
  }
}

/** The database in an audit's folder. Nobody else can read what this process writes from then on, even if others may open the folder. */
export async function openLedger(folder: string): Promise<Ledger> {
  // DuckDB creates files by itself, at any time: the database, its log, what does not fit into memory, and lists of ids.
  process.umask(0o077);
  const file = path.join(folder, "audit.duckdb");
  const ledger = await Ledger.open(file);
  // An earlier version may have created it.
  await chmod(file, 0o600);
  return ledger;
}

/** A run that was killed may have left files with whole rows, and the next one may read fewer at a time. */
async function removeLeftRows(folder: string): Promise<void> {
  const isLeft = (name: string) => /^(rows-\d+|trial)\.parquet$/.test(name);
  for (const name of await readdir(folder)) if (isLeft(name)) await rm(path.join(folder, name));
}

/**
 * What has been read and sent is noted in the folder, so it belongs to one source and one dataset.
 *
 * @throws UsageError if the folder belongs to another one
 */
export async function requireSameSubject(ledger: Ledger, subject: string, folder: string): Promise<void> {
  const held = await ledger.readNote("subject");
  if (held === undefined) return ledger.setNote("subject", subject);
  if (held === subject) return;
  throw new UsageError(
    `The folder ${folder} holds the audit of ${held}, and not of ${subject}. Choose another --folder.`,
  );
}

/** What has been read is not read again, so a folder holds the audit of one range. */
async function requireSameDays(ledger: Ledger, { from, to, createdFrom }: AuditRange, folder: string): Promise<void> {
  const dates = [from, to - 1, createdFrom].map(dateAt);
  const range = dates.join(" ");
  const held = await ledger.readNote("range");
  if (held === undefined) return ledger.setNote("range", range);
  if (held === range) return;
  const [first, last, created] = held.split(" ");
  throw new UsageError(
    `The folder ${folder} holds the audit from ${first} to ${last}, of messages created since ${created}. Choose another --folder.`,
  );
}

async function compareAll(parts: AuditParts, ledger: Ledger): Promise<AuditResult> {
  const { deadLetters, expectation, folder, kept, range, signal, progress } = parts;
  const now = parts.now.getTime() / 1000;
  const created = { from: range.createdFrom, to: Math.floor(Math.min(range.to, now - listingDelay)) };
  const unknown = await readRecord(parts, ledger, created);
  const unread = await readStoredRows(parts, ledger);
  await ledger.run("DELETE FROM held");
  const known = new Set<string>();
  const readHeld = async () => {
    const showRead = (read: number) => progress(`dead letters: ${read}`);
    if (deadLetters) await readHeldEvents(deadLetters, { ledger, known, signal, progress: showRead });
  };
  // Before the queue, since a replay may put them there meanwhile; and the new ones after it, since an event of the queue may die.
  await readHeld();
  progress("the relay's queue and its notes of deliveries");
  const relay = parts.relay && (await readRelaySide(parts.relay, { ledger, range, now: parts.now, signal }));
  await readHeld();
  const messages = await countMessages(parts, ledger);

  progress("comparing");
  const expiration = kept && { keptSince: Math.floor(now - kept.days * 86_400), reason: kept.reason };
  const [youngSince, sentSince] = [Math.floor(unread.asOf - judgedAfter), Math.floor(unread.asOf - rowAfter)];
  const days = { from: range.from, to: created.to };
  const cells = await compareSides(ledger, { ...days, youngSince, sentSince, expiration, unread, relay });
  const fileOf = async (list: "missing" | "extra", has: (cell: Cell) => boolean) => {
    const file = path.join(folder, `${list}.jsonl`);
    // An earlier run may have left one.
    await rm(file, { force: true });
    if (!cells.some(has)) return undefined;
    await writeIds(ledger, list, file);
    return file;
  };
  return {
    cells,
    reasons: await listReasons(ledger),
    missingFile: await fileOf("missing", ({ missing, held: dead }) => missing + dead > 0),
    extraFile: await fileOf("extra", ({ extra }) => extra > 0),
    unknownNames: Object.fromEntries(unknown),
    messages,
    notesSince: relay?.notesSince,
    comparedUntil: created.to < range.to ? created.to : undefined,
    webhookGone: expectation.webhookGone,
  };
}

/** @param created when the messages were created */
function readRecord(parts: AuditParts, ledger: Ledger, created: TimeRange): Promise<UnknownNames> {
  const { history, range, now, expectation, signal, progress } = parts;
  const dayNumber = (until: number) => Math.ceil((until - created.from) / 86_400);
  return readRecorded({
    history,
    ledger,
    created,
    range,
    now: now.getTime() / 1000,
    expectation,
    signal,
    progress: (until) => progress(`Customer.io: day ${dayNumber(until)} of ${dayNumber(created.to)}`),
  });
}

function readStoredRows(parts: AuditParts, ledger: Ledger): Promise<UnreadRows> {
  const { access, ingestion, table, paths, folder, range, now, signal, progress } = parts;
  const options = { access, ingestion, ledger, paths, signal, since: new Date(range.createdFrom * 1000), now };
  return table
    ? readRowsBySql({ ...options, table, range, progress: (rows) => progress(`dataset: ${countOf(rows, "row")}`) })
    : readRows({
        ...options,
        folder,
        progress: (done) => progress(`dataset: ${countOf(done, "batch", "batches")}`),
      });
}

/**
 * How many messages Customer.io has listed.
 *
 * @throws if they can't be those of the dataset's workspace: none is listed although the dataset has rows, or the webhook is gone and none has a row
 */
async function countMessages({ history, expectation, signal }: AuditParts, ledger: Ledger): Promise<number> {
  const [sums] = await ledger.query(
    "SELECT CAST((SELECT count(DISTINCT delivery) FROM deliveries) AS INTEGER) AS messages, " +
      "CAST((SELECT count(*) FROM present WHERE delivery IS NOT NULL) AS INTEGER) AS rows",
  );
  const messages = Number(sums?.messages ?? 0);
  const rows = Number(sums?.rows ?? 0);
  if (messages === 0 && rows > 0 && !(await history.hasMessages(signal))) {
    // With the right key, the same folder must not hold this record.
    await forgetRecorded(ledger);
    throw new Error(
      "Customer.io lists no messages, but the dataset has events of messages. If the workspace sent its first messages in the last hour, " +
        "they may not be listed yet: run the audit again later. Otherwise the App API key belongs to another workspace or region: check " +
        "customerio:appApiKey and customerio:region.",
    );
  }
  const { webhookGone } = expectation;
  if (webhookGone !== undefined && messages > 0 && rows > 0 && !(await haveRows(ledger))) {
    throw new Error(
      `${webhookGone} No message of that workspace has a row in the dataset (${countOf(messages, "message")} read).`,
    );
  }
  return messages;
}

/** Whether any message of Customer.io's record has a row. */
async function haveRows(ledger: Ledger): Promise<boolean> {
  return (await ledger.query("SELECT 1 FROM present SEMI JOIN deliveries USING (delivery) LIMIT 1")).length > 0;
}
