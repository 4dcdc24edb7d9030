import { rm } from "node:fs/promises";
import path from "node:path";
import { batchOutcome } from "pulumi-aep/client";
import { z } from "zod";
import type { BatchIngestion } from "../../platform/batch-ingestion.ts";
import { type DataAccess, readParquetFiles } from "../../platform/data-access.ts";
import type { DatasetBatch } from "../../platform/dataset.ts";
import { processEach } from "../../process-each.ts";
import { type Ledger, quote } from "../ledger.ts";
import { rowAfter } from "../range.ts";
import { UnreadBatches, type UnreadRows } from "./unread-batches.ts";

/** The paths at which a row has what an audit compares, such as `_acme.customerio.metric`. */
export interface RowPaths {
  readonly delivery: string;
  readonly objectType: string;
  readonly metric: string;
  /** Customer.io's Unix seconds. */
  readonly timestamp: string;
}

export interface RowsOptions {
  readonly access: Pick<DataAccess, "eachBatch" | "listFiles" | "download">;
  readonly ingestion: Pick<BatchIngestion, "readState">;
  readonly ledger: Ledger;
  readonly paths: RowPaths;
  /** Batches that were created before are not read. */
  readonly since: Date;
  readonly now: Date;
  /** Where files are while they are read. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: (batches: number) => void;
}

/** What was noted about a batch when it was read. */
const noteShape = z.object({
  /** Rows in its files. */
  rows: z.number(),
  /** Catalog's counts then. */
  counted: z.string(),
});

/** Reads the dataset's rows into the ledger, batch by batch, without those that an earlier run has read. */
export async function readRows(options: RowsOptions): Promise<UnreadRows> {
  const { access, ledger, since, signal, progress } = options;
  // An earlier run has read by SQL, which does not distinguish batches.
  if ((await ledger.readNote("sql")) !== undefined) await forgetRows(ledger);
  const unread = await UnreadBatches.of(options);
  const withRows = new Set<string>();
  for await (const batch of access.eachBatch(since, signal)) {
    const outcome = batchOutcome(batch.status);
    unread.add(batch, outcome === "stored" ? await readBatch(options, batch) : 0);
    if (outcome !== "stored" && outcome !== "unfinished") continue;
    withRows.add(noteOf(batch.id));
    progress(withRows.size);
  }
  // An earlier run may have read a batch that was removed since, or that Catalog no longer has.
  const read = (await ledger.query("SELECT name FROM notes WHERE name LIKE 'batch %'")).map(({ name }) => String(name));
  for (const note of read) if (!withRows.has(note)) await forgetBatch(ledger, note);
  return await unread.settle();
}

/** @param note its name, which its rows have as their origin */
async function forgetBatch(ledger: Ledger, note: string): Promise<void> {
  await ledger.inTransaction(async () => {
    await ledger.run(`DELETE FROM present WHERE reason = ${quote(note)}`);
    await ledger.run(`DELETE FROM notes WHERE name = ${quote(note)}`);
  });
}

/** Removes the rows that earlier runs have read, and what they noted about it. */
export async function forgetRows(ledger: Ledger): Promise<void> {
  await ledger.inTransaction(async () => {
    await ledger.run("DELETE FROM present");
    await ledger.run("DELETE FROM notes WHERE name LIKE 'batch %' OR name = 'sql'");
  });
}

/**
 * Reads a batch's rows, unless an earlier run has read all of them.
 *
 * @returns how many rows its files lack, compared with what Catalog counts
 */
async function readBatch(options: RowsOptions, batch: DatasetBatch): Promise<number> {
  const { ledger, now } = options;
  const note = noteOf(batch.id);
  const held = await ledger.readNote(note);
  // An earlier version noted something else.
  const before = held === undefined ? undefined : noteShape.safeParse(JSON.parse(held)).data;
  const expected = batch.rows ?? 0;
  // A batch may have got more rows since. If Catalog does not count them, only its age says that it gets no more.
  const mayGrow = batch.rows === undefined && now.getTime() - batch.createdAt.getTime() < rowAfter * 1000;
  const counted = mayGrow ? "not yet" : `${batch.rows} ${batch.failedRecords}`;
  const isRead = before !== undefined && !mayGrow && before.counted === counted && before.rows >= expected;
  const rows = isRead ? before.rows : await readFiles(options, batch.id, counted);
  return Math.max(0, expected - rows);
}

async function readFiles(
  { access, ledger, paths, folder, signal }: RowsOptions,
  id: string,
  counted: string,
): Promise<number> {
  const note = noteOf(id);
  return readParquetFiles(access, id, signal, async (listed) => {
    const files = listed.map((file, index) => ({ ...file, local: path.join(folder, `rows-${index}.parquet`) }));
    try {
      await processEach(files, signal, (file) => access.download(file, file.local, signal));
      signal.throwIfAborted();
      let rows = 0;
      await ledger.inTransaction(async () => {
        await ledger.run(`DELETE FROM present WHERE reason = ${quote(note)}`);
        for (const { local, name } of files) {
          rows += await addFile(ledger, local, paths, note).catch((error: unknown) => {
            throw new Error(
              `Could not read the file ${name} of the batch ${id} (${(error as Error).message.split("\n", 1)[0]}). Run the same command ` +
                "again; if it fails again, ask Adobe's support about this batch.",
            );
          });
        }
        await ledger.setNote(note, JSON.stringify({ rows, counted }));
      });
      return rows;
    } finally {
      await Promise.all(files.map(({ local }) => rm(local, { force: true })));
    }
  });
}

/** The name of a batch's note, which is the origin of its rows. */
function noteOf(id: string): string {
  return `batch ${id}`;
}

/**
 * Adds a file's rows; a file without one of the columns has no value of it. Returns their number.
 *
 * @param origin identifies the rows of a batch, in the column `reason`
 */
async function addFile(ledger: Ledger, file: string, paths: RowPaths, origin: string): Promise<number> {
  const table = `read_parquet(${quote(file)})`;
  const described = await ledger.query(`DESCRIBE SELECT * FROM ${table}`);
  const columns = new Set(described.map(({ column_name: name }) => String(name)));
  const value = (place: string) => {
    const [column = "", ...rest] = place.split(".");
    if (!columns.has(column)) return "NULL";
    const whole = `to_json("${column.replaceAll('"', '""')}")`;
    return `json_extract_string(${whole}, ${quote(["$", ...rest.map((part) => `"${part}"`)].join("."))})`;
  };
  const text = (place: string) => `lower(trim(${value(place)}))`;
  await ledger.run(
    `INSERT INTO present SELECT nullif(${value(paths.delivery)}, ''), coalesce(${text(paths.objectType)}, ''), ` +
      `coalesce(${text(paths.metric)}, ''), coalesce(TRY_CAST(${value(paths.timestamp)} AS BIGINT), 0), ${quote(origin)} FROM ${table}`,
  );
  const [count] = await ledger.query(`SELECT CAST(count(*) AS INTEGER) AS rows FROM ${table}`);
  return Number(count?.rows ?? 0);
}
