import { type ClassifiedEvent, classifyText } from "../../../relay/core/event/classify.ts";
import { enrich } from "../../../relay/core/event/enrich.ts";
import type { JsonObject } from "../../../relay/core/event/json.ts";

export const receivedAt = "2026-11-20T10:00:00.000Z";
/** An event as the relay reads it. */
export const read = (event: unknown): ClassifiedEvent => {
  const classified = classifyText(JSON.stringify(event));
  if (classified.kind === "malformed") throw new Error(classified.reason);
  return classified;
};
/** The record of an event. */
export const enrichEvent = (event: unknown): JsonObject & { data: JsonObject; relay: JsonObject } =>
  JSON.parse(enrich(read(event), receivedAt));
export const minimal = { event_id: "01J9ZK3M5X8QW2R7T4V6B1N0CA", timestamp: 1_727_953_200 };
