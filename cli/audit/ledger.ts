import path from "node:path";
import type { DuckDBConnection, DuckDBInstance, JS } from "@duckdb/node-api";
import { reportOf } from "../command/debug.ts";

/** A delivery's metric: what an audit compares. */
export interface Occurrence {
  /** Undefined for an event that no message caused. */
  readonly delivery: string | undefined;
  readonly objectType: string;
  readonly metric: string;
  /** Unix seconds. */
  readonly happened: number;
  /** Why it need not be in the dataset, beginning with `?` if that can't be known. Of a row: its batch. */
  readonly reason?: string | undefined;
}

/** Tables of occurrences: Customer.io's record, the dataset's rows, and the relay's dead letters, head of the queue and notes of deliveries. */
const sides = ["recorded", "present", "held", "waiting", "noted"] as const;
type Side = (typeof sides)[number];

/** Rows per insert: DuckDB's vector size. */
const chunkRows = 2048;

/**
 * The database in which an audit collects what it compares. It is a file, so memory stays flat, and an audit that was stopped can
 * resume: what is added and how far reading has come are written together or not at all.
 */
export class Ledger {
  readonly #duckDb: typeof import("@duckdb/node-api");
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(
    duckDb: typeof import("@duckdb/node-api"),
    instance: DuckDBInstance,
    connection: DuckDBConnection,
  ) {
    this.#duckDb = duckDb;
    this.#instance = instance;
    this.#connection = connection;
  }

  /** @throws if DuckDB is not installed, with the command that installs it; or if another process has the file open, or it is damaged */
  static async open(file: string): Promise<Ledger> {
    const duckDb = await loadDuckDb();
    // By default, DuckDB takes a file with the path, the length and the second of an earlier one for that one, and uses the earlier one's
    // metadata: downloaded files have the same few names.
    const options = { memory_limit: "400MB", threads: "2", enable_external_file_cache: "false" };
    const instance = await duckDb.DuckDBInstance.create(file, options).catch((error: unknown) => {
      throw explainOpening(error, file);
    });
    const ledger = new Ledger(duckDb, instance, await instance.connect());
    const columns = "(delivery VARCHAR, object_type VARCHAR, metric VARCHAR, happened BIGINT, reason VARCHAR)";
    for (const side of sides) await ledger.run(`CREATE TABLE IF NOT EXISTS ${side} ${columns}`);
    await ledger.run("CREATE TABLE IF NOT EXISTS deliveries (delivery VARCHAR)");
    await ledger.run(
      "CREATE TABLE IF NOT EXISTS sent (delivery VARCHAR, object_type VARCHAR, metric VARCHAR, sent_at BIGINT)",
    );
    await ledger.run("CREATE TABLE IF NOT EXISTS unconfirmed (message VARCHAR)");
    // The batches of `backfill --via batch` that can be reverted, since when they are known to have their rows or to be stalled,
    // and what is in them.
    await ledger.run("CREATE TABLE IF NOT EXISTS uploads (batch VARCHAR)");
    // A folder of an earlier version has the table without them.
    for (const column of ["arrived_at", "stalled_at"]) {
      await ledger.run(`ALTER TABLE uploads ADD COLUMN IF NOT EXISTS ${column} BIGINT`);
    }
    await ledger.run(
      "CREATE TABLE IF NOT EXISTS uploaded (batch VARCHAR, part INTEGER, delivery VARCHAR, object_type VARCHAR, metric VARCHAR)",
    );
    await ledger.run("CREATE TABLE IF NOT EXISTS notes (name VARCHAR PRIMARY KEY, value VARCHAR)");
    return ledger;
  }

