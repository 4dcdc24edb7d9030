import type { CustomerIoEvent } from "pulumi-customerio/events";
import { coerce } from "../event/coerce.ts";
import { isObject, type JsonObject } from "../event/json.ts";
import { unreadMark } from "../policy/personal-texts.ts";

/** What an event is about. The notes of delivered events hold it, so that an audit can compare them with Customer.io's record. */
export interface NoteSubject {
  /** Id of the message; undefined for an event that no message caused. */
  readonly delivery?: string;
  readonly objectType?: string;
  readonly metric?: string;
}

/** What the note of a delivered event says. */
export interface DeliveryNote extends NoteSubject {
  /** Unix seconds at which Platform had accepted the event. */
  readonly deliveredAt: number;
}

/** Ids and names that a note holds. Others are left out: a hundred of them must fit into one transaction, which is ASCII. */
const shortText = /^[\x20-\x7e]{1,200}$/;

export function noteSubject({ object_type, metric, data }: CustomerIoEvent): NoteSubject {
  const delivery = shortTextOf(isObject(data) ? data.delivery_id : undefined);
  const [objectType, what] = [object_type, metric].map((name) => shortTextOf(name)?.trim().toLowerCase());
  return {
    ...(delivery !== undefined && { delivery }),
    ...(objectType !== undefined && { objectType }),
    ...(what !== undefined && { metric: what }),
  };
}

/**
 * Reads a note's properties.
 *
 * @returns undefined for a note of a former version, which holds nothing but its key
 */
export function readDeliveryNote({ delivery, objectType, metric, deliveredAt }: JsonObject): DeliveryNote | undefined {
  if (typeof deliveredAt !== "number") return undefined;
  return {
    deliveredAt,
    ...(typeof delivery === "string" && { delivery }),
    ...(typeof objectType === "string" && { objectType }),
    ...(typeof metric === "string" && { metric }),
  };
}

function shortTextOf(value: unknown): string | undefined {
  const text = coerce(value, "string");
  return typeof text === "string" && shortText.test(text) && text !== unreadMark ? text : undefined;
}
