import type { Profiler } from "node:inspector";

/** Calls at a time, as from 32 connections. */
export const calledAtOnce = 32;
/** Messages at a time: `batchSize` of `relay/host.json`. */
export const messagesAtOnce = 16;
/** Events of a message, about as many as share one in a blast. */
export const eventsInMessage = 10;
/** Events that are prepared at a time, so that those that wait need little memory. */
export const preparedAtOnce = 1_000;
/** Events before anything is measured, so that code is compiled and connections are open. */
export const warmUp = 1_000;

/** What a worker measured of itself. */
export interface WorkerReport {
  /** Of processor time, for each event. */
  readonly milliseconds: number;
  /** MB of memory at the peak. */
  readonly peakMemory: number;
  readonly profile?: Profiler.Profile;
}
