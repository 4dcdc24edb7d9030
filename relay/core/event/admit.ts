import { judge } from "../policy/filter.ts";
import { type EventPolicy, keepsAll } from "../policy/policy.ts";
import { type RedactedEvent, redact } from "../policy/redact.ts";
import { type ClassifiedEvent, classify, classifyText, type MalformedBody } from "./classify.ts";
import { deriveEventId, digestBody, ownEventId } from "./event-id.ts";
import { nameKind } from "./event-kind.ts";
import { unknownAttributes } from "./unknown-attributes.ts";

/**
 * The result of applying the policy to a body that Customer.io has signed.
 *
 * - `admitted`: the event is forwarded as `text`, without the personal data that the policy removes (`redacted`). `unread`: a filter
 *   let the event pass because it could not read a property. `unknown`: the attributes that the event catalogue lacks. `digest`
 *   distinguishes the event from others that differ only in removed data; it is present if the policy removes any data.
 * - `filtered`: the filter `rule` keeps the event from Platform.
 * - `malformed`: the body is not an event.
 *
 * `eventKind` names the event in the log.
 */
export type Admission =
  | ({
      readonly kind: "admitted";
      readonly id: string;
      readonly eventKind: string;
      readonly text: string;
      readonly digest?: string;
      readonly unread: boolean;
      readonly unknown: readonly string[];
    } & Pick<RedactedEvent, "redacted">)
  | { readonly kind: "filtered"; readonly id: string; readonly eventKind: string; readonly rule: string }
  | MalformedBody;

/**
 * Applies the policy to a body. Call it once only: a second call would hash the hashes.
 *
 * If the policy removes personal data, the text is written from the parsed event: the received text may contain data that parsing drops,
 * such as a duplicate key.
 *
 * @param secret the key of `digest`. Without it there is no digest, and events that differ only in removed data count as duplicates
 * @throws if personal data can't be removed, such as from JSON that is nested too deeply to be serialized
 */
export function admit(body: Uint8Array | string, policy: EventPolicy, secret?: string): Admission {
  const classified: ClassifiedEvent | MalformedBody = typeof body === "string" ? classifyText(body) : classify(body);
  if (classified.kind === "malformed") return classified;
  const { event, id } = classified;
  const { rule, unread } = judge(event, policy.filters);
  const eventKind = nameKind(event);
  if (rule !== undefined) return { kind: "filtered", id, eventKind, rule };
  if (keepsAll(policy.personalData)) {
    const { text } = classified;
    return { kind: "admitted", id, eventKind, text, redacted: [], unread, unknown: unknownAttributes(event) };
  }
  const { event: safe, redacted } = redact(event, policy.personalData);
  const text = JSON.stringify(safe);
  const digest = secret === undefined ? undefined : digestBody(classified.text, secret);
  const safeId = ownEventId(safe.event_id) ?? deriveEventId(text, digest);
  const admitted = { id: safeId, eventKind, text, redacted, unread, unknown: unknownAttributes(safe) };
  return { kind: "admitted", ...admitted, ...(digest !== undefined && { digest }) };
}
