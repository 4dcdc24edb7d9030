import { countOf } from "../output/count-of.ts";
import { type BackfillCounts, sumOf } from "./counts.ts";
import type { Planned } from "./send-missing.ts";

/**
 * What a backfill prints before it sends.
 *
 * @param effort what it would take
 * @param isAwaited whether this run waits for the batches of earlier runs
 */
export function planLines(
  { events, kinds, processing, unjudged, unconfirmed }: Planned,
  {
    effort,
    isAwaited,
    isByRelay,
  }: { readonly effort: string; readonly isAwaited: boolean; readonly isByRelay: boolean },
): string[] {
  const others = unjudged - processing;
  const pronoun = processing === 1 ? "It is" : "They are";
  return [
    ...(events > 0 ? [`${countOf(events, "event")} can be rebuilt: ${effort}.`] : []),
    ...(events === 0 && !(isAwaited && processing > 0) ? ["There is nothing to send."] : []),
    ...[...kinds].map(([kind, count]) => `  ${count} ${kind}`),
    ...(processing > 0
      ? [
          `${countOf(processing, "event")} ${processing === 1 ? "is" : "are"} in a batch of an earlier run that Platform has not finished. ` +
            `${isAwaited ? "This run waits for it." : `${pronoun} not sent again; --via batch waits for the batch.`}`,
        ]
      : []),
    ...(others > 0
      ? [
          `${countOf(others, "event")} can't be judged yet, so nothing is sent for ${others === 1 ? "it" : "them"}. Run the same command again later.`,
        ]
      : []),
    ...(unconfirmed > 0 && isByRelay
      ? ["The last run ended while it sent a message. If the message has left no trace, this run sends it again."]
      : []),
  ];
}

/**
 * What a backfill prints when it has sent.
 *
 * @param planned events that it was to send
 * @param where where the sent events are
 */
export function sentLines({ sent, kinds, impossible }: BackfillCounts, planned: number, where: string): string[] {
  const others = planned - sent - sumOf(impossible);
  return [
    `${sent} of ${countOf(planned, "event")} ${sent === 1 ? "is" : "are"} ${where}.`,
    ...[...kinds].toSorted().map(([kind, count]) => `  ${count} ${kind}`),
    ...[...impossible].map(([why, count]) => `  not sent, because they ${why}: ${count}`),
    ...(others > 0 ? [`  not reached, or no longer in Customer.io: ${others}`] : []),
  ];
}

/** @param batches those of the folder's backfill, of this run and of earlier ones */
export function nameBatches(batches: readonly string[]): string {
  const [only] = batches;
  if (only === undefined) return "in a batch";
  if (batches.length === 1) return `in the batch ${only}; --revert undoes it`;
  return `in a batch; --revert undoes all batches of this backfill: ${batches.join(", ")}`;
}

/**
 * What a backfill prints about batches on which Platform makes no progress.
 *
 * @param events those in them
 */
export function stalledLines(batches: readonly string[], events: number): string[] {
  if (batches.length === 0) return [];
  const [which, pronoun] =
    batches.length === 1
      ? [`the batch ${batches[0]}, which is`, "it"]
      : [`the batches ${batches.join(", ")}, which are`, "them"];
  const [are, consequence] =
    events === 1
      ? ["is", "Its row may still appear, so it is not sent again."]
      : ["are", "Their rows may still appear, so they are not sent again."];
  return [
    `${countOf(events, "event")} ${are} in ${which} stalled: Platform makes no progress on ${pronoun}. ${consequence}`,
    `Ask Adobe's support about ${pronoun}. Once Platform has finished ${pronoun}, run the same command again: it sends what has no row then.`,
  ];
}
