import path from "node:path";
import { listingDelay } from "pulumi-customerio/history";
import { z } from "zod";
import type { CommandContext, OptionTable } from "../command/definition.ts";
import { UsageError } from "../command/usage-error.ts";
import type { StackSource } from "../stack/source.ts";
import { type AuditParts, type AuditResult, audit } from "./audit.ts";
import { collectAuditParts } from "./audit-source.ts";
import { dateAt, rangeOf, utcDate } from "./range.ts";
import { sumCells } from "./report.ts";
import { type AuditVerdict, auditFolderPrefix, writeAuditResult } from "./result-file.ts";

/** Days; Customer.io has not been there for longer. */
const mostLookback = 10_000;

/** The options of every command that begins with an audit. */
export const auditOptions = {
  from: { value: "date", description: "first UTC day of the events, such as 2026-11-01", schema: utcDate },
  to: { value: "date", description: "last UTC day of the events", schema: utcDate },
  lookback: {
    value: "days",
    description: "how long before the first day messages may have been created: opens and clicks come late",
    // With less than a day, rows in a batch that was created before would not be read: it takes rows for an hour.
    schema: z.coerce
      .number()
      .int("it must be a whole number")
      .min(1, "it must be at least 1")
      .max(mostLookback, `it must be at most ${mostLookback}`)
      .default(30),
  },
  folder: {
    value: "folder",
    description:
      "where the database and the lists of ids go; with the same folder, a stopped run resumes; by default one named after stack, source and dates",
    schema: z.string().optional(),
  },
  sql: {
    description: "read the dataset's rows by SQL from Query Service, where it is licensed, instead of the files",
    schema: z.boolean().default(false),
  },
} as const satisfies OptionTable;

export interface AuditValues {
  readonly from: number;
  readonly to: number;
  readonly lookback: number;
  readonly folder?: string | undefined;
  readonly sql: boolean;
}

export function checkAuditDays({ from, to }: Pick<AuditValues, "from" | "to">): void {
  if (to < from) throw new UsageError("--to must not be before --from.");
  if ((from + listingDelay) * 1000 > Date.now()) {
    throw new UsageError(
      "--from is invalid: in UTC, that day has not begun, or began less than an hour ago, so Customer.io may not list its events yet.",
    );
  }
}

/** An audit of a source that has ended. */
export interface AuditRun {
  readonly parts: AuditParts;
  readonly result: AuditResult;
  readonly totals: ReturnType<typeof sumCells>;
  readonly verdict: AuditVerdict;
}

/** The worst of what is known: nothing is complete while something that Customer.io recorded could not be judged yet. */
function judgeAudit({
  missing,
  held,
  unjudged,
}: Pick<AuditRun["totals"], "missing" | "held" | "unjudged">): AuditVerdict {
  if (missing + held > 0) return "missing";
  return unjudged > 0 ? "unjudged" : "complete";
}

/** Where the audit of these days is. */
export function auditFolderOf(
  source: StackSource,
  { from, to, folder }: Omit<AuditValues, "lookback" | "sql">,
  isOneOfSeveral: boolean,
): string {
  const base = folder ?? `${auditFolderPrefix(source)}${dateAt(from)}-${dateAt(to)}`;
  return path.resolve(isOneOfSeveral && folder !== undefined ? path.join(base, source.name) : base);
}

/** Audits a source, and leaves the verdict in the audit's folder. */
export async function runAudit(
  source: StackSource,
  { from, to, lookback, folder, sql }: AuditValues,
  { progress, signal, isOneOfSeveral }: Pick<CommandContext, "progress" | "signal" | "isOneOfSeveral">,
): Promise<AuditRun> {
  const own = auditFolderOf(source, { from, to, folder }, isOneOfSeveral);
  const line = progress.line();
  const parts: AuditParts = {
    ...(await progress.showWhile("reading the settings in force", collectAuditParts(source, sql, signal))),
    range: rangeOf(from, to, lookback),
    folder: own,
    now: new Date(),
    signal,
    progress: (words) => line.show(`  ${words}`),
  };
  const result = await audit(parts).finally(() => line.end());
  const totals = sumCells(result.cells);
  const verdict = judgeAudit(totals);
  await writeAuditResult(own, { verdict, from: dateAt(from), to: dateAt(to), totals });
  return { parts, result, totals, verdict };
}
