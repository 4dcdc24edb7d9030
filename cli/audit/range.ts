import { z } from "zod";
import { utcDateOf } from "../../relay/core/zoned-time.ts";

const day = 86_400;

/** Seconds for which Customer.io repeats a call: what is absent after that will not arrive. */
export const judgedAfter = 7 * day;
/** Seconds after which an event that Platform accepted counts as missing if it has no row: rows usually appear within the hour. */
export const rowAfter = day;

/** A UTC date, as Unix seconds of its beginning. */
export const utcDate = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/, "it must be a date such as 2026-11-28")
  .transform((text, context) => {
    const at = Date.parse(`${text}T00:00:00Z`);
    if (!Number.isNaN(at) && new Date(at).toISOString().startsWith(text)) return at / 1000;
    context.addIssue({ code: "custom", message: "there is no such date" });
    return z.NEVER;
  });

/** The UTC date of Unix seconds. */
export function dateAt(seconds: number): string {
  return utcDateOf(new Date(seconds * 1000));
}

/** The days of an audit in Unix seconds. */
export interface AuditRange {
  readonly from: number;
  /** The end of the last day. */
  readonly to: number;
  /** Messages created since are read: opens and clicks come long after. */
  readonly createdFrom: number;
}

/** @param lookback days */
export function rangeOf(from: number, to: number, lookback: number): AuditRange {
  return { from, to: to + day, createdFrom: from - lookback * day };
}
