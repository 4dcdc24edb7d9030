import type { InvocationContext } from "@azure/functions";
import { isObject } from "../core/json.ts";

/**
 * One outcome as one line of JSON. Counts, event ids, names of blobs and reasons are for the log; bodies, URLs and keys never are.
 *
 * | `outcome` | of | says |
 * |---|---|---|
 * | `accepted` | intake | `accepted` events are durable in one message; `redacted` counts those without their `content`, `email` or `recipient`, `unread` those that passed a filter which could not read them, and `unknownAttributes` those with attributes that the catalogue lacks; `unknown` counts them by path |
 * | `filtered` | intake | one event was left out (`filtered` is 1) by the `rule` |
 * | `refused` | intake | `refused` calls had no valid signature, or a body beyond the limit: at most one line a second, with the `reason` of one call, or the different `reasons` of several |
 * | `unavailable` | intake, health | `unavailable` calls were answered with 503, in lines like those of `refused`; or the storage can't be reached, as `/health` found (no `unavailable`) |
 * | `closed` | intake | `closed` calls were answered with 503 since the relay is being taken down, or newer settings have replaced those of this instance, in lines like those of `refused` |
 * | `forwarded` | forwarder | of one message's events, how many were `delivered`, `duplicate` (Platform has them already), `retried`, `held` (retried, and somebody has to fix something) or `gone` (done with by an earlier run); `ageSeconds`, the age of the oldest when it was delivered, and `deliveredSeconds`, the ages of all that were, added up; `oldestSeconds`, how long the event has waited in the queue that has waited longest |
 * | `waiting` | forwarder | all `held` events of a message wait, untried: for `PLATFORM_READY_AT`, for Platform to come back, for settings to be fixed, or for an instance with newer settings |
 * | `duplicatesUnknown` | forwarder | the tables of delivered events can't be used, so that events may go twice |
 * | `dead` | all | one event became a dead letter, a blob named `deadLetter`: `dead` is 1; at the intake, where it was never accepted, `setAside` is 1 too, and both are 0 for a call that is repeated |
 * | `untaken` | intake, health | the message at the head of the `queue` stands there for `untakenSeconds`, and nobody takes it: its function does not run |
 * | `claimLeft` | forwarder, poison | a claim could not be deleted |
 */
export interface Outcome {
  readonly outcome:
    | "accepted"
    | "filtered"
    | "refused"
    | "unavailable"
    | "closed"
    | "forwarded"
    | "waiting"
    | "duplicatesUnknown"
    | "dead"
    | "untaken"
    | "claimLeft";
  readonly [property: string]: unknown;
}

/** `info`: as it should be. `warn`: the relay copes by itself. `error`: somebody has to do something. */
export type LogLevel = "info" | "warn" | "error";

const listeners: ((outcome: Outcome) => void)[] = [];

/** Hands every outcome of the process to the listener too, so that log and counts tell the same. */
export function onOutcome(listener: (outcome: Outcome) => void): void {
  listeners.push(listener);
}

/** Writes the line to the Functions log, and so to Application Insights, and counts it. */
export function logOutcome(context: InvocationContext, level: LogLevel, outcome: Outcome): void {
  writeLine(context, level, outcome);
  countOutcome(outcome);
}

/** Writes the line alone: see `SummedLines`. */
export function writeLine(context: InvocationContext, level: LogLevel, outcome: Outcome): void {
  context[level](JSON.stringify(outcome));
}

/** Tells the listeners of an outcome, whose line may come later, in a sum. */
export function countOutcome(outcome: Outcome): void {
  for (const listener of listeners) listener(outcome);
}

/** What went wrong in words that hold no payload: the error's code and the first line of its message, without any address. */
export function describeError(error: unknown): string {
  const { code, message } = isObject(error) ? error : {};
  const firstLine = String(message ?? "unknown error").split("\n", 1)[0] ?? "";
  const words = typeof code === "string" ? `${code}: ${firstLine}` : firstLine;
  return words.replaceAll(/https?:\/\/\S+/g, "[address]").slice(0, 200);
}
