import { z } from "zod";
import type { DeadLetter } from "../../../relay/core/event/dead-letter.ts";
import { tryParseDeadLetter } from "../../dead-letters/dead-letter-filter.ts";
import { processEach } from "../../process-each.ts";
import { eventsIn, readQueueMessageText } from "../../relay/queue-message.ts";
import type { RelayStorageAccount } from "../../relay/relay-storage.ts";
import type { Ledger, Occurrence } from "../ledger.ts";

/** Where dead letters are, with the bodies that they refer to. */
export type HeldStorage = Pick<RelayStorageAccount, "eachDeadLetter" | "readDeadLetter" | "readClaim">;

const eventBody = z.object({
  object_type: z.string(),
  metric: z.string(),
  timestamp: z.number().catch(0),
  data: z.object({ delivery_id: z.string() }),
});

export interface HeldEventsOptions {
  readonly ledger: Pick<Ledger, "add">;
  /** The names of those that were read before, which are skipped. It gets those that are read now. */
  readonly known: Set<string>;
  readonly signal: AbortSignal;
  readonly progress: (deadLetters: number) => void;
}

/** Events that are added at a time. */
const chunk = 1_000;

/** Adds the events of messages that wait as dead letters to the ledger; all others are skipped. There may be a million. */
export async function readHeldEvents(
  storage: HeldStorage,
  { ledger, known, signal, progress }: HeldEventsOptions,
): Promise<void> {
  let held: Occurrence[] = [];
  const flush = async () => {
    const events = held;
    held = [];
    await ledger.add("held", events);
  };
  await processEach(storage.eachDeadLetter(), signal, async ({ name }) => {
    if (known.has(name)) return;
    const blob = await storage.readDeadLetter(name);
    if (blob === undefined) return;
    known.add(name);
    const letter = tryParseDeadLetter(blob.content);
    const bodies = letter ? await readBodies(letter, (claim) => storage.readClaim(claim, name)) : [];
    held.push(...bodies.flatMap((body) => occurrenceOf(body) ?? []));
    progress(known.size);
    if (held.length >= chunk) await flush();
  });
  await flush();
  signal.throwIfAborted();
}

/** The events in a dead letter that a replay delivers. An unreadable one is a whole message of the queue, which a newer relay has written. */
async function readBodies(
  { class: why, encoding, body }: DeadLetter,
  readClaim: (name: string) => Promise<string | undefined>,
): Promise<string[]> {
  if (encoding !== "utf8") return [];
  if (why !== "unreadable") return [body];
  const bodies: string[] = [];
  for (const event of eventsIn(readQueueMessageText(body))) {
    const text = "body" in event ? event.body : await readClaim(event.claim);
    if (text !== undefined) bodies.push(text);
  }
  return bodies;
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
