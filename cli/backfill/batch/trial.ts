import { rm } from "node:fs/promises";
import path from "node:path";
import { batchOutcome } from "pulumi-aep/client";
import { z } from "zod";
import { encodeEnvelopes } from "../../../relay/core/event/envelope.ts";
import { quote } from "../../audit/ledger.ts";
import { type BatchFile, type DataAccess, readParquetFiles } from "../../platform/data-access.ts";
import type { BackfillCounts } from "../counts.ts";
import { eachMissing } from "../missing-events.ts";
import { type MappedRow, mapEvents } from "./mapped-rows.ts";
import type { UploadParts } from "./upload-missing.ts";
import { completeUpload, noteUploaded, openUpload, revertUpload } from "./uploads.ts";

/** Milliseconds for which the trial waits for rows. They usually appear within the hour. */
const longest = 2 * 3_600_000;
/** Milliseconds by which a streaming batch may be older than its newest row. */
const batchSpan = 3_600_000;

export interface TrialParts extends UploadParts {
  readonly access: Pick<DataAccess, "eachBatch" | "listFiles" | "download">;
  /** Puts a message into the relay's queue. */
  readonly enqueue: (message: string) => Promise<void>;
  /** Waits before the dataset is read again. */
  readonly pauseForRows: () => Promise<unknown>;
  /** Shows that the command waits for both rows, which may take an hour. */
  readonly showTrial: <T>(work: Promise<T>) => Promise<T>;
}

const trialNote = z.object({
  /** The `_id` of both rows. */
  id: z.string(),
  batch: z.string(),
  /** Milliseconds since 1970. */
  since: z.number(),
  isQueued: z.boolean(),
});
type Trial = z.output<typeof trialNote>;

type Row = Readonly<Record<string, unknown>>;

/**
 * Sends one of the planned events both ways, as a batch and through the relay, compares the two rows in the dataset, and reverts the batch.
 * It is done once for a folder; a run that was stopped continues to wait.
 *
 * @throws if the rows differ: then nothing else may go as a batch
 */
export async function tryOneEvent(parts: TrialParts, counts: Pick<BackfillCounts, "streamed">): Promise<void> {
  const { ledger } = parts;
  const note = await ledger.readNote("trial");
  if (note === "passed") return;
  const before = note === undefined ? undefined : trialNote.parse(JSON.parse(note));
  if (before && !before.isQueued) await endTrial(parts, before.batch);
  const trial = before?.isQueued ? before : await beginTrial(parts, counts);
  if (trial === undefined) return;
  const { uploaded, streamed } = await parts.showTrial(awaitRows(parts, trial));
  await endTrial(parts, trial.batch);
  const different = differingPaths(uploaded, streamed);
  await ledger.setNote("trial", different.length === 0 ? "passed" : JSON.stringify({ ...trial, isQueued: false }));
  if (different.length === 0) return;
  throw new Error(
    `A batch would not make the same rows as the dataflow: in one event that was sent both ways, these fields differ: ${different.join(", ")}. ` +
      "The batch was reverted. Leave out --via batch: the same events then go through the relay.",
  );
}

async function endTrial(parts: TrialParts, batch: string): Promise<void> {
  if ((await parts.showWait(batch, revertUpload(parts, batch))) === "stalled") throw explainStalledTrial(batch);
}

function explainStalledTrial(batch: string): Error {
  return new Error(
    `The batch ${batch}, which holds the backfill's trial event, is stalled: Platform makes no progress on it. ` +
      "Nothing else was uploaded. Ask Adobe's support about this batch; once Platform has finished it, run the same command again. Or leave out " +
      "--via batch: the other events then go through the relay.",
  );
}