  async run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  async query(sql: string): Promise<Record<string, JS>[]> {
    return (await this.#connection.runAndReadAll(sql)).getRowObjectsJS() as Record<string, JS>[];
  }

  /** Does the work in a transaction. */
  async inTransaction(work: () => Promise<void>): Promise<void> {
    await this.run("BEGIN");
    try {
      await work();
      await this.run("COMMIT");
    } catch (error) {
      await this.run("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }

  async add(side: Side, occurrences: readonly Occurrence[]): Promise<void> {
    const { VARCHAR, BIGINT } = this.#duckDb;
    await this.#append(
      side,
      [VARCHAR, VARCHAR, VARCHAR, BIGINT, VARCHAR],
      [
        occurrences.map(({ delivery }) => delivery ?? null),
        occurrences.map(({ objectType }) => objectType),
        occurrences.map(({ metric }) => metric),
        occurrences.map(({ happened }) => BigInt(happened)),
        occurrences.map(({ reason }) => reason ?? null),
      ],
    );
  }

  async addDeliveries(ids: readonly string[]): Promise<void> {
    await this.#append("deliveries", [this.#duckDb.VARCHAR], [ids]);
  }

  /**
   * Notes what a backfill is about to put into the relay's queue, together with the messages themselves. They are unconfirmed until
   * `confirmSent`: if the process ends in between, only a repetition of the very same messages is safe.
   */
  async addSent(occurrences: readonly Occurrence[], messages: readonly string[], at: Date): Promise<void> {
    const seconds = Math.floor(at.getTime() / 1000);
    const rows = occurrences.map(
      ({ delivery = "", objectType, metric }) =>
        `(${quote(delivery)}, ${quote(objectType)}, ${quote(metric)}, ${seconds})`,
    );
    await this.inTransaction(async () => {
      await this.run(`INSERT INTO sent VALUES ${rows.join(", ")}`);
      await this.run(`INSERT INTO unconfirmed VALUES ${messages.map((text) => `(${quote(text)})`).join(", ")}`);
    });
  }

  /** Messages that a run was about to put into the queue when it ended. */
  async readUnconfirmed(): Promise<string[]> {
    return (await this.query("SELECT message FROM unconfirmed")).map(({ message }) => String(message));
  }

  async confirmSent(): Promise<void> {
    await this.run("DELETE FROM unconfirmed");
  }

  /** How far reading has come; undefined at the beginning. */
  async readNote(name: string): Promise<string | undefined> {
    const [row] = await this.query(`SELECT value FROM notes WHERE name = ${quote(name)}`);
    return row === undefined ? undefined : String(row.value);
  }

  async setNote(name: string, value: string): Promise<void> {
    await this.run(`INSERT OR REPLACE INTO notes VALUES (${quote(name)}, ${quote(value)})`);
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #append(
    table: string,
    types: Parameters<typeof import("@duckdb/node-api").DuckDBDataChunk.create>[0],
    columns: readonly (readonly (string | bigint | null)[])[],
  ): Promise<void> {
    const rows = columns[0]?.length ?? 0;
    if (rows === 0) return;
    const appender = await this.#connection.createAppender(table);
    for (let from = 0; from < rows; from += chunkRows) {
      const part = columns.map((column) => column.slice(from, from + chunkRows));
      const chunk = this.#duckDb.DuckDBDataChunk.create(types, part[0]?.length ?? 0);
      chunk.setColumns(part);
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
    appender.closeSync();
  }
}

/**
 * SQL for the events that a backfill has sent, or whose batch has arrived, since a time: their rows may still appear. One may be there twice.
 *
 * @param since Unix seconds
 */
export function selectSentSince(since: number): string {
  const columns = "delivery, object_type, metric";
  return (
    `SELECT ${columns} FROM sent WHERE sent_at >= ${since} UNION ALL ` +
    `SELECT ${columns} FROM uploaded JOIN uploads USING (batch) WHERE arrived_at >= ${since}`
  );
}

/** A text as a literal of SQL. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** DuckDB's own message names at most the file. One process at a time may open it. */
function explainOpening(error: unknown, file: string): Error {
  const { message } = error as Error;
  const folder = path.dirname(file);
  if (!/Conflicting lock|used by another process/.test(message)) {
    return new Error(
      `Could not open ${file} (${message.split("\n", 1)[0]}). If the file is damaged, audit in another --folder. If a backfill has ` +
        "used this one, wait a day after it before you send anything from there: only this folder knows what was sent.",
    );
  }
  const [, id] = message.match(/\(PID (\d+)\)/) ?? [];
  return new Error(
    `${id === undefined ? "Another process" : `Process ${id}`} is using the folder ${folder} for an audit or a backfill. ` +
      "Wait until it has ended, or choose another --folder.",
  );
}

async function loadDuckDb(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (error) {
    throw new Error(
      `An audit needs DuckDB, but its package can't be loaded (${reportOf(error).split("\n", 1)[0]}). Install it where ` +
        "customerio-aep is installed: npm install @duckdb/node-api",
    );
  }
}
