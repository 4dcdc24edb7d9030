import { z } from "zod";
import type { BatchIngestion } from "../../platform/batch-ingestion.ts";
import type { DataAccess } from "../../platform/data-access.ts";
import { QueryServiceError } from "../../platform/query-complaint.ts";
import type { QueryService } from "../../platform/query-service.ts";
import { type Ledger, quote } from "../ledger.ts";
import { type AuditRange, dateAt } from "../range.ts";
import { forgetRows, type RowPaths } from "./rows.ts";
import { UnreadBatches, type UnreadRows } from "./unread-batches.ts";

/** The dataset as a table of Query Service. */
export interface SqlTable {
  readonly service: Pick<QueryService, "query" | "close">;
  readonly name: string;
}

export interface SqlRowsOptions {
  readonly table: SqlTable;
  readonly access: Pick<DataAccess, "eachBatch">;
  readonly ingestion: Pick<BatchIngestion, "readState">;
  readonly ledger: Ledger;
  readonly paths: RowPaths;
  readonly range: AuditRange;
  /** Batches that were created before are ignored. */
  readonly since: Date;
  readonly now: Date;
  readonly signal: AbortSignal;
  readonly progress: (rows: number) => void;
}

/** Rows of one query: Query Service returns no more to a PostgreSQL client. */
const pageLength = 50_000;
/** Seconds within which a stopped read can resume. After that, too many events would be too young to judge. */
const continuedFor = 86_400;
/** Note of how far the read has come, and what its rows have as their origin. */
const note = "sql";

const groupShape = z.object({
  delivery: z.string(),
  object_type: z.string(),
  metric: z.string(),
  day: z.coerce.number(),
  happened: z.coerce.number(),
  copies: z.coerce.number(),
});
/** Rows of one delivery, object type, metric and UTC day: these four are a unique key. */
type Group = z.output<typeof groupShape>;
const keyShape = groupShape.pick({ delivery: true, object_type: true, metric: true, day: true });
type Key = z.output<typeof keyShape>;
const progressShape = z.object({
  began: z.number(),
  /** Whether all batches were finished then. Otherwise one may have been finished after a page that would have had its rows. */
  isWhole: z.boolean(),
  rows: z.number(),
  after: keyShape.optional(),
  done: z.boolean(),
});
type SqlProgress = z.output<typeof progressShape>;

/**
 * Reads the dataset's rows into the ledger by SQL, page by page, and resumes what an earlier run has started.
 *
 * @throws with SQL that a person can run, if Query Service does not answer
 */
export async function readRowsBySql(options: SqlRowsOptions): Promise<UnreadRows> {
  const { table, access, paths, range, since, signal } = options;
  // Query Service does not show what Platform is still processing. The list comes first, since a batch may be finished during the read.
  const unread = await UnreadBatches.of(options);
  for await (const batch of access.eachBatch(since, signal)) unread.add(batch);
  let asOf: number;
  try {
    asOf = await readPages(options, unread.isEmpty);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof QueryServiceError
      ? new Error(`${error.message}\n\n${countWords(table.name, paths, range)}`)
      : error;
  } finally {
    await table.service.close();
  }
  return { ...(await unread.settle()), asOf };
}

/** @returns when the first of the pages was read, in Unix seconds: new rows may sort before the position at which an earlier run stopped */
async function readPages(
  { table, ledger, paths, range, now, signal, progress }: SqlRowsOptions,
  isWhole: boolean,
): Promise<number> {
  let read = (await findProgress(ledger, now.getTime() / 1000)) ?? {
    began: now.getTime() / 1000,
    rows: 0,
    done: false,
    isWhole,
  };
  for (;;) {
    const sql = pageSql(table.name, paths, range.createdFrom, read.after);
    const groups = await table.service.query(sql, groupShape, signal);
    const last = groups.at(-1);
    // Only an empty page is the last: a limit that is lower than documented must not look like the end.
    const rows = read.rows + groups.reduce((sum, { copies }) => sum + copies, 0);
    read = { ...read, rows, done: last === undefined, ...(last && { after: keyShape.parse(last) }) };
    await ledger.inTransaction(async () => {
      await addGroups(ledger, groups);
      await ledger.setNote(note, JSON.stringify(read));
    });
    if (last === undefined) return read.began;
    progress(rows);
  }
}

