import * as z from "zod";
import { blobName } from "../blob-name.ts";
import { bodyDigestForm, type QueuedEvent } from "./envelope.ts";

/** Why a body is a dead letter. */
export const deadLetterClass = z.enum([
  /** Signed by Customer.io, but not an event. */
  "malformed",
  /** Platform will never accept it. */
  "refused",
  /** Delivery failed for 7 days, or the event waited 30 days, tried or not. */
  "expired",
  /** The relay failed on it, or several times on its queue message: a bug. */
  "poison",
  /** Not an event but a whole queue message that is not an envelope; the body is its text. */
  "unreadable",
]);
export type DeadLetterClass = z.infer<typeof deadLetterClass>;

/** The document in the container `dead-letters`: everything needed to understand what happened and to replay the event. */
const deadLetter = z.object({
  version: z.literal(1),
  class: deadLetterClass,
  /** An explanation for operators. */
  reason: z.string(),
  /** Customer.io's event id, if known. */
  eventId: z.string().optional(),
  /** The event's `digestBody`, if it has one. */
  digest: bodyDigestForm.optional(),
  /** When the relay received it (ISO 8601). */
  receivedAt: z.iso.datetime(),
  firstAttemptAt: z.iso.datetime().optional(),
  /** When it became a dead letter. */
  deadAt: z.iso.datetime(),
  attempts: z.int().min(0),
  encoding: z.enum(["utf8", "base64"]),
  /** The received bytes: as text if they are UTF-8, otherwise in base64. */
  body: z.string(),
});
export type DeadLetter = z.infer<typeof deadLetter>;

/** A blob of the container `dead-letters`. */
export interface DeadLetterBlob {
  readonly name: string;
  readonly document: DeadLetter;
}

/**
 * Whether an event that becomes a dead letter is that of a repeated call. It was received at another time, but both events become the same dead
 * letter. Each is finished once, so the second one counts as `gone`: otherwise the counts would never balance. A replayed event may die before
 * the replay has removed its former dead letter.
 *
 * @param isFirst whether the event's receipt wrote the dead letter first
 */
export function isOfRepeatedCall({ queuedAt }: Pick<QueuedEvent, "queuedAt">, isFirst: boolean): boolean {
  return !isFirst && queuedAt === undefined;
}

/** The dead letter of an event that was in the queue. */
export function deadEvent(
  event: QueuedEvent,
  body: string,
  { class: why, reason, now }: { class: DeadLetterClass; reason: string; now: Date },
): DeadLetterBlob {
  const { id, digest, receivedAt, attempts, firstAttemptAt } = event;
  return {
    name: blobName({ id, receivedAt, body, digest }),
    document: {
      version: 1,
      class: why,
      reason,
      eventId: id,
      ...(digest === undefined ? {} : { digest }),
      receivedAt,
      ...(firstAttemptAt === undefined ? {} : { firstAttemptAt }),
      deadAt: now.toISOString(),
      attempts,
      encoding: "utf8",
      body,
    },
  };
}

/** The dead letter of a malformed body or an unreadable queue message. */
export function deadBody(
  body: Uint8Array,
  {
    class: why,
    reason,
    receivedAt,
    now,
  }: { class: "malformed" | "poison" | "unreadable"; reason: string; receivedAt: string; now: Date },
): DeadLetterBlob {
  const bytes = Buffer.from(body);
  const text = bytes.toString("utf8");
  const encoding = Buffer.from(text).equals(bytes) ? "utf8" : "base64";
  return {
    name: blobName({ receivedAt, body }),
    document: {
      version: 1,
      class: why,
      reason,
      receivedAt,
      deadAt: now.toISOString(),
      attempts: 0,
      encoding,
      body: encoding === "utf8" ? text : bytes.toString("base64"),
    },
  };
}

/**
 * Reads a dead letter's document, as a replay does.
 *
 * @throws SyntaxError or ZodError if the blob is not a dead letter of this version
 */
export function parseDeadLetter(text: string): DeadLetter {
  return deadLetter.parse(JSON.parse(text));
}
