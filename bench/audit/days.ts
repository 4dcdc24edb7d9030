import { utcDate } from "../../cli/audit/range.ts";

/** Seconds. */
export const day = 86_400;
/** The days of the audit: the first one in Unix seconds, and their number. */
export const start = utcDate.parse("2026-01-01");
export const days = 30;
