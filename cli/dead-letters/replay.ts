import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { blobName } from "../../relay/core/blob-name.ts";
import { type Admission, admit } from "../../relay/core/event/admit.ts";
import type { DeadLetter } from "../../relay/core/event/dead-letter.ts";
import {
  claimBody,
  encodeEnvelopes,
  fitsInline,
  maxEnvelopeBytes,
  newEvent,
  type QueuedEvent,
  requeueEvent,
} from "../../relay/core/event/envelope.ts";
import type { EventPolicy } from "../../relay/core/policy/policy.ts";
import { processEach } from "../process-each.ts";
import { readQueueMessageText } from "../relay/queue-message.ts";
import type { RelayStorageAccount } from "../relay/relay-storage.ts";
import { type DeadLetterFilter, kindOf, matchesFilter, tryParseDeadLetter } from "./dead-letter-filter.ts";

/** What to do with the selected dead letters. */
export type ReplayAction = "replay" | "purge";

export interface ReplayOptions {
  readonly storage: Pick<
    RelayStorageAccount,
    "readDeadLetter" | "deleteDeadLetter" | "readClaim" | "putClaim" | "enqueue"
  >;
  /** The blobs to read. */
  readonly names: readonly string[];
  readonly filter: DeadLetterFilter;
  /** The stack's filters and personal data options, for bodies that the relay could not read on arrival. */
  readonly policy: EventPolicy;
  readonly action: ReplayAction;
  /** Whether to count only what the action would do. */
  readonly isDry: boolean;
  /** Maximum dead letters a second. */
  readonly perSecond: number;
  /** Stops after the dead letters under way. */
  readonly signal: AbortSignal;
  /** Called after each dead letter. */
  readonly progress: (counts: ReplayCounts) => void;
}

/** What happened to the dead letters. */
export interface ReplayCounts {
  /** Examined so far. */
  examined: number;
  /** Replayed or purged, or those that would be. */
  done: number;
  /** `done` by class and kind of event, such as `refused email sent`. */
  readonly kinds: Map<string, number>;
  /** How many selected dead letters can't be replayed, by reason. */
  readonly left: Map<string, number>;
}

/**
 * Puts the selected dead letters back into the queue of events, or deletes them; or only counts for which of them it would do that.
 *
 * A dead letter is removed only after its message is durable. So if this ends early, for any reason, nothing is lost. The next run
 * replays again the dead letters under way that were not removed yet, so their events may reach Platform twice, under the same `_id`.
 * A dead letter is removed only in the version that was read: if its event dies again, the new dead letter has the same name, and stays.
 *
 * @throws what the storage throws
 */
export async function replay(options: ReplayOptions): Promise<ReplayCounts> {
  const counts: ReplayCounts = { examined: 0, done: 0, kinds: new Map(), left: new Map() };
  let nextStart = 0;
  await processEach(options.names, options.signal, async (name) => {
    if (!options.isDry) {
      const now = Date.now();
      const start = Math.max(now, nextStart);
      nextStart = start + 1000 / options.perSecond;
      if (start > now) await sleep(start - now, undefined, { signal: options.signal }).catch(() => undefined);
      if (options.signal.aborted) return;
    }
    await handle(name, options, counts);
    counts.examined += 1;
    options.progress(counts);
  });
  return counts;
}

async function handle(name: string, options: ReplayOptions, counts: ReplayCounts): Promise<void> {
  const { storage, filter, policy, action, isDry } = options;
  const read = await storage.readDeadLetter(name);
  if (read === undefined) return;
  const letter = tryParseDeadLetter(read.content);
  if (letter === undefined) return count(counts.left, "have a format that this version does not know");
  if (!matchesFilter(letter, filter)) return;
  if (action !== "purge") {
    const replayable = await messagesOf(letter, policy, (claim) => storage.readClaim(claim, name));
    if ("impossible" in replayable) return count(counts.left, replayable.impossible);
    if (!isDry) {
      // The claims first: the forwarder may get the message at once.
      for (const claim of replayable.claims) await storage.putClaim(claim.name, claim.body);
      for (const message of replayable.messages) await storage.enqueue(message);
    }
  }
  if (!isDry && !(await storage.deleteDeadLetter(name, read.etag)) && action === "purge") return;
  const { objectType, metric } = kindOf(letter);
  counts.done += 1;
  count(counts.kinds, [letter.class, objectType, metric].filter(Boolean).join(" "));
}

