import type { InvocationContext } from "@azure/functions";
import { type LeveledOutcome, type LogLevel, type Outcome, outcomeLevels } from "../core/delivery/outcomes.ts";
import { isObject } from "../core/event/json.ts";

const listeners: ((outcome: Outcome) => void)[] = [];

/** Hands every outcome of the process to the listener too, so that log and counts tell the same. */
export function onOutcome(listener: (outcome: Outcome) => void): void {
  listeners.push(listener);
}

/** Writes the line to the Functions log, and so to Application Insights, and counts it. */
export function logOutcome(context: InvocationContext, outcome: LeveledOutcome): void {
  writeLine(context, outcomeLevels[outcome.outcome], outcome);
  countOutcome(outcome);
}

/** The same for the events of a queue message, by which the level goes. */
export function logEvents(
  context: InvocationContext,
  level: LogLevel,
  outcome: Exclude<Outcome, LeveledOutcome>,
): void {
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
