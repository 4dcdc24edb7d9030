import { once } from "node:events";
import path from "node:path";
import { Worker } from "node:worker_threads";

/** SQL without an answer, perhaps with JSON as its parameter; or a client's message in PostgreSQL's protocol. */
export type PostgresCall =
  | { readonly sql: string; readonly json?: string | undefined }
  | { readonly message: Uint8Array };

/** The thread's answer to the call with this number. */
export interface PostgresAnswer {
  readonly id: number;
  readonly bytes?: Uint8Array | undefined;
  readonly failed?: string;
}

/** A PostgreSQL in a separate thread, with one connection. */
export class Postgres {
  readonly #worker = new Worker(path.join(import.meta.dirname, "postgres-worker.ts"));
  #calls = 0;

  private constructor() {
    // One listener for each call.
    this.#worker.setMaxListeners(0);
  }

  static async start(): Promise<Postgres> {
    const postgres = new Postgres();
    await once(postgres.#worker, "online");
    return postgres;
  }

  async run(sql: string, json?: string): Promise<void> {
    await this.#call({ sql, json });
  }

  /** Answers a client's message in the protocol. */
  async answer(message: Uint8Array): Promise<Uint8Array> {
    return (await this.#call({ message })).bytes ?? new Uint8Array();
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #call(call: PostgresCall): Promise<PostgresAnswer> {
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve, reject) => {
      const take = (answer: PostgresAnswer) => {
        if (answer.id !== id) return;
        this.#worker.off("message", take).off("error", reject);
        if (answer.failed === undefined) resolve(answer);
        else reject(new Error(answer.failed));
      };
      this.#worker
        .on("message", take)
        .on("error", reject)
        .postMessage({ ...call, id });
    });
  }
}
