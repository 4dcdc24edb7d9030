import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { openLedger } from "../audit/audit.ts";
import { feedsProfile } from "../audit/audit-source.ts";
import type { AuditRun } from "../audit/run-audit.ts";
import type { CommandContext, ValuesOf } from "../command/definition.ts";
import { UsageError } from "../command/usage-error.ts";
import { stoppedWords } from "../interrupt.ts";
import { formatDuration } from "../output/duration.ts";
import { RelayQueues } from "../relay/relay-queues.ts";
import { RelayStorageAccount } from "../relay/relay-storage.ts";
import type { StackSource } from "../stack/source.ts";
import { policyOf, signingKeysOf } from "../stack/source-settings.ts";
import type { BackfillResult, backfillOptions } from "./options.ts";
import { type BackfillCounts, planBackfill, sendMissing } from "./send-missing.ts";

/**
 * Checks whether a source's dataset may be backfilled, before an audit spends time.
 *
 * @throws UsageError if the events would be permanent and the user has not allowed that
 */
export async function refuseDatasetOfProfile(
  source: StackSource,
  { "into-profile": isWanted }: Pick<BackfillValues, "into-profile">,
  signal: AbortSignal,
): Promise<void> {
  if (isWanted || !(await feedsProfile(source, signal))) return;
  throw new UsageError(
    "The dataset feeds Real-Time Customer Profile. Rebuilt events have today's identifiers and fewer attributes, and Profile can't delete " +
      "them one by one. Nothing was sent. To send them anyway, add --into-profile.",
  );
}

interface BackfillValues extends ValuesOf<typeof backfillOptions> {
  readonly metrics?: readonly string[] | undefined;
  readonly "dry-run"?: boolean;
}

/** Sends what an audit has found missing through the relay's queue. Ctrl-C stops it after the message under way. */
export async function backfillMissing(
  source: StackSource,
  { parts, result }: AuditRun,
  { rate, metrics, "dry-run": isDry = false }: BackfillValues,
  { print, progress, signal }: Pick<CommandContext, "print" | "progress" | "signal">,
): Promise<BackfillResult> {
  const ledger = await openLedger(parts.folder);
  const counts: BackfillCounts = { sent: 0, kinds: new Map(), impossible: new Map() };
  try {
    const planned = await planBackfill(ledger, metrics);
    const { events, newest, unconfirmed } = planned;
    const pages = Math.ceil(result.messages / 1000) + Math.ceil((parts.range.to - parts.range.createdFrom) / 86_400);
    print(
      "",
      events === 0
        ? "There is nothing to send."
        : `${events === 1 ? "1 event" : `${events} events`} can be rebuilt: about ${formatDuration((events / rate) * 1000)} at ${rate} a second, ` +
            `${pages} calls to Customer.io, about ${2 * events} storage operations.`,
      ...[...planned.kinds].map(([kind, count]) => `  ${count} ${kind}`),
      ...(unconfirmed > 0
        ? ["The last run ended while it sent a message. If that has left no trace, it is sent again."]
        : []),
    );
    const describe = (): BackfillResult => ({
      ...{ planned: events, sent: counts.sent, stopped: signal.aborted },
      ...{ kinds: Object.fromEntries(counts.kinds), impossible: Object.fromEntries(counts.impossible) },
    });
    if (isDry || events + unconfirmed === 0) return describe();
    const [storage, queues] = await Promise.all([RelayStorageAccount.open(source), RelayQueues.open(source)]);
    const bar = progress.bar(events);
    try {
      await sendMissing(
        {
          ...{
            ledger,
            history: parts.history,
            drafts: parts.drafts,
            policy: policyOf(source),
            perSecond: rate,
            signal,
          },
          created: { from: parts.range.createdFrom, to: newest + 1 },
          // Without a key the relay has taken no call, and nothing can be mistaken for what it delivered.
          secret: signingKeysOf(source)[0] ?? randomUUID(),
          queue: { enqueue: (message) => storage.enqueue(message), count: () => queues.count() },
          now: () => new Date(),
          sleep: (milliseconds) => sleep(milliseconds, undefined, { signal }).catch(() => undefined),
          progress: ({ sent }) => bar.show(sent, "sent"),
        },
        counts,
      );
    } catch (error) {
      // Ctrl-C also ends a call to Customer.io that is under way.
      if (!signal.aborted) throw error;
    } finally {
      bar.end();
    }
    print(...backfillLines(counts, events), ...(signal.aborted ? [stoppedWords] : []));
    return describe();
  } finally {
    ledger.close();
  }
}

function backfillLines({ sent, kinds, impossible }: BackfillCounts, planned: number): string[] {
  const others = planned - sent - [...impossible.values()].reduce((sum, count) => sum + count, 0);
  return [
    `${sent} of ${planned} events are in the relay's queue. Rows appear within the hour; then run the same audit again.`,
    ...[...kinds].toSorted().map(([kind, count]) => `  ${count} ${kind}`),
    ...[...impossible].map(([why, count]) => `  ${count} can't be sent: they ${why}`),
    ...(others > 0 ? [`  ${others} were not reached, or Customer.io no longer has them`] : []),
  ];
}