/** Where an earlier run has stopped; undefined, without rows, if the read has to begin. */
async function findProgress(ledger: Ledger, now: number): Promise<SqlProgress | undefined> {
  const held = await ledger.readNote(note);
  const read = held === undefined ? undefined : progressShape.safeParse(JSON.parse(held)).data;
  if (read?.isWhole && !read.done && now - read.began < continuedFor) return read;
  await forgetRows(ledger);
  return undefined;
}

async function addGroups(ledger: Ledger, groups: readonly Group[]): Promise<void> {
  await ledger.add(
    "present",
    groups.map(({ delivery, object_type: objectType, metric, happened }) => ({
      delivery: delivery === "" ? undefined : delivery,
      objectType,
      metric,
      happened,
      reason: note,
    })),
  );
  const repeated = groups.filter(({ copies }) => copies > 1);
  if (repeated.length === 0) return;
  const values = repeated.map(({ delivery, object_type: objectType, metric, happened, copies }) => {
    const texts = [delivery, objectType, metric].map(quote);
    return `(${texts.join(", ")}, ${happened}, ${copies - 1})`;
  });
  await ledger.run(
    `INSERT INTO present SELECT nullif(delivery, ''), object_type, metric, happened, ${quote(note)} ` +
      `FROM (VALUES ${values.join(", ")}) AS repeated(delivery, object_type, metric, happened, times), range(times)`,
  );
}

/** One page: what comes after a key, in the order of the keys. */
export function pageSql(table: string, paths: RowPaths, createdFrom: number, after: Key | undefined): string {
  const text = (place: string) => `lower(trim(coalesce(${fieldSql(place)}, '')))`;
  const at = `coalesce(${fieldSql(paths.timestamp)}, 0)`;
  const key = "delivery, object_type, metric, day";
  return (
    `SELECT ${key}, min(happened) AS happened, count(*) AS copies FROM (` +
    `SELECT coalesce(${fieldSql(paths.delivery)}, '') AS delivery, ${text(paths.objectType)} AS object_type, ` +
    `${text(paths.metric)} AS metric, CAST(floor(${at} / 86400) AS bigint) AS day, ${at} AS happened FROM ${nameSql(table)}) AS events ` +
    `WHERE (happened >= ${createdFrom} OR happened = 0)${after ? ` AND ${afterSql(after)}` : ""} ` +
    `GROUP BY ${key} ORDER BY ${key} LIMIT ${pageLength}`
  );
}

function afterSql({ delivery, object_type: objectType, metric, day }: Key): string {
  const later = (column: string, value: string, next: string) =>
    `(${column} > ${value} OR (${column} = ${value} AND ${next}))`;
  const [first, second, third] = [delivery, objectType, metric].map(literal) as [string, string, string];
  return later("delivery", first, later("object_type", second, later("metric", third, `day > ${day}`)));
}

/** A text of Query Service, whose languages disagree about quotes and backslashes in texts. */
function literal(text: string): string {
  if (!/['\\]/.test(text)) return `'${text}'`;
  throw new Error(
    `A row has ${JSON.stringify(text)}, which can't be written in SQL of Query Service. Run the audit without --sql.`,
  );
}

/** A field by its path. Names that SQL could read otherwise are in back quotes, as Query Service has it. */
function fieldSql(place: string): string {
  return place.split(".").map(nameSql).join(".");
}

/** Anyone who may change a dataset's tags chooses the name of its table, and must not choose what is queried. */
function nameSql(name: string): string {
  return /^[a-z_]\w*$/i.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}

/** SQL that a person can run if the command can't: it counts the dataset's rows and deliveries of each day and kind. */
export function countWords(table: string, paths: RowPaths, { from, to }: AuditRange): string {
  const [type, metric, delivery] = [paths.objectType, paths.metric, paths.delivery].map(fieldSql);
  const at = fieldSql(paths.timestamp);
  return [
    "To count the rows yourself, run this SQL in Platform, at Queries > Create query:",
    `SELECT CAST(floor(${at} / 86400) AS bigint) AS day, ${type} AS object_type, ${metric} AS metric,`,
    `  count(*) AS row_count, count(DISTINCT ${delivery}) AS deliveries`,
    `FROM ${nameSql(table)}`,
    `WHERE ${at} >= ${from} AND ${at} < ${to}`,
    "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    `(day counts from 1970-01-01: ${from / 86_400} is ${dateAt(from)})`,
  ].join("\n");
}
