import type { InvocationContext } from "@azure/functions";
import { levelOf, type Outcome } from "../core/delivery/outcomes.ts";
import { isObject } from "../core/event/json.ts";

/** Where lines of the log go to. */
export interface RelayLog {
  write(context: InvocationContext, outcome: Outcome): void;
}

/** Writes each outcome as a line of its own to the Functions log, and so to Application Insights. */
export const lineByLine: RelayLog = {
  write: (context, outcome) => context[levelOf(outcome)](JSON.stringify(outcome)),
};

const listeners: ((outcome: Outcome) => void)[] = [];

/** Hands every outcome of the process to the listener too, so that log and counts tell the same. */
export function onOutcome(listener: (outcome: Outcome) => void): void {
  listeners.push(listener);
}

/** Writes the outcome to the log, and counts it at once, whenever its line may come. */
export function logOutcome(context: InvocationContext, outcome: Outcome, log: RelayLog = lineByLine): void {
  log.write(context, outcome);
  countOutcome(outcome);
}

/** Tells the listeners of an outcome whose line is written elsewhere. */
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
