import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import type { Certificate } from "../../certificate.ts";
import type { PlatformState } from "../state/state.ts";
import {
  errorMessage,
  int32,
  type Message,
  QueryRefusal,
  readMessages,
  readyForQuery,
  startParameters,
  texts,
  writeMessage,
} from "./messages.ts";
import { Postgres } from "./postgres.ts";
import { translateQuery } from "./select.ts";
import { fillTables } from "./tables.ts";

/** A code of PostgreSQL's protocol that asks for TLS. */
const tlsRequest = 80_877_103;
/** Asks for the password in clear text, the only method that Query Service has. */
const cleartextPassword = int32(3);

/**
 * Query Service's PostgreSQL endpoint: TLS, an access token as password, and one SELECT at a time, which a real PostgreSQL answers. A
 * session sees the rows that the sandbox's datasets have when it begins.
 */
export class QueryEndpoint {
  readonly #state: PlatformState;
  readonly #server: Server;
  readonly #database: Postgres;
  readonly #sockets = new Set<Socket>();
  #sessions = 0;
  /** Number of sessions so far. */
  #count = 0;
  /** PostgreSQL has one connection here, so related steps finish before others begin. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(state: PlatformState, certificate: Certificate, database: Postgres) {
    this.#state = state;
    this.#database = database;
    const secureContext = createSecureContext({ cert: certificate.certificate, key: certificate.key });
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket)).on("error", () => socket.destroy());
      socket.once("data", (request) => {
        socket.pause();
        if (request.length !== 8 || request.readInt32BE(4) !== tlsRequest) {
          socket.end(errorMessage({ code: "28000", message: "A connection without TLS is not supported" }, "FATAL"));
          return;
        }
        socket.write("S");
        void this.#serve(new TLSSocket(socket, { isServer: true, secureContext }));
      });
    });
  }

  /** Starts it on a free port of this machine. */
  static async start(state: PlatformState, certificate: Certificate): Promise<QueryEndpoint> {
    const endpoint = new QueryEndpoint(state, certificate, await Postgres.start());
    endpoint.#server.listen(0, "127.0.0.1");
    await once(endpoint.#server, "listening");
    return endpoint;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await this.#last;
    await this.#database.close();
  }

  async #serve(socket: TLSSocket): Promise<void> {
    let isOpen = false;
    try {
      // The last message may be a refusal, which still has to be sent.
      const messages = readMessages(socket.iterator({ destroyOnReturn: false }));
      const start = await nextMessage(messages);
      if (start === undefined) return;
      socket.write(writeMessage("R", cleartextPassword));
      const token = readText(await nextMessage(messages));
      this.#requireToken(token);
      if (this.#sessions >= this.#state.switches.querySessions) {
        throw new QueryRefusal("53300", "Session Limit Reached");
      }
      this.#sessions += 1;
      isOpen = true;
      await this.#answerAll(socket, messages, startParameters(start.body).get("database") ?? "", token);
    } catch (error) {
      if (error instanceof QueryRefusal) socket.write(errorMessage(error, "FATAL"));
    } finally {
      if (isOpen) this.#sessions -= 1;
      socket.end();
    }
  }

  async #answerAll(
    socket: TLSSocket,
    messages: AsyncGenerator<Message, void>,
    database: string,
    token: string,
  ): Promise<void> {
    const sandbox = this.#state.sandboxes.get(database.replace(/:all$/, ""));
    if (sandbox === undefined || sandbox.datasets.size === 0) {
      throw new QueryRefusal("42P12", `No tables found for ${database}: please check the dbName`);
    }
    this.#count += 1;
    const schema = `session_${this.#count}`;
    const nested = await this.#inTurn(() => fillTables(this.#database, sandbox, schema));
    socket.write(writeMessage("R", int32(0)));
    socket.write(writeMessage("S", texts("client_encoding", "UTF8")));
    socket.write(writeMessage("K", Buffer.concat([int32(this.#count), int32(0)])));
    socket.write(readyForQuery);
    for await (const message of messages) {
      if (message.type === "X") return;
      if (message.type !== "Q") throw new QueryRefusal("08P01", `Unsupported message type ${message.type}`);
      if (this.#state.switches.queryTokenExpiry === "ends-session") this.#requireToken(token);
      socket.write(await this.#answer(readText(message), schema, nested));
    }
  }

  async #answer(sql: string, schema: string, nested: ReadonlySet<string>): Promise<Uint8Array> {
    const { queryRows, queryTimeoutSeconds } = this.#state.switches;
    try {
      const query = translateQuery(sql, nested, queryRows);
      const began = Date.now();
      const answer = await this.#inTurn(async () => {
        await this.#database.run(`SET search_path TO ${schema}; SET default_transaction_read_only = on`);
        const given = await this.#database.answer(writeMessage("Q", texts(query)));
        await this.#database.run("SET default_transaction_read_only = off");
        return given;
      });
      if (Date.now() - began < queryTimeoutSeconds * 1000) return answer;
      throw new QueryRefusal("53400", "Statement timeout: the query took more than the maximum of 10 minutes");
    } catch (error) {
      if (error instanceof QueryRefusal) return Buffer.concat([errorMessage(error, "ERROR"), readyForQuery]);
      throw error;
    }
  }

  #requireToken(token: string): void {
    const expiry = this.#state.tokens.get(token) ?? 0;
    const isTaken = this.#state.switches.queryCredential === "accepted" && expiry > this.#state.clock();
    if (!isTaken) throw new QueryRefusal("28P01", "Invalid authentication token");
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

async function nextMessage(messages: AsyncGenerator<Message, void>): Promise<Message | undefined> {
  const { value } = await messages.next();
  return value ?? undefined;
}

function readText(message: Message | undefined): string {
  return message ? message.body.toString("utf8").replace(/\0$/, "") : "";
}
