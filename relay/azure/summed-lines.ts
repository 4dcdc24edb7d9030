import type { InvocationContext } from "@azure/functions";
import { isSummed, OutcomeSum, sumKey } from "../core/delivery/outcome-sum.ts";
import type { Outcome } from "../core/delivery/outcomes.ts";
import { lineByLine, type RelayLog } from "./log.ts";

/** Milliseconds between two lines of the same kind, as between two writes of the counts. */
const between = 15_000;

export interface SummedLinesPorts {
  /** Milliseconds of a monotonic clock. */
  readonly monotonic: () => number;
  /** Calls back after a time in milliseconds, without keeping the process alive. */
  readonly schedule: (callBack: () => void, milliseconds: number) => void;
  /** Writes a line that belongs to no invocation. */
  readonly write: (text: string) => void;
}

/**
 * The log of an instance, in which outcomes of the same kind share a line: at a hundred events a second, a line for
 * each would be most of the bill, and strangers' calls could fill the log.
 *
 * The first outcome after a quiet time gets its line at once, with the ids of its events. Later ones share the next
 * line, which belongs to no invocation, since theirs have ended by then. A killed process loses the sums of its last
 * seconds.
 */
export class SummedLines implements RelayLog {
  readonly #ports: SummedLinesPorts;
  readonly #pending = new Map<string, OutcomeSum>();
  readonly #writtenAt = new Map<string, number>();

  /** @param ports by default Node's clock and timers, and its console, whose lines the host puts into the same log */
  constructor(ports: Partial<SummedLinesPorts> = {}) {
    this.#ports = {
      monotonic: () => performance.now(),
      schedule: (callBack, milliseconds) => void setTimeout(callBack, milliseconds).unref(),
      write: (text) => console.log(text),
      ...ports,
    };
  }

  write(context: InvocationContext, outcome: Outcome): void {
    if (!isSummed(outcome)) {
      lineByLine.write(context, outcome);
      return;
    }
    const key = sumKey(outcome);
    const waiting = this.#pending.get(key);
    if (waiting) {
      waiting.add(outcome);
      return;
    }
    const now = this.#ports.monotonic();
    const rest = (this.#writtenAt.get(key) ?? Number.NEGATIVE_INFINITY) + between - now;
    if (rest <= 0) {
      this.#writtenAt.set(key, now);
      lineByLine.write(context, outcome);
      return;
    }
    const sum = new OutcomeSum();
    sum.add(outcome);
    this.#pending.set(key, sum);
    this.#ports.schedule(() => this.#writeSum(key), rest);
  }

  /** Writes the sums that have no line yet. */
  flush(): void {
    for (const key of Array.from(this.#pending.keys())) this.#writeSum(key);
  }

  #writeSum(key: string): void {
    const sum = this.#pending.get(key);
    if (!sum) return;
    this.#pending.delete(key);
    this.#writtenAt.set(key, this.#ports.monotonic());
    this.#ports.write(JSON.stringify(sum.line));
  }
}
