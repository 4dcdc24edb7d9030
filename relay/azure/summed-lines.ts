import type { InvocationContext } from "@azure/functions";
import { type Outcome, outcomeLevels } from "../core/delivery/outcomes.ts";
import { countOutcome, writeLine } from "./log.ts";

/** Milliseconds from one line to the next. */
const between = 1_000;
/** Different reasons that one line names. */
const mostReasons = 5;

/** A call that was answered, but did not bring an event. */
export interface CallOutcome {
  readonly outcome: "refused" | "unavailable" | "closed";
  readonly reason: string;
}

export interface SummedLinesPorts {
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  /** Calls back after so many milliseconds; must not keep the process alive. */
  readonly schedule: (callBack: () => void, milliseconds: number) => void;
  /** Writes a line that belongs to no invocation. */
  readonly write: (text: string) => void;
}

/**
 * Lines about calls that anybody can make. Each call is counted at once, but a flood of them writes one line a second, with their number
 * and the reasons: otherwise calls without a signature would fill the log, and the bill.
 *
 * The first call after a quiet second has its line at once. Those after it share the next one, which belongs to no invocation, since
 * theirs have ended by then.
 */
export class SummedLines {
  readonly #ports: SummedLinesPorts;
  readonly #pending = new Map<CallOutcome["outcome"], { count: number; reasons: Set<string> }>();
  readonly #writtenAt = new Map<CallOutcome["outcome"], number>();

  /** @param ports by default Node's clock and timers, and its console, whose lines the host puts into the same log */
  constructor(ports: Partial<SummedLinesPorts> = {}) {
    this.#ports = {
      monotonic: () => performance.now(),
      schedule: (callBack, milliseconds) => void setTimeout(callBack, milliseconds).unref(),
      write: (text) => console.log(text),
      ...ports,
    };
  }

  add(context: InvocationContext, { outcome, reason }: CallOutcome): void {
    const line = lineOf(outcome, 1, { reason });
    countOutcome(line);
    const now = this.#ports.monotonic();
    const waiting = this.#pending.get(outcome);
    if (waiting) {
      waiting.count += 1;
      if (waiting.reasons.size < mostReasons) waiting.reasons.add(reason);
      return;
    }
    const rest = (this.#writtenAt.get(outcome) ?? Number.NEGATIVE_INFINITY) + between - now;
    if (rest <= 0) {
      this.#writtenAt.set(outcome, now);
      writeLine(context, outcomeLevels[outcome], line);
      return;
    }
    this.#pending.set(outcome, { count: 1, reasons: new Set([reason]) });
    this.#ports.schedule(() => this.flush(), rest);
  }

  /** Writes the sums that have no line yet. */
  flush(): void {
    for (const [outcome, { count, reasons }] of this.#pending) {
      this.#writtenAt.set(outcome, this.#ports.monotonic());
      this.#ports.write(JSON.stringify(lineOf(outcome, count, { reasons: [...reasons] })));
    }
    this.#pending.clear();
  }
}

function lineOf(
  outcome: CallOutcome["outcome"],
  count: number,
  why: { readonly reason: string } | { readonly reasons: readonly string[] },
): Outcome {
  switch (outcome) {
    case "refused":
      return { outcome, refused: count, ...why };
    case "unavailable":
      return { outcome, unavailable: count, ...why };
    case "closed":
      return { outcome, closed: count, ...why };
  }
}
