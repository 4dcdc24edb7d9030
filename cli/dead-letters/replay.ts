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
import { eachOf } from "../each-of.ts";
import { readQueueMessageText } from "../relay/queue-message.ts";
import type { RelayStorageAccount } from "../relay/relay-storage.ts";
import { type DeadLetterFilter, kindOf, matchesFilter, tryParseDeadLetter } from "./dead-letter-filter.ts";

/** What is done with the dead letters that are meant. */
export type ReplayAction = "count" | "replay" | "purge";

export interface ReplayOptions {
  readonly storage: Pick<
    RelayStorageAccount,
    "readDeadLetter" | "removeDeadLetter" | "readClaim" | "putClaim" | "enqueue"
  >;
  /** The blobs to look at. */
  readonly names: readonly string[];
  readonly filter: DeadLetterFilter;
  /** The stack's filters and personal data, for what the relay could not read when it came. */
  readonly policy: EventPolicy;
  readonly action: ReplayAction;
  /** Dead letters a second, at most. */
  readonly perSecond: number;
  /** Ends the work after the dead letters under way. */
  readonly signal: AbortSignal;
  /** Told after each dead letter. */
  readonly progress: (counts: ReplayCounts) => void;
}

/** What became of the dead letters. */
export interface ReplayCounts {
  /** Looked at so far, of those that were to be. */
  examined: number;
  /** Counted, replayed or purged, as the action was. */
  done: number;
  /** `done` by class and kind of event, such as `refused email sent`. */
  readonly kinds: Map<string, number>;
  /** Why dead letters that were meant can't be replayed, and how many. */
  readonly left: Map<string, number>;
}

/**
 * Goes through dead letters and puts those that are meant back into the queue of events, or deletes them, or counts them.
 *
 * A dead letter is removed only after its message is durable. So where this ends early, whatever the reason, nothing is lost, and
 * of the dead letters then under way the next run replays those again that were not removed yet: their events may come to Platform
 * twice, under the same `_id`. It is removed only as it was read: an event that dies again has the same name, and stays.
 *
 * @throws what the storage throws
 */
export async function replay(options: ReplayOptions): Promise<ReplayCounts> {
  const counts: ReplayCounts = { examined: 0, done: 0, kinds: new Map(), left: new Map() };
  let nextStart = 0;
  await eachOf(options.names, options.signal, async (name) => {
    if (options.action !== "count") {
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
  const { storage, filter, policy, action } = options;
  const read = await storage.readDeadLetter(name);
  if (read === undefined) return;
  const letter = tryParseDeadLetter(read.content);
  if (letter === undefined) return count(counts.left, "are no dead letters of a version that is known here");
  if (!matchesFilter(letter, filter)) return;
  if (action !== "purge") {
    const replayable = await messagesOf(letter, policy, storage);
    if ("impossible" in replayable) return count(counts.left, replayable.impossible);
    if (action === "replay") {
      // The claims first: the forwarder may have a message at once.
      for (const claim of replayable.claims) await storage.putClaim(claim.name, claim.body);
      for (const message of replayable.messages) await storage.enqueue(message);
    }
  }
  if (action !== "count" && !(await storage.removeDeadLetter(name, read.etag)) && action === "purge") return;
  const { objectType, metric } = kindOf(letter);
  counts.done += 1;
  count(counts.kinds, [letter.class, objectType, metric].filter(Boolean).join(" "));
}

/** What brings a dead letter on its way again, or why nothing does. */
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

/** The queue messages that bring a dead letter's events on their way again, with wait and attempts counted from zero. */
async function messagesOf(
  letter: DeadLetter,
  policy: EventPolicy,
  storage: Pick<RelayStorageAccount, "readClaim">,
): Promise<Replayable> {
  if (letter.class === "unreadable") return replayMessage(letter, storage);
  const readable = eventOf(letter, policy);
  if ("impossible" in readable) return readable;
  const { id, body, digest } = readable;
  return replayableOf([{ event: newEvent({ id, receivedAt: letter.receivedAt, body, digest }), body }]);
}

/** An unreadable letter is not an event but a message of the queue. */
async function replayMessage(
  { body, encoding }: DeadLetter,
  storage: Pick<RelayStorageAccount, "readClaim">,
): Promise<Replayable> {
  const bytes = Buffer.from(body, encoding);
  const envelope = readQueueMessageText(bytes.toString("utf8"));
  if (!envelope.readable) {
    // A newer relay may be able to read it.
    if (bytes.length > maxEnvelopeBytes) return { impossible: "are larger than a queue message" };
    return { messages: [bytes.toString("base64")], claims: [] };
  }
  const events: { event: QueuedEvent; body: string }[] = [];
  for (const event of envelope.events) {
    const content = "body" in event ? event.body : await storage.readClaim(event.claim);
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
    // Not the name that the event had before: a forwarder that has just made it a dead letter is yet to delete that claim.
    const name = `${randomUUID()}/${blobName(inline)}`;
    claims.push({ name, body });
    return claimBody(inline, name);
  });
  return { messages: encodeEnvelopes(queued), claims };
}

/**
 * The event that a dead letter holds. One without an id died at the intake, before filters were applied and personal data taken
 * out; so this is done now, by a relay that may read what an older one could not. Its digest is like no other's, since the relay's
 * secret is not here: so it is rather sent twice than taken for another event.
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
    return { impossible: "can't have their personal data taken out" };
  }
  if (admission.kind === "malformed") return { impossible: "hold no event that this version of the relay can read" };
  if (admission.kind === "filtered") return { impossible: `are left out by the filter ${admission.rule}` };
  return { id: admission.id, body: admission.text, digest: admission.digest };
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
