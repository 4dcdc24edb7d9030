import * as z from "zod";

/** The only version of the envelope so far; others are refused, since their meaning is unknown. */
const version = 1;

/** A queue message holds 64 KiB of text, which in base64 is this many bytes (Azure's Queue Storage limits). */
export const maxEnvelopeBytes = 49_152;

/**
 * Maximum number of events per message. Even if Platform answers each of them slowly, the forwarder ends well within the host's
 * `functionTimeout`.
 */
export const maxEnvelopeEvents = 64;

/** Maximum length of a last error and of an event id in an envelope. */
const maxErrorLength = 120;
const maxIdLength = 128;

/** The format of `digestBody`. */
export const bodyDigestForm = z.string().regex(/^[0-9a-f]{32}$/);

const fate = {
  /** Customer.io's event id, cut to 128 characters: a label for logs and names. The body has the full id. */
  id: z.string(),
  /**
   * `digestBody` of the body as sent, if personal data were removed from it. Hexadecimal digits only, since it becomes part of names.
   * Older relays keep this part without reading it, and distinguish events by their stored bodies.
   */
  digest: bodyDigestForm.optional(),
  /** When the relay received the event (ISO 8601): how old the event is. */
  receivedAt: z.iso.datetime(),
  /**
   * When the event was put into the queue, if that was later than its receipt: a dead letter was replayed. Absent otherwise, so that
   * older relays can read every other message.
   */
  queuedAt: z.iso.datetime().optional(),
  /** The event was put back into the queue, so two messages may contain it. Absent in its first message. */
  putBack: z.literal(true).optional(),
  /** Failed attempts to send the event to Platform. */
  attempts: z.int().min(0),
  firstAttemptAt: z.iso.datetime().optional(),
  lastError: z.string().optional(),
};

/**
 * Unknown parts come from a newer relay. They are kept and put back with the event, so a rollback to an older relay turns no message into
 * a dead letter. A part that changes the meaning of others needs a new version.
 */
const queuedEvent = z.union([
  /** The body: Customer.io's JSON, unchanged. */
  z.looseObject({ ...fate, body: z.string(), claim: z.undefined().optional() }),
  z.looseObject({
    ...fate,
    body: z.undefined().optional(),
    /** The name of the blob in the container `claims` with a body too large for a message. */
    claim: z.string().min(1),
    /** The size of that body. */
    claimBytes: z.int().min(0).optional(),
  }),
]);

type Fate = z.infer<z.ZodObject<typeof fate>>;

/** A queued event with its own attempts and fate. */
export type QueuedEvent = Fate & ({ body: string } | { claim: string; claimBytes?: number | undefined });

const envelope = z.strictObject({ version: z.literal(version), events: z.array(queuedEvent).min(1) });

/** An event that has not been sent yet, with its body in the envelope. */
export function newEvent({
  id,
  receivedAt,
  body,
  digest,
}: {
  id: string;
  receivedAt: string;
  body: string;
  digest?: string | undefined;
}): QueuedEvent & { body: string } {
  return { id: id.slice(0, maxIdLength), ...(digest !== undefined && { digest }), receivedAt, attempts: 0, body };
}

/** Queues the event again. It keeps its age; its wait and attempts restart. */
export function requeueEvent<Event extends QueuedEvent>(event: Event, at: Date): Event {
  const { firstAttemptAt: _first, lastError: _last, ...rest } = event;
  return { ...rest, attempts: 0, queuedAt: at.toISOString() } as Event;
}

/** When the event's wait in the queue started, in milliseconds since 1970. For its age see `receivedAt`. */
export function waitingSince({
  receivedAt,
  queuedAt = receivedAt,
}: Pick<QueuedEvent, "receivedAt" | "queuedAt">): number {
  return Date.parse(queuedAt);
}

/** The same event, with its body in a blob. */
export function claimBody({ body, ...event }: QueuedEvent & { body: string }, claim: string): QueuedEvent {
  return { ...event, claim, claimBytes: Buffer.byteLength(body) };
}

/** The event after a failed attempt. The reason is cut so that `fitsInline` stays true. */
export function addFailure(event: QueuedEvent, { at, error }: { at: string; error: string }): QueuedEvent {
  return {
    ...event,
    attempts: event.attempts + 1,
    firstAttemptAt: event.firstAttemptAt ?? at,
    // Without characters that JSON escapes, the text's length equals its size in the envelope.
    lastError: error.replaceAll(/[^ !#-[\]-~]/g, "?").slice(0, maxErrorLength),
  };
}

/** Whether the event fits a message with its body in it, now and after any failure. */
export function fitsInline(event: QueuedEvent): boolean {
  const failed = {
    putBack: true as const,
    attempts: Number.MAX_SAFE_INTEGER,
    firstAttemptAt: event.receivedAt,
    lastError: "x".repeat(maxErrorLength),
  };
  return new EnvelopeWriter().add({ ...event, ...failed });
}

const opening = `{"version":${version},"events":[`;
const closing = "]}";

/** Fills one envelope up to the limits of a queue message. */
export class EnvelopeWriter {
  readonly #events: string[] = [];
  #bytes = opening.length + closing.length;

  /** @returns false if the event no longer fits and was not added */
  add(event: QueuedEvent): boolean {
    const json = JSON.stringify(event);
    const bytes = this.#bytes + Buffer.byteLength(json) + (this.#events.length > 0 ? 1 : 0);
    if (bytes > maxEnvelopeBytes || this.#events.length === maxEnvelopeEvents) return false;
    this.#events.push(json);
    this.#bytes = bytes;
    return true;
  }

  /** The text of the queue message: base64, as the Functions host expects it. */
  encode(): string {
    return Buffer.from(opening + this.#events.join(",") + closing).toString("base64");
  }
}

/**
 * Packs the events, in order, into as few queue messages as possible, and returns the messages' texts.
 *
 * @throws RangeError for an event that no message can hold; `fitsInline` and claims prevent that
 */
export function encodeEnvelopes(events: readonly QueuedEvent[]): string[] {
  const writers: EnvelopeWriter[] = [];
  for (const event of events) {
    if (writers.at(-1)?.add(event)) continue;
    const writer = new EnvelopeWriter();
    if (!writer.add(event)) throw new RangeError(`Event ${event.id} is too large for a queue message.`);
    writers.push(writer);
  }
  return writers.map((writer) => writer.encode());
}

/** The events of a queue message; or, if it can't be read, the reason and its text. */
export type DecodedEnvelope =
  | { readonly readable: true; readonly events: readonly QueuedEvent[] }
  | { readonly readable: false; readonly reason: string; readonly text: string };

/**
 * Reads a queue message as the Functions library passes it: decoded from base64, and parsed if it is JSON.
 */
export function decodeEnvelope(message: unknown): DecodedEnvelope {
  const parsed = envelope.safeParse(message);
  if (parsed.success) return { readable: true, events: parsed.data.events };
  const text = typeof message === "string" ? message : JSON.stringify(message);
  return { readable: false, reason: unreadableReason(message), text };
}

function unreadableReason(message: unknown): string {
  if (typeof message !== "object" || message === null) return "The queue message is not an envelope of events.";
  const found = "version" in message ? message.version : undefined;
  if (found !== version) {
    return `The queue message's envelope has version ${JSON.stringify(found)}; this relay reads version ${version}.`;
  }
  return "The queue message's envelope has parts that this relay does not know.";
}