async function beginTrial(parts: TrialParts, counts: Pick<BackfillCounts, "streamed">): Promise<Trial | undefined> {
  const { ledger, ingestion, now, signal } = parts;
  const since = now().getTime();
  const chosen = await firstRow(parts);
  if (chosen === undefined) return undefined;
  const { event, queued, row } = chosen;
  const batch = await openUpload(parts);
  // A stack's own mapping may make another _id of the event's.
  const id = typeof row._id === "string" ? row._id : queued.id;
  const trial = { id, batch, since, isQueued: false };
  await ledger.setNote("trial", JSON.stringify(trial));
  const { object_type: objectType, metric, timestamp, data } = event;
  await noteUploaded(ledger, { batch, part: 0 }, [event]);
  await ingestion.upload(batch, "rows-0.json", Buffer.from(`${JSON.stringify(row)}\n`), signal);
  if ((await parts.showWait(batch, completeUpload(parts, batch))) === "stalled") throw explainStalledTrial(batch);
  // Streamed only after Platform has accepted it as a batch, since a streamed row can't be removed.
  const messages = encodeEnvelopes([queued]);
  await ledger.addSent([{ delivery: data.delivery_id, objectType, metric, happened: timestamp }], messages, now());
  for (const message of messages) await parts.enqueue(message);
  await ledger.confirmSent();
  counts.streamed += 1;
  await ledger.setNote("trial", JSON.stringify({ ...trial, isQueued: true }));
  return { ...trial, isQueued: true };
}

async function firstRow(parts: TrialParts): Promise<MappedRow | undefined> {
  for await (const events of eachMissing(parts)) {
    const [first] = await mapEvents(parts, events.slice(0, 1), { impossible: new Map() });
    if (first) return first;
  }
  return undefined;
}

async function awaitRows(parts: TrialParts, trial: Trial): Promise<{ readonly uploaded: Row; readonly streamed: Row }> {
  for (;;) {
    const { uploaded, streamed } = await readTrialRows(parts, trial);
    if (uploaded && streamed) return { uploaded, streamed };
    if (parts.now().getTime() - trial.since > longest) {
      throw new Error(
        `The event ${trial.id} was sent through the relay and as the batch ${trial.batch}, and ${streamed ? "the batch" : "the relay"} has ` +
          "not produced its row within two hours. Run npx customerio-aep status. The same command looks for it again.",
      );
    }
    await parts.pauseForRows();
    parts.signal.throwIfAborted();
  }
}

async function readTrialRows(
  parts: TrialParts,
  { id, batch, since }: Trial,
): Promise<{ readonly uploaded: Row | undefined; readonly streamed: Row | undefined }> {
  const { access, signal } = parts;
  let [uploaded, streamed]: (Row | undefined)[] = [];
  for await (const found of access.eachBatch(new Date(since - batchSpan), signal)) {
    if (batchOutcome(found.status) !== "stored") continue;
    const row = await readParquetFiles(access, found.id, signal, (files) => findRow(parts, files, id));
    if (row === undefined) continue;
    if (found.id === batch) uploaded = row;
    else streamed = row;
  }
  return { uploaded, streamed };
}

/** The row with this `_id`, if one of the files has it. */
async function findRow(
  { access, ledger, folder, signal }: TrialParts,
  files: readonly BatchFile[],
  id: string,
): Promise<Row | undefined> {
  const local = path.join(folder, "trial.parquet");
  try {
    for (const file of files) {
      await access.download(file, local, signal);
      const table = `read_parquet(${quote(local)}) t`;
      const [found] = await ledger.query(
        `SELECT CAST(to_json(t) AS VARCHAR) AS row FROM ${table} WHERE _id = ${quote(id)}`,
      );
      if (found !== undefined) return JSON.parse(String(found.row)) as Row;
    }
    return undefined;
  } finally {
    await rm(local, { force: true });
  }
}

/** The paths whose values differ. A field that is absent is like one that is null. */
export function differingPaths(one: Row, other: Row): string[] {
  const [left, right] = [flatten(one), flatten(other)];
  return [...new Set([...left.keys(), ...right.keys()])].filter((key) => left.get(key) !== right.get(key)).sort();
}

function flatten(value: unknown, at = "", into = new Map<string, string>()): Map<string, string> {
  if (value === null || value === undefined) return into;
  if (typeof value !== "object") into.set(at, JSON.stringify(value));
  else for (const [key, item] of Object.entries(value)) flatten(item, at === "" ? key : `${at}.${key}`, into);
  return into;
}
