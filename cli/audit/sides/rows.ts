import { rm } from "node:fs/promises";
import path from "node:path";
import { backfillTag } from "../../platform/batch-ingestion.ts";
import { type DataAccess, readParquetFiles } from "../../platform/data-access.ts";
import type { DatasetBatch } from "../../platform/dataset.ts";
import { processEach } from "../../process-each.ts";
import { type Ledger, quote } from "../ledger.ts";

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
  readonly ledger: Ledger;
  readonly paths: RowPaths;
  /** Batches that were created before are not read. */
  readonly since: Date;
  /** An unfinished batch that was created since then holds only recent rows: no other row is absent because of it. */
  readonly settledBefore: Date;
  /** Where files are while they are read. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: (batches: number) => void;
}

/** What was read of a dataset. */
export interface RowsRead {
  /** Old batches that are still unfinished: their rows may still arrive. */
  readonly open: number;
  /** Rows fewer than Catalog counts in the batches that were read. */
  readonly lacking: number;
}

/** Catalog's states of batches whose rows are not in the dataset, and never will be. */
const without: readonly string[] = ["failed", "failure", "inactive", "abandoned", "aborted"];

/** Reads the dataset's rows into the ledger, batch by batch, without those that an earlier run has read. */
export async function readRows(options: RowsOptions): Promise<RowsRead> {
  const { access, ledger, since, settledBefore, signal, progress } = options;
  let [open, lacking, done] = [0, 0, 0];
  const backfill = await ledger.readNote("backfill");
  // An earlier run has read by SQL, which does not distinguish batches.
  if ((await ledger.readNote("sql")) !== undefined) await forgetRows(ledger);
  for await (const batch of access.eachBatch(since, signal)) {
    const note = `batch ${batch.id}`;
    if (without.includes(batch.status)) {
      if ((await ledger.readNote(note)) === undefined) continue;
      // Reverted since it was read. Rows do not say which batch they are of, so all are read again.
      await forgetRows(ledger);
      return readRows(options);
    }
    if (isUnfinished(batch)) {
      if (isOpen(batch, settledBefore, backfill)) open += 1;
      continue;
    }
    const before = await ledger.readNote(note);
    // A batch may have got more rows since an earlier run.
    const isRead = before !== undefined && Number(before) >= (batch.rows ?? 0);
    const read = isRead ? Number(before) : await readBatch(options, batch.id, note);
    lacking += Math.max(0, (batch.rows ?? 0) - read);
    done += 1;
    progress(done);
  }
  return { open, lacking };
}

/** Old batches that are still unfinished: their rows may still arrive. */
export async function countOpenBatches({
  access,
  ledger,
  since,
  settledBefore,
  signal,
}: Pick<RowsOptions, "ledger" | "since" | "settledBefore" | "signal"> & {
  readonly access: Pick<DataAccess, "eachBatch">;
}): Promise<number> {
  let open = 0;
  const backfill = await ledger.readNote("backfill");
  for await (const batch of access.eachBatch(since, signal)) {
    if (isUnfinished(batch) && isOpen(batch, settledBefore, backfill)) open += 1;
  }
  return open;
}

/** Removes the rows that earlier runs have read, and what they noted about it. */
export async function forgetRows(ledger: Ledger): Promise<void> {
  await ledger.inTransaction(async () => {
    await ledger.run("DELETE FROM present");
    await ledger.run("DELETE FROM notes WHERE name LIKE 'batch %' OR name = 'sql'");
  });
}

function isUnfinished({ status }: DatasetBatch): boolean {
  return !without.includes(status) && status !== "success" && status !== "active";
}

/** @param backfill its uploads are known, and must not make everything else unknown */
function isOpen({ tags, createdAt }: DatasetBatch, settledBefore: Date, backfill: string | undefined): boolean {
  const isOwn = backfill !== undefined && tags?.[backfillTag]?.includes(backfill);
  return !isOwn && createdAt < settledBefore;
}

async function readBatch(
  { access, ledger, paths, folder, signal }: RowsOptions,
  id: string,
  note: string,
): Promise<number> {
  return readParquetFiles(access, id, signal, async (listed) => {
    const files = listed.map((file, index) => ({ ...file, local: path.join(folder, `rows-${index}.parquet`) }));
    try {
      await processEach(files, signal, (file) => access.download(file, file.local, signal));
      signal.throwIfAborted();
      let rows = 0;
      await ledger.inTransaction(async () => {
        await ledger.run(`DELETE FROM present WHERE reason = ${quote(note)}`);
        for (const { local } of files) rows += await addFile(ledger, local, paths, note);
        await ledger.setNote(note, String(rows));
      });
      return rows;
    } finally {
      await Promise.all(files.map(({ local }) => rm(local, { force: true })));
    }
  });
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
