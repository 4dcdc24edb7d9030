import { describeError } from "../log.ts";
import type { Marks, SeenMarks } from "../marks-reader.ts";

/** Why an instance must not send now, and after how many seconds to try the message again. */
export interface Fenced {
  readonly seconds: number;
  readonly why: string;
}

/** Asks whether an instance may send; undefined if it may. */
export type Fence = () => Promise<Fenced | undefined>;

/** Seconds after which a message that this instance may not send is tried again, hopefully by another instance. */
const wait = { least: 5, jitter: 5 };

/**
 * Milliseconds by which the clocks of an instance and of Azure may differ, and by which Azure may start an instance
 * with the former settings after the mark was set.
 */
const tolerance = 60_000;

/** One process of the relay. */
export interface Instance {
  /** Digest of its settings; undefined: it has none, and may work unless the mark requires one. */
  readonly configuration: string | undefined;
  readonly startedAt: Date;
}

export interface FencePorts extends Instance {
  readonly marks: Marks;
  /** At least 0, and less than 1. */
  readonly random: () => number;
}

/**
 * Stops an instance whose settings have been replaced, so that `pulumi up` can delete the dataflow of the former
 * settings: after the next read of the marks, no instance with those settings sends, however long Azure keeps it alive.
 *
 * It also stops a new relay until the one that it replaces is drained and has handed over its notes of delivered
 * events.
 *
 * An instance that started after the mark was set has newer settings than the mark, from an `up` that has not finished.
 * It may send.
 */
export function settingsFence({ configuration, marks, startedAt, random }: FencePorts): Fence {
  const stop = (why: string) => ({ seconds: wait.least + Math.ceil(random() * wait.jitter), why });
  return async () => {
    try {
      const seen = await marks();
      if (seen.held) return stop("the former relay has not yet reported what it delivered");
      return isReplaced(seen, { configuration, startedAt }, tolerance)
        ? stop("newer settings have replaced those of this instance")
        : undefined;
    } catch (error) {
      return stop(`can't read from the queue whether the settings are still in force: ${describeError(error)}`);
    }
  };
}

/**
 * Whether different settings were marked after this instance started.
 *
 * @param tolerance milliseconds after the mark in which a starting instance may still have former settings
 */
export function isReplaced({ wanted }: SeenMarks, { configuration, startedAt }: Instance, tolerance = 0): boolean {
  if (wanted === undefined || wanted.configuration === configuration) return false;
  return startedAt.getTime() <= wanted.since.getTime() + tolerance;
}
