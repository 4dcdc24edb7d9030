import type { InvocationContext } from "@azure/functions";
import { levelOf, type Outcome } from "../core/delivery/outcomes.ts";
import { isObject } from "../core/event/json.ts";

/** The destination of log lines. */
export interface RelayLog {
  write(context: InvocationContext, outcome: Outcome): void;
}

/** Writes each outcome as a separate line to the Functions log, and so to Application Insights. */
export const lineByLine: RelayLog = {
  write: (context, outcome) => context[levelOf(outcome)](JSON.stringify(outcome)),
};

const listeners: ((outcome: Outcome) => void)[] = [];

/** Passes every outcome of the process to the listener too, so that log and counts agree. */
export function onOutcome(listener: (outcome: Outcome) => void): void {
  listeners.push(listener);
}

/** Writes the outcome to the log, and counts it at once, even if its line is written later. */
export function logOutcome(context: InvocationContext, outcome: Outcome, log: RelayLog = lineByLine): void {
  log.write(context, outcome);
  countOutcome(outcome);
}

/** Reports an outcome to the listeners without writing a line. */
export function countOutcome(outcome: Outcome): void {
  for (const listener of listeners) listener(outcome);
}

/** A description of an error without its payload: its code and the first line of its message, without addresses. */
export function describeError(error: unknown): string {
  const { code, message } = isObject(error) ? error : {};
  const firstLine = String(message ?? "unknown error").split("\n", 1)[0] ?? "";
  const words = typeof code === "string" ? `${code}: ${firstLine}` : firstLine;
  return words.replaceAll(/https?:\/\/\S+/g, "[address]").slice(0, 200);
}
