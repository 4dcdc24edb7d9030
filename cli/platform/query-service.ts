import type { Client } from "pg";
import { type AepClient, paths } from "pulumi-aep/client";
import { z } from "zod";
import { explainQueryError, isSessionLost } from "./query-complaint.ts";

/** Milliseconds to connect, and to answer a query: Query Service itself gives up after ten minutes. */
const [connectLimit, queryLimit] = [60_000, 11 * 60_000];

const connectionAnswer = z.object({
  host: z.string().min(1),
  port: z.coerce.number(),
  dbName: z.string().min(1),
  username: z.string().min(1),
  token: z.string().min(1),
});

/**
 * Adobe's Query Service by PostgreSQL's protocol. The password is an access token of the stack's credential, which Platform gives with
 * the connection parameters. Needs the permission Manage Queries, and a license for ad hoc queries.
 */
export class QueryService {
  readonly #client: AepClient;
  #session: { readonly connection: Client; readonly place: string } | undefined;

  constructor(client: AepClient) {
    this.#client = client;
  }

  /** The rows of one SELECT. If its session ends, such as with its token, a new one repeats the query once. */
  async query<Row>(sql: string, row: z.ZodType<Row>, signal: AbortSignal): Promise<Row[]> {
    const mayRepeat = this.#session !== undefined;
    try {
      return await this.#query(sql, row, signal);
    } catch (error) {
      const place = this.#session?.place ?? "its PostgreSQL endpoint";
      await this.close();
      signal.throwIfAborted();
      if (mayRepeat && isSessionLost(error)) return await this.query(sql, row, signal);
      throw explainQueryError(error, place);
    }
  }

  /** Ends the session. Query Service allows few at a time. */
  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.connection.end().catch(() => undefined);
  }

  async #query<Row>(sql: string, row: z.ZodType<Row>, signal: AbortSignal): Promise<Row[]> {
    const connection = await this.#connect(signal);
    const end = () => void connection.end().catch(() => undefined);
    signal.addEventListener("abort", end);
    try {
      const { rows } = await connection.query(sql);
      return z.array(row).parse(rows);
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  async #connect(signal: AbortSignal): Promise<Client> {
    if (this.#session) return this.#session.connection;
    const call = { method: "GET", path: paths.queryConnection, signal, purpose: "connect to Query Service" } as const;
    const { host, port, dbName, username, token } = await this.#client.call(call, connectionAnswer);
    const { default: pg } = await import("pg");
    const connection = new pg.Client({
      host,
      port,
      database: dbName,
      user: username,
      password: token,
      application_name: "customerio-aep",
      // Verifies certificate and host name: the token must not reach anybody else.
      ssl: { rejectUnauthorized: true },
      connectionTimeoutMillis: connectLimit,
      query_timeout: queryLimit,
      keepAlive: true,
    });
    // The next query reports a session that was lost between two.
    connection.on("error", () => undefined);
    this.#session = { connection, place: `${host}:${port}` };
    await connection.connect();
    return connection;
  }
}
