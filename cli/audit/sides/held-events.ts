import { z } from "zod";
import type { DeadLetter } from "../../../relay/core/event/dead-letter.ts";
import { tryParseDeadLetter } from "../../dead-letters/dead-letter-filter.ts";
import { processEach } from "../../process-each.ts";
import { eventsIn, readQueueMessageText } from "../../relay/queue-message.ts";
import type { RelayStorageAccount } from "../../relay/relay-storage.ts";
import type { Ledger, Occurrence } from "../ledger.ts";

/** Where dead letters are. */
export type HeldStorage = Pick<RelayStorageAccount, "eachDeadLetter" | "readDeadLetter">;

const eventBody = z.object({
  object_type: z.string(),
  metric: z.string(),
  timestamp: z.number().catch(0),
  data: z.object({ delivery_id: z.string() }),
});

export interface HeldEventsOptions {
  readonly ledger: Pick<Ledger, "add" | "run">;
  readonly signal: AbortSignal;
  readonly progress: (deadLetters: number) => void;
}

/** Events that are added at a time. */
const chunk = 1_000;

/** Reads the events of messages that wait as dead letters into the ledger; all others are skipped. There may be a million. */
export async function readHeldEvents(
  storage: HeldStorage,
  { ledger, signal, progress }: HeldEventsOptions,
): Promise<void> {
  await ledger.run("DELETE FROM held");
  let read = 0;
  let held: Occurrence[] = [];
  const flush = async () => {
    const events = held;
    held = [];
    await ledger.add("held", events);
  };
  await processEach(storage.eachDeadLetter(), signal, async ({ name }) => {
    const blob = await storage.readDeadLetter(name);
    const letter = blob && tryParseDeadLetter(blob.content);
    if (letter) held.push(...bodiesIn(letter).flatMap((body) => occurrenceOf(body) ?? []));
    read += 1;
    progress(read);
    if (held.length >= chunk) await flush();
  });
  await flush();
  signal.throwIfAborted();
}

/** The events in a dead letter that a replay delivers. An unreadable one is a whole message of the queue, which a newer relay has written. */
function bodiesIn({ class: why, encoding, body }: DeadLetter): string[] {
  if (encoding !== "utf8") return [];
  if (why !== "unreadable") return [body];
  return eventsIn(readQueueMessageText(body)).flatMap((event) => ("body" in event ? [event.body ?? ""] : []));
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
