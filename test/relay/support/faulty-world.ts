import { randomUUID } from "node:crypto";
import type { RememberedDuplicatesPorts } from "../../../relay/azure/delivery/duplicates.ts";
import type { PlatformAnswer } from "../../../relay/azure/delivery/platform-answer.ts";
import type { RelayStorageClient } from "../../../relay/azure/storage/storage.ts";
import { TableError } from "../../../relay/azure/storage/tables.ts";
import type { DeadLetter, DeadLetterBlob } from "../../../relay/core/event/dead-letter.ts";
import { queueNames } from "../../../relay/core/names.ts";

/**
 * What happens to one call of the storage or of Platform: it fails before or after it had its effect, or the process dies before or
 * after it.
 */
export type Fault = "none" | "fail" | "failAfter" | "die" | "dieAfter";

interface Message {
  readonly text: string;
  dequeueCount: number;
}

/** Ends the pending work of a process when it dies. */
class ProcessDied extends Error {}

/**
 * A storage account and a Platform in memory that outlive the processes that use them, with a script of faults.
 */
export class FaultyWorld {
  readonly queues: Record<string, Message[]> = { [queueNames.events]: [], [queueNames.poison]: [] };
  readonly claims = new Map<string, string>();
  readonly deadLetters = new Map<string, DeadLetter>();
  /** Who wrote each dead letter first. */
  readonly #writers = new Map<string, string>();
  readonly tables = new Map<string, Set<string>>();
  /** The event ids that Platform answered with 200, or has although its answer was lost. */
  readonly delivered = new Map<string, number>();
  now = Date.parse("2026-11-20T10:00:00.000Z");
  /** What happens to the next calls. At the end of the script, all calls succeed. */
  faults: Fault[] = [];
  readonly #statuses: number[];

  /** @param statuses Platform's next answers; after them it answers 200 */
  constructor(statuses: readonly number[]) {
    this.#statuses = [...statuses];
  }

  /** A process of the relay: what it does to the world, until it dies. */
  startProcess() {
    let alive = true;
    const died = Promise.withResolvers<never>();
    died.promise.catch(() => undefined);
    const die = () => {
      alive = false;
      died.reject(new ProcessDied());
      return new Promise<never>(() => undefined);
    };
    const act = async <T>(effect: () => T): Promise<T> => {
      await Promise.resolve();
      if (!alive) return new Promise<never>(() => undefined);
      const fault = this.faults.shift() ?? "none";
      if (fault === "die") return die();
      if (fault === "fail") throw new Error("the call failed");
      const result = effect();
      if (fault === "dieAfter") return die();
      if (fault === "failAfter") throw new Error("the call had its effect, but its answer got lost");
      return result;
    };
    const storage: Pick<
      RelayStorageClient,
      "enqueue" | "putClaim" | "readClaim" | "deleteClaim" | "putDeadLetter" | "addDeadLetter"
    > = {
      enqueue: (text, { queue = queueNames.events }) =>
        act(() => void this.queues[queue]?.push({ text, dequeueCount: 0 })),
      putClaim: (name, body) => act(() => void this.claims.set(name, body)),
      readClaim: (name) => act(() => this.claims.get(name)),
      deleteClaim: (name) => act(() => void this.claims.delete(name)),
      putDeadLetter: ({ name, document }: DeadLetterBlob, _signal: AbortSignal, writer: string = randomUUID()) =>
        act(() => {
          const first = this.deadLetters.has(name) ? this.#writers.get(name) : writer;
          this.#writers.set(name, first ?? writer);
          this.deadLetters.set(name, document);
          return first === writer;
        }),
      addDeadLetter: ({ name, document }: DeadLetterBlob, _signal: AbortSignal, writer: string) =>
        act(() => {
          if (this.deadLetters.has(name)) return this.#writers.get(name) === writer;
          this.#writers.set(name, writer);
          this.deadLetters.set(name, document);
          return true;
        }),
    };
    const tableOf = (name: string): Set<string> => {
      const table = this.tables.get(name);
      if (!table) throw new TableError(404, "TableNotFound");
      return table;
    };
    const tables: RememberedDuplicatesPorts["tables"] = {
      has: (table, { row }) => act(() => this.tables.get(table)?.has(row) ?? false),
      put: (table, { row }) => act(() => void tableOf(table).add(row)),
      putAll: (table, entities) =>
        act(() => {
          for (const { key } of entities) tableOf(table).add(key.row);
        }),
      rowKeys: (table, { from, to }) =>
        act(() => ({
          rows: [...(this.tables.get(table) ?? [])].filter((row) => row >= from && row <= to).sort(),
          isAll: true,
        })),
      create: (table) => act(() => !this.tables.has(table) && Boolean(this.tables.set(table, new Set()))),
      list: () => act(() => [...this.tables.keys()]),
      delete: (table) => act(() => void this.tables.delete(table)),
    };
    const platform = {
      send: (body: string) => act(() => this.#receive(body)).catch((): PlatformAnswer => ({ failure: "no answer" })),
    };
    /** Runs an invocation until it ends or the process dies. */
    const run = <T>(invocation: () => Promise<T> | T): Promise<T> =>
      Promise.race([Promise.resolve().then(invocation), died.promise]);
    return { storage, tables, platform, clock: () => new Date(this.now), run };
  }

  #receive(body: string): PlatformAnswer {
    const status = this.#statuses.shift() ?? 200;
    const id: string = JSON.parse(body).event_id;
    if (status === 200) this.delivered.set(id, (this.delivered.get(id) ?? 0) + 1);
    return { status, retryAfter: null, detail: "" };
  }
}
