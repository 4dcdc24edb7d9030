import { largeEmail, samples } from "../../events/samples.ts";

/** Bytes of a body that no queue message holds, so that it becomes a claim. */
const largeBytes = 60_000;

/**
 * Events of every category with ids of their own, as they might come together: mostly small ones, one in twenty too large
 * for a queue message, and one in forty that is signed but no event, since its time is a word.
 *
 * @param first how many came before
 */
export function traffic(first: number, count: number): { event_id: string }[] {
  return Array.from({ length: count }, (_, offset) => {
    const index = first + offset;
    const event_id = `event-${index}`;
    if (index % 20 === 7) return { ...largeEmail(largeBytes), event_id };
    const sample = samples[index % samples.length];
    const event = { ...structuredClone(sample?.event), event_id };
    return index % 40 === 19 ? { ...event, timestamp: "soon" } : event;
  });
}

/** How many of the first so many events are none, and so become dead letters at once. */
export function malformedAmong(count: number): number {
  return Math.floor((count + 20) / 40);
}