/** What replays a dead letter, or why it can't be replayed. */
type Replayable =
  | {
      /** Texts of queue messages. */
      readonly messages: readonly string[];
      /** The bodies that these messages refer to. */
      readonly claims: readonly Claim[];
    }
  | { readonly impossible: string };

interface Claim {
  readonly name: string;
  readonly body: string;
}

/** Reads a claim where the dead letter is. */
type ReadClaim = (name: string) => Promise<string | undefined>;

/** The queue messages that replay a dead letter's events, with wait and attempts counted from zero. */
async function messagesOf(letter: DeadLetter, policy: EventPolicy, readClaim: ReadClaim): Promise<Replayable> {
  if (letter.class === "unreadable") return replayMessage(letter, readClaim);
  const readable = eventOf(letter, policy);
  if ("impossible" in readable) return readable;
  const { id, body, digest } = readable;
  return replayableOf([{ event: newEvent({ id, receivedAt: letter.receivedAt, body, digest }), body }]);
}

/** An unreadable dead letter is not an event but a whole queue message. */
async function replayMessage({ body, encoding }: DeadLetter, readClaim: ReadClaim): Promise<Replayable> {
  const bytes = Buffer.from(body, encoding);
  const envelope = readQueueMessageText(bytes.toString("utf8"));
  if (!envelope.readable) {
    // A newer relay may be able to read it.
    if (bytes.length > maxEnvelopeBytes) return { impossible: "are larger than a queue message" };
    return { messages: [bytes.toString("base64")], claims: [] };
  }
  const events: { event: QueuedEvent; body: string }[] = [];
  for (const event of envelope.events) {
    const content = "body" in event ? event.body : await readClaim(event.claim);
    if (content === undefined) return { impossible: "refer to a body that is gone: claims are kept for 90 days" };
    events.push({ event, body: content });
  }
  return replayableOf(events);
}

function replayableOf(events: readonly { event: QueuedEvent; body: string }[]): Replayable {
  const now = new Date();
  const claims: Claim[] = [];
  const queued = events.map(({ event, body }): QueuedEvent => {
    const { body: _body, claim: _claim, ...fate } = { body: "", claim: "", ...requeueEvent(event, now) };
    const inline = { ...fate, body };
    if (fitsInline(inline)) return inline;
    // A new name: a forwarder that has just written the dead letter may still delete the event's former claim.
    const name = `${randomUUID()}/${blobName(inline)}`;
    claims.push({ name, body });
    return claimBody(inline, name);
  });
  return { messages: encodeEnvelopes(queued), claims };
}

/**
 * The event in a dead letter. One without an id died at the intake, before filters were applied and personal data removed, so this is
 * done now, by code that may be able to read what an older relay could not. The relay's secret is not available here, so the digest is
 * unique: the event may be sent twice, but is never mistaken for another one.
 */
function eventOf(
  { eventId, digest, encoding, body }: DeadLetter,
  policy: EventPolicy,
):
  | { readonly id: string; readonly body: string; readonly digest: string | undefined }
  | { readonly impossible: string } {
  if (eventId !== undefined) return { id: eventId, body, digest };
  let admission: Admission;
  try {
    admission = admit(Buffer.from(body, encoding), policy, randomUUID());
  } catch {
    return { impossible: "have personal data that can't be removed" };
  }
  if (admission.kind === "malformed") return { impossible: "hold no event that this version of the relay can read" };
  if (admission.kind === "filtered") return { impossible: `are left out by the filter ${admission.rule}` };
  return { id: admission.id, body: admission.text, digest: admission.digest };
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
