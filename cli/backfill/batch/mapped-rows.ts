import { maximumPreviewRecords, type PreviewedRecord } from "pulumi-aep/client";
import type { RebuiltEvent } from "pulumi-customerio/history";
import { classifyText } from "../../../relay/core/event/classify.ts";
import { enrich } from "../../../relay/core/event/enrich.ts";
import type { QueuedEvent } from "../../../relay/core/event/envelope.ts";
import type { EventPolicy } from "../../../relay/core/policy/policy.ts";
import { processEach } from "../../process-each.ts";
import { type BackfillCounts, countOne } from "../counts.ts";
import type { MissingEvent } from "../missing-events.ts";
import { admitRebuiltEvent } from "../rebuilt-event.ts";

export interface MappingParts {
  readonly policy: EventPolicy;
  /** Lets Platform map records by the stack's mapping: at most `maximumPreviewRecords`. */
  readonly map: (records: readonly Readonly<Record<string, unknown>>[]) => Promise<PreviewedRecord[]>;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** An event with the row that the dataflow would have made of it. */
export interface MappedRow {
  readonly event: RebuiltEvent;
  /** As the relay's intake would have queued it. */
  readonly queued: QueuedEvent & { readonly body: string };
  readonly row: Readonly<Record<string, unknown>>;
}

/**
 * The rows of events: each is filtered and completed as by the relay, and mapped by Platform. Those that can't become a row are
 * counted.
 */
export async function mapEvents(
  { policy, map, now, signal }: MappingParts,
  events: readonly MissingEvent[],
  counts: Pick<BackfillCounts, "impossible">,
): Promise<MappedRow[]> {
  const ready: Omit<MappedRow, "row">[] = [];
  for (const event of events) {
    const queued = admitRebuiltEvent(event, { policy, now: now() });
    if ("impossible" in queued) countOne(counts.impossible, queued.impossible);
    else ready.push({ event, queued });
  }
  const mapped: MappedRow[] = [];
  const starts = Array.from({ length: Math.ceil(ready.length / maximumPreviewRecords) }, (_, index) => index);
  await processEach(starts, signal, async (start) => {
    const part = ready.slice(start * maximumPreviewRecords, (start + 1) * maximumPreviewRecords);
    const previewed = await map(part.map(({ queued }) => recordOf(queued)));
    for (const [index, one] of part.entries()) {
      const { row, errors } = previewed[index] ?? { row: {}, errors: [] };
      if (errors.length === 0 && Object.keys(row).length > 0) mapped.push({ ...one, row });
      else countOne(counts.impossible, "fail in Platform's mapping (npx customerio-aep preview)");
    }
  });
  return mapped;
}

/** What the forwarder would send to Platform. */
function recordOf({ body, digest, receivedAt }: MappedRow["queued"]): Record<string, unknown> {
  const classified = classifyText(body, digest);
  if (classified.kind === "malformed") throw new Error(`A rebuilt event is malformed: ${classified.reason}`);
  return JSON.parse(enrich(classified, receivedAt)) as Record<string, unknown>;
}
