import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { quote } from "../../audit/ledger.ts";
import { type BackfillCounts, sumOf } from "../counts.ts";
import { eachMissing, type MissingParts } from "../missing-events.ts";
import { type MappedRow, type MappingParts, mapEvents } from "./mapped-rows.ts";
import {
  awaitUpload,
  completeUpload,
  countUploaded,
  findPendingUploads,
  noteUploaded,
  openUpload,
  type UploadService,
} from "./uploads.ts";

/** Bytes of a file after which the next one begins: a batch takes 1,500 files at most, of 256 MB each. */
const fileBytes = 32_000_000;

export interface UploadParts extends MissingParts, MappingParts, UploadService {
  /** Where a file is until Platform has it. */
  readonly folder: string;
  readonly fileBytes?: number;
  readonly progress: (events: number) => void;
  /** Shows that Platform processes a batch, which may take hours. */
  readonly showWait: <T>(batch: string, work: Promise<T>) => Promise<T>;
}

/**
 * Uploads the planned events as a batch, in the shape that streaming would have made. First it waits for the batches of earlier runs that
 * Platform has not finished. Events in a batch on which Platform makes no progress are not sent again: they may still become rows.
 *
 * A file is written, noted, uploaded and deleted, in this order, and has the same name and content if it is uploaded again. So a kill at any
 * point loses nothing and doubles nothing: what is noted is in the batch, and what is in the batch is noted.
 *
 * @returns the batches that are stalled
 * @throws what Customer.io and Platform throw, and if Platform refuses the batch
 */
export async function uploadMissing(parts: UploadParts, counts: BackfillCounts): Promise<string[]> {
  const { ledger, signal } = parts;
  const { loading, processing } = await findPendingUploads(parts);
  const stalled: string[] = [];
  /** @param wait ends once Platform has finished the batch */
  const finish = async (
    one: string,
    wait: (service: UploadService, batch: string) => Promise<"stored" | "stalled">,
  ) => {
    const uploaded = await countUploaded(ledger, one);
    if ((await parts.showWait(one, wait(parts, one))) === "stalled") stalled.push(one);
    else addCounts(counts, uploaded);
  };
  for (const earlier of processing) await finish(earlier, awaitUpload);
  let batch = loading.at(-1);
  if (batch !== undefined) await uploadNotedFile(parts, batch);
  // By their ids: what waits for its file is not noted yet, and Customer.io may list its message again, among the drafts.
  const rows = new Map<string, MappedRow>();
  let bytes = 0;
  const flush = async () => {
    if (rows.size === 0) return;
    batch ??= await openUpload(parts);
    await addFile(parts, batch, [...rows.values()]);
    parts.progress(sumOf(await countUploaded(ledger, batch)));
    rows.clear();
    bytes = 0;
  };
  for await (const events of eachMissing(parts)) {
    const mapped = await mapEvents(parts, events, counts);
    for (const one of mapped) rows.set(one.queued.id, one);
    bytes += mapped.reduce((sum, { row }) => sum + Buffer.byteLength(JSON.stringify(row)), 0);
    if (bytes >= (parts.fileBytes ?? fileBytes)) await flush();
    if (signal.aborted) return stalled;
  }
  await flush();
  // Platform refuses a batch without files.
  if (batch !== undefined && (await countUploaded(ledger, batch)).size > 0) await finish(batch, completeUpload);
  return stalled;
}

function addCounts(counts: BackfillCounts, uploaded: ReadonlyMap<string, number>): void {
  for (const [kind, events] of uploaded) {
    counts.kinds.set(kind, (counts.kinds.get(kind) ?? 0) + events);
    counts.sent += events;
  }
}

async function addFile(parts: UploadParts, batch: string, rows: readonly MappedRow[]): Promise<void> {
  const { ledger, ingestion, signal } = parts;
  const part = (await lastPart(parts, batch)) + 1;
  const file = fileOf(parts, batch, part);
  const lines = Buffer.from(rows.map(({ row }) => `${JSON.stringify(row)}\n`).join(""));
  await writeFile(file, lines, { mode: 0o600 });
  await noteUploaded(
    ledger,
    { batch, part },
    rows.map(({ event }) => event),
  );
  await ingestion.upload(batch, nameOf(part), lines, signal);
  await rm(file);
}

/** A run that was killed has noted its last file, and may not have uploaded it. */
async function uploadNotedFile(parts: UploadParts, batch: string): Promise<void> {
  const part = await lastPart(parts, batch);
  if (part < 0) return;
  const file = fileOf(parts, batch, part);
  const lines = await readFile(file).catch(() => undefined);
  if (lines === undefined) return;
  await parts.ingestion.upload(batch, nameOf(part), lines, parts.signal);
  await rm(file);
}

async function lastPart({ ledger }: UploadParts, batch: string): Promise<number> {
  const [row] = await ledger.query(`SELECT max(part) AS part FROM uploaded WHERE batch = ${quote(batch)}`);
  return row?.part === null || row?.part === undefined ? -1 : Number(row.part);
}

function nameOf(part: number): string {
  return `rows-${part}.json`;
}

function fileOf({ folder }: UploadParts, batch: string, part: number): string {
  return path.join(folder, `${batch}-${nameOf(part)}`);
}
