import { z } from "zod";
import { tryParseDeadLetter } from "../../dead-letters/dead-letter-filter.ts";
import type { RelayStorageAccount } from "../../relay/relay-storage.ts";
import type { Occurrence } from "../ledger.ts";

const eventBody = z.object({
  object_type: z.string(),
  metric: z.string(),
  timestamp: z.number().catch(0),
  data: z.object({ delivery_id: z.string() }),
});

/** The events of messages that wait as dead letters; all others are skipped. */
export async function* readHeldEvents(
  storage: Pick<RelayStorageAccount, "eachDeadLetter" | "readDeadLetter">,
): AsyncGenerator<Occurrence> {
  for await (const { name } of storage.eachDeadLetter()) {
    const blob = await storage.readDeadLetter(name);
    const letter = blob && tryParseDeadLetter(blob.content);
    const occurrence = letter?.encoding === "utf8" ? occurrenceOf(letter.body) : undefined;
    if (occurrence) yield occurrence;
  }
}

/** What an event's text is about; undefined if no message caused it. */
export function occurrenceOf(body: string): Occurrence | undefined {
  try {
    const { object_type, metric, timestamp, data } = eventBody.parse(JSON.parse(body));
    const [objectType, what] = [object_type, metric].map((name) => name.trim().toLowerCase());
    return {
      delivery: data.delivery_id,
      objectType: objectType ?? "",
      metric: what ?? "",
      happened: Math.floor(timestamp),
    };
  } catch {
    return undefined;
  }
}
