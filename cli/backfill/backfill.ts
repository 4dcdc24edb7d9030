import { openLedger } from "../audit/audit.ts";
import { feedsProfile, findWebhook } from "../audit/audit-source.ts";
import type { Ledger } from "../audit/ledger.ts";
import type { AuditRun } from "../audit/run-audit.ts";
import type { CommandContext, ValuesOf } from "../command/definition.ts";
import { UsageError } from "../command/usage-error.ts";
import { stoppedWords } from "../interrupt.ts";
import { countOf } from "../output/count-of.ts";
import { formatDuration } from "../output/duration.ts";
import type { StackSource } from "../stack/source.ts";
import { nameBatches, planLines, sentLines, stalledLines } from "./backfill-lines.ts";
import { countUploaded, listUploads } from "./batch/uploads.ts";
import { type BackfillCounts, ofMetrics, sumOf } from "./counts.ts";
import type { BackfillResult, backfillOptions } from "./options.ts";
import { planBackfill } from "./send-missing.ts";
import { type BackfillRun, sendThroughRelay, uploadAsBatch } from "./ways.ts";

/**
 * Checks whether sources may be backfilled, before an audit spends time.
 *
 * @throws UsageError if the events would be permanent and the user has not allowed that
 * @throws if the App API key may be of a workspace other than the source's: its events would become rows of the source's dataset
 */
export async function checkBackfill(
  sources: readonly StackSource[],
  { "into-profile": isWanted }: Pick<BackfillValues, "into-profile">,
  signal: AbortSignal,
): Promise<void> {
  for (const source of sources) {
    const webhook = await findWebhook(source);
    if ("gone" in webhook) throw new Error(`${webhook.gone} Nothing was sent.`);
    if (isWanted || !(await feedsProfile(source, signal))) continue;
    throw new UsageError(
      `The dataset of the source ${source.name} feeds Real-Time Customer Profile. Rebuilt events have today's identifiers and fewer ` +
        "attributes, and Profile can't delete them one by one. Nothing was sent. To send them anyway, add --into-profile.",
    );
  }
}

interface BackfillValues extends ValuesOf<typeof backfillOptions> {
  readonly metrics?: readonly string[] | undefined;
  readonly "dry-run"?: boolean;
}

/** Sends what an audit has found missing, through the relay's queue or as a batch. Ctrl-C stops it after what is under way. */
export async function backfillMissing(
  source: StackSource,
  { parts, result }: AuditRun,
  { via, rate, metrics, "dry-run": isDry = false }: BackfillValues,
  { print, progress, signal }: Pick<CommandContext, "print" | "progress" | "signal">,
): Promise<BackfillResult> {
  const ledger = await openLedger(parts.folder);
  try {
    const planned = await planBackfill(ledger, metrics);
    // Only a backfill by batch waits for what it has uploaded before.
    const awaited = via === "batch" && !isDry ? planned.processing : 0;
    const events = planned.events + awaited;
    const days = Math.ceil((parts.range.to - parts.range.createdFrom) / 86_400);
    // Each day's drafts are a list of their own.
    const calls = Math.ceil(result.messages / 1000) + 2 * days;
    const effort = via === "batch" ? effortByBatch(planned.events, calls) : effortByRelay(planned.events, calls, rate);
    print("", ...planLines(planned, { effort, isAwaited: awaited > 0, isByRelay: via === "relay" }));

    const counts: BackfillCounts = { sent: 0, streamed: 0, kinds: new Map(), impossible: new Map() };
    const isIdle = isDry || events + (via === "relay" ? planned.unconfirmed : 0) === 0;
    const run = { source, parts, ledger, rate, newest: planned.newest, signal, print, progress };
    const stalled = isIdle ? [] : await send(via, run, events, counts);
    const inStalled = await countEventsIn(stalled, ledger, metrics);
    const batches = await listUploads(ledger);
    if (!isIdle) {
      const where =
        via === "batch"
          ? nameBatches(batches)
          : "in the relay's queue. Rows appear within the hour; then run the same audit again";
      const finished = Math.max(counts.sent, events - inStalled.planned - counts.streamed);
      print(
        ...(counts.streamed > 0 ? ["The event that was sent both ways went through the relay."] : []),
        ...(finished > 0 ? sentLines(counts, finished, where) : []),
        ...stalledLines(stalled, inStalled.all),
        ...(signal.aborted ? [stoppedWords] : []),
      );
    }
    return {
      planned: events,
      unjudged: planned.unjudged - awaited + inStalled.planned,
      sent: counts.sent + counts.streamed,
      stopped: signal.aborted,
      kinds: Object.fromEntries(counts.kinds),
      impossible: Object.fromEntries(counts.impossible),
      ...(batches.length > 0 && { batches }),
      ...(stalled.length > 0 && { stalled }),
    };
  } finally {
    ledger.close();
  }
}

/** @param calls to Customer.io, at most */
function effortByBatch(events: number, calls: number): string {
  const previews = countOf(Math.ceil(events / 100), "call");
  return `${countOf(calls, "call")} to Customer.io, about ${previews} to Data Prep, and one batch`;
}

function effortByRelay(events: number, calls: number, rate: number): string {
  const time = formatDuration((events / rate) * 1000);
  return `about ${time} at ${rate} a second, ${countOf(calls, "call")} to Customer.io, about ${2 * events} storage operations`;
}

/** Sends what is planned, and shows how far it is. @returns the batches that are stalled */
async function send(
  via: BackfillValues["via"],
  run: Omit<BackfillRun, "show"> & Pick<CommandContext, "progress">,
  events: number,
  counts: BackfillCounts,
): Promise<string[]> {
  const bar = run.progress.bar(events);
  const show = (done: number) => bar.show(done, "sent");
  try {
    if (via === "batch") return await uploadAsBatch({ ...run, show }, counts);
    await sendThroughRelay({ ...run, show }, counts);
  } catch (error) {
    // Ctrl-C also ends a call that is under way.
    if (!run.signal.aborted) throw error;
  } finally {
    bar.end();
  }
  return [];
}

/** How many events these batches have: all, and those that this run was to send, since an earlier one may have uploaded other metrics. */
async function countEventsIn(
  batches: readonly string[],
  ledger: Ledger,
  metrics: BackfillValues["metrics"],
): Promise<{ readonly all: number; readonly planned: number }> {
  let [all, planned] = [0, 0];
  for (const batch of batches) {
    const uploaded = await countUploaded(ledger, batch);
    all += sumOf(uploaded);
    planned += sumOf(ofMetrics(uploaded, metrics));
  }
  return { all, planned };
}
