import {
  type FormerAccount,
  isClosed,
  isHeld,
  lookLasts,
  parseMarks,
  type WantedConfiguration,
} from "../core/delivery/queue-marks.ts";
import { runWithinBudget } from "./budget.ts";
import type { RelayStorageClient } from "./storage/storage.ts";

/** The marks on the queue, as they apply to this instance. */
export interface SeenMarks {
  /** Whether the intake must refuse events. */
  readonly closed: boolean;
  /** The settings that instances must have; undefined: any. */
  readonly wanted: WantedConfiguration | undefined;
  /** Whether this relay must not send yet, since it does not know yet what the former one has delivered. */
  readonly held: boolean;
  /** The account from which this relay copies the notes of delivered events. */
  readonly former: FormerAccount | "none";
}

/** Returns marks that are at most `lookLasts` old; throws if the storage does not answer. */
export type Marks = () => Promise<SeenMarks>;

export interface MarksReaderPorts {
  readonly storage: Pick<RelayStorageClient, "readMarks">;
  /** Milliseconds of a monotonic clock. */
  readonly monotonic: () => number;
  /** Timeout of one read in milliseconds. */
  readonly budget: number;
}

interface Look {
  readonly startedAt: number;
  readonly seen: Promise<SeenMarks>;
}

/**
 * Reads the marks at most every few seconds: one queue operation, for 0.2 cents per day and busy instance. While calls
 * arrive steadily, the next read starts before the last result is too old, so that no call waits for it.
 */
export function marksReader({ storage, monotonic, budget }: MarksReaderPorts): Marks {
  let last: Look | undefined;
  let next: Look | undefined;

  const look = (): Look => {
    const started: Look = { startedAt: monotonic(), seen: runWithinBudget(budget, createReader(storage)) };
    next = started;
    started.seen.then(
      () => {
        last = started;
        next = undefined;
      },
      () => {
        next = undefined;
      },
    );
    return started;
  };

  return () => {
    const age = last === undefined ? Number.POSITIVE_INFINITY : monotonic() - last.startedAt;
    if (last === undefined || age >= lookLasts) return (next ?? look()).seen;
    if (age >= lookLasts / 2 && next === undefined) look();
    return last.seen;
  };
}

function createReader(storage: Pick<RelayStorageClient, "readMarks">) {
  return async (signal: AbortSignal): Promise<SeenMarks> => {
    const { metadata, now } = await storage.readMarks(signal);
    const { intake, wanted, sending, former } = parseMarks(metadata);
    return { closed: isClosed(intake, now), wanted, held: isHeld(sending, now), former };
  };
}
