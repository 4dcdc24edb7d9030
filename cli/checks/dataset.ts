import { batchOutcome } from "pulumi-aep/client";
import { type CommandTarget, operatorCommand } from "../../relay/core/operator-command.ts";
import { utcDateOf } from "../../relay/core/zoned-time.ts";
import { platformOf } from "../clients.ts";
import { countOf } from "../output/count-of.ts";
import type { Finding } from "../output/finding.ts";
import { formatMinute } from "../output/minute.ts";
import { countRowsWritten, type DatasetBatch, listBatches, previewLimit, previewRows } from "../platform/dataset.ts";
import type { RelayCounts } from "../relay/relay-tables.ts";
import type { StackSource } from "../stack/source.ts";
import { nothingYet } from "./dataflow.ts";
import type { SharedAnswers } from "./shared-answers.ts";

const hour = 60 * 60 * 1000;
const day = 24 * hour;

/** Days for which rows are compared with deliveries, including today. */
const days = 7;

/** Checks the dataset's last batches. */
export async function checkBatches(source: StackSource): Promise<Finding> {
  return batchesFinding(await listBatches(platformOf(source), source.datasetId), new Date());
}

/** @param batches the newest first */
export function batchesFinding(batches: readonly DatasetBatch[], now: Date): Finding {
  const [last] = batches;
  if (!last) return nothingYet;
  const failed = batches.filter((batch) => hasFailures(batch) && now.getTime() - batch.createdAt.getTime() < day);
  const found = `The last one, created at ${last.createdAt.toISOString()}, is: ${last.status}.`;
  const details = batches.slice(0, 3).map(({ id, createdAt, status, rows, failedRecords, errors }) => {
    const isCounted = rows !== undefined && batchOutcome(status) !== "failed";
    const size = `${isCounted ? `, ${countOf(rows, "row")}` : ""}${failedRecords > 0 ? `, ${countOf(failedRecords, "failed record")}` : ""}`;
    return [`${formatMinute(createdAt)}  ${id} ${status}${size}`, ...errors].join("; ");
  });
  if (failed.length === 0) return { verdict: "fine", found, details };
  return {
    verdict: "broken",
    runbook: "finding-records-failed",
    found: `${failed.length} of the last ${batches.length} failed, or have failed records, within 24 hours.`,
    details,
    todo: "In Platform, open Datasets > the dataset > the failed batch: its error diagnostics list the failed records with the reasons.",
  };
}

function hasFailures({ status, failedRecords }: DatasetBatch): boolean {
  return batchOutcome(status) === "failed" || failedRecords > 0;
}

/** Checks that the dataset has as many rows as Platform accepted events. */
export async function checkRows(source: StackSource, answers: Pick<SharedAnswers, "counts">): Promise<Finding> {
  const client = platformOf(source);
  const id = source.datasetId;
  const now = new Date();
  const since = new Date(Math.floor(now.getTime() / day) * day - (days - 1) * day);
  const [rows, counts] = await Promise.all([
    countRowsWritten(client, id, since),
    source.hasRelay ? answers.counts() : undefined,
  ]);
  if (rows !== undefined) return rowsFinding({ rows, counts, since, now, target: source.target });
  const shown = (await previewRows(client, id)).length;
  const size = shown < previewLimit ? countOf(shown, "row") : `${previewLimit} rows or more`;
  return {
    verdict: shown > 0 ? "fine" : "waiting",
    found:
      `It has ${size}; ` +
      "Platform refuses access to its metrics, which have the exact number. The credential may lack a permission.",
  };
}

/** @param since the UTC midnight from which rows were counted */
export function rowsFinding({
  rows,
  counts,
  since,
  now,
  target,
}: {
  rows: number;
  counts: Pick<RelayCounts, "days" | "countedAt"> | undefined;
  since: Date;
  now: Date;
  target: CommandTarget;
}): Finding {
  const named = `${countOf(rows, "row")} in the last ${days} days`;
  if (counts === undefined) return { verdict: rows > 0 ? "fine" : "waiting", found: `It received ${named}.` };
  const first = utcDateOf(since);
  const recent = [...counts.days].filter(([date]) => date >= first);
  const delivered = recent.reduce((sum, [, day]) => sum + day.delivered, 0);
  const missing = delivered - rows;
  if (missing <= 0) {
    return { verdict: "fine", found: `It received ${named}, for ${countOf(delivered, "event")} delivered.` };
  }
  const today = counts.days.get(utcDateOf(now))?.delivered ?? 0;
  const quiet = counts.countedAt === undefined || now.getTime() - counts.countedAt.getTime() > hour;
  const found = `It received ${named}, but ${countOf(delivered, "event was", "events were")} delivered: ${countOf(missing, "is", "are")} not there`;
  // Only events of the last hour may still be on their way.
  if (missing <= today && !quiet) {
    return {
      verdict: "waiting",
      found: `${found} yet. Platform's data lake takes up to an hour.`,
      todo: `If as many are missing in an hour, find them a day later: ${operatorCommand("audit --from <day> --to <day>", target)}`,
    };
  }
  return {
    verdict: "broken",
    runbook: "finding-rows-missing",
    found: `${found}.`,
    todo: `Look at the runs and batches above. If they show no error, follow one event: ${operatorCommand("verify", target)}`,
  };
}
