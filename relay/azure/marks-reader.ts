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

/** What the marks on the queue say to this instance. */
export interface MarksSeen {
  /** Whether the intake must take nothing. */
  readonly closed: boolean;
  /** The settings that instances have to have; undefined: any. */
  readonly wanted: WantedConfiguration | undefined;
  /** Whether this relay must not send yet, since it does not know what the former relay has delivered. */
  readonly held: boolean;
  /** The account whose notes of delivered events this relay takes over. */
  readonly former: FormerAccount | "none";
}

/** Yields what the marks say, by a look that is at most `lookLasts` old; throws if the storage does not tell. */
export type Marks = () => Promise<MarksSeen>;

/** For a queue without marks. */
export const noMarks: Marks = async () => ({ closed: false, wanted: undefined, held: false, former: "none" });

export interface MarksReaderPorts {
  readonly storage: Pick<RelayStorageClient, "readMarks">;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  /** Milliseconds that one look may take. */
  readonly budget: number;
}

interface Look {
  readonly startedAt: number;
  readonly seen: Promise<MarksSeen>;
}

/**
 * Reads the marks at most every few seconds: one operation on the queue, for 0.2 cents a day and busy instance. While calls come
 * steadily the next look is made before the last one is too old, so that none of them waits for it.
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
  return async (signal: AbortSignal): Promise<MarksSeen> => {
    const { metadata, now } = await storage.readMarks(signal);
    const { intake, wanted, sending, former } = parseMarks(metadata);
    return { closed: isClosed(intake, now), wanted, held: isHeld(sending, now), former };
  };
}
