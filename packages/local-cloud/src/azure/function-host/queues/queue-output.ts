import type { QueueClient } from "@azure/storage-queue";
import type { Binding, TypedData } from "../functions-core.ts";
import { encodeMessage, type MessageEncoding } from "./message-encoding.ts";

/**
 * Sends the result of a queue output binding: one message, or one for each item of an array. Like the host's binding, it
 * creates a missing queue, and sets no time to live, so the service's seven days apply.
 */
export async function sendOutput(queue: QueueClient, data: TypedData, encoding: MessageEncoding): Promise<void> {
  for (const body of bodies(data)) await addMessage(queue, encodeMessage(body, encoding));
}

/** Adds an encoded text to a queue that may not exist yet. */
export async function addMessage(queue: QueueClient, stored: string): Promise<void> {
  try {
    await queue.sendMessage(stored);
  } catch (error) {
    if ((error as { code?: string }).code !== "QueueNotFound") throw error;
    await queue.createIfNotExists();
    await queue.sendMessage(stored);
  }
}

export function isQueueOutput(binding: Binding): boolean {
  return binding.direction === "out" && binding.type.toLowerCase() === "queue";
}

function bodies(data: TypedData): (string | Uint8Array)[] {
  if (data.bytes !== undefined) return [data.bytes];
  if (data.string !== undefined) return [data.string];
  if (data.json === undefined) return [String(data.int ?? data.double ?? "")];
  const value: unknown = JSON.parse(data.json);
  const items = Array.isArray(value) ? value : [value];
  return items.map((item) => (typeof item === "string" ? item : JSON.stringify(item)));
}
