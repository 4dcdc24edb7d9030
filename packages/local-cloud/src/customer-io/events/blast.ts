import type { DocumentedEvent } from "pulumi-customerio/events";
import { metricsByObjectType, type ObjectType } from "pulumi-customerio/events";
import { z } from "zod";
import type { AdjustableClock } from "../clock.ts";
import { deliveryId, eventRequest, makeEvent } from "./emit.ts";

/**
 * A message to many people.
 *
 * - `recipients`: how many, each with one delivery.
 * - `metrics`: share of the recipients, 0 to 1, that each metric happens to. Default: of the metrics that the object type
 *   has, all sent, 98 % delivered, 2 % bounced, 40 % opened, 3 % clicked.
 * - the rest: as for a single event.
 */
export const blastRequest = z
  .strictObject({
    recipients: z.int().min(1),
    object_type: eventRequest.shape.object_type.exclude(["customer"]).default("email"),
    metrics: z.record(z.string(), z.number().min(0).max(1)).optional(),
    origin: eventRequest.shape.origin,
    identifiers: eventRequest.shape.identifiers,
    content_bytes: eventRequest.shape.content_bytes,
    days_ago: eventRequest.shape.days_ago,
  })
  .transform(({ metrics, ...rest }) => ({ ...rest, metrics: metrics ?? usualMetrics(rest.object_type) }))
  .superRefine(({ metrics, recipients: _recipients, ...rest }, { addIssue }) => {
    for (const metric of Object.keys(metrics)) {
      for (const { message } of eventRequest.safeParse({ ...rest, metric }).error?.issues ?? []) {
        addIssue({ code: "custom", path: ["metrics", metric], message });
      }
    }
  });
export type BlastRequest = z.infer<typeof blastRequest>;

function usualMetrics(objectType: ObjectType): Record<string, number> {
  const usual = { sent: 1, delivered: 0.98, bounced: 0.02, opened: 0.4, clicked: 0.03 };
  const metrics: readonly string[] = metricsByObjectType[objectType];
  return Object.fromEntries(Object.entries(usual).filter(([metric]) => metrics.includes(metric)));
}

/** The events of a blast, one metric after the other. Each metric happens to exactly its share of people, evenly spread. */
export function* blast(
  { recipients, metrics, ...rest }: BlastRequest,
  clock: AdjustableClock,
): Generator<DocumentedEvent> {
  const deliveries = Array.from({ length: recipients }, deliveryId);
  for (const [metric, share] of Object.entries(metrics)) {
    for (const [index, delivery_id] of deliveries.entries()) {
      if (upTo(index + 1, share) > upTo(index, share)) {
        yield makeEvent({ ...rest, metric, delivery_id, person: index + 1 }, clock);
      }
    }
  }
}

/** The number among the first `people` that the share includes; the small term corrects rounding in binary fractions. */
function upTo(people: number, share: number): number {
  return Math.floor(people * share + 1e-9);
}
