import { largeEmail, samples } from "../../packages/pulumi-customerio/src/events/samples.ts";

/** Bytes of a body that no queue message holds, so that it becomes a claim. */
const largeBytes = 60_000;

/**
 * Events of every category with unique ids, as they might arrive together: mostly small ones, one in twenty too large
 * for a queue message, and one in forty a signed body that is not an event, without `event`.
 *
 * @param first how many were created before
 */
export function traffic(first: number, count: number): { id: string; event?: { event_id: string } }[] {
  return Array.from({ length: count }, (_, offset) => {
    const index = first + offset;
    const event_id = `event-${index}`;
    if (index % 20 === 7) return { id: event_id, event: { ...largeEmail(largeBytes), event_id } };
    if (index % 40 === 19) return { id: event_id };
    const sample = samples[index % samples.length];
    return { id: event_id, event: { ...structuredClone(sample?.event), event_id } };
  });
}

/** How many of the first `count` bodies are not events, and so become dead letters at once. */
export function malformedAmong(count: number): number {
  return Math.floor((count + 20) / 40);
}
