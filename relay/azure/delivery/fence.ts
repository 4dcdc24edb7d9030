import { describeError } from "../log.ts";
import type { Marks, MarksSeen } from "../marks-reader.ts";

/** Why an instance must send nothing now, and after how many seconds the message is tried again. */
export type Fence = () => Promise<{ readonly seconds: number; readonly why: string } | undefined>;

/** Seconds after which a message that this instance may not send is tried again, by another instance if all goes well. */
const wait = { least: 5, jitter: 5 };

/**
 * Milliseconds by which the clocks of an instance and of Azure may differ, and by which an instance that Azure starts with the former
 * settings may come later than the mark.
 */
const tolerance = 60_000;

/** One process of the relay. */
export interface Instance {
  /** Digest of its settings; undefined: it has none, and may work as long as no digest is wanted. */
  readonly configuration: string | undefined;
  readonly startedAt: Date;
}

export interface FencePorts extends Instance {
  readonly marks: Marks;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
}

/**
 * Stops an instance whose settings have been replaced. So `pulumi up` can delete the dataflow that the former settings led to: one
 * look later no instance that still has them sends, however long Azure lets it live.
 *
 * It also stops a new relay until the one that it replaces is drained, and has told what it delivered.
 *
 * An instance that started after the mark was set has newer settings than the mark, by an `up` that has not finished. It may send.
 */
export function settingsFence({ configuration, marks, startedAt, random }: FencePorts): Fence {
  const stop = (why: string) => ({ seconds: wait.least + Math.ceil(random() * wait.jitter), why });
  return async () => {
    try {
      const seen = await marks();
      if (seen.held) return stop("the former relay has not yet told what it delivered");
      return isReplaced(seen, { configuration, startedAt }, tolerance)
        ? stop("newer settings have replaced those of this instance")
        : undefined;
    } catch (error) {
      return stop(`the queue does not say whether the settings are still in force: ${describeError(error)}`);
    }
  };
}

/**
 * Whether other settings than this instance has were marked after it started.
 *
 * @param tolerance milliseconds after the mark for which an instance that starts may still have former settings
 */
export function isReplaced({ wanted }: MarksSeen, { configuration, startedAt }: Instance, tolerance = 0): boolean {
  if (wanted === undefined || wanted.configuration === configuration) return false;
  return startedAt.getTime() <= wanted.since.getTime() + tolerance;
}
