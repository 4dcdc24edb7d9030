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
 * - `admitted`: it goes on, as `text`, which lacks the personal data that the policy takes out (`redacted`). `unread` says that a
 *   filter let it pass since it could not read it, and `unknown` which attributes the event catalogue lacks. `digest` tells it apart
 *   from events that differ only in what was taken out; it is there wherever the policy takes out anything.
 * - `filtered`: the filter `rule` keeps it from Platform.
 *
 * Of both, `eventKind` is what the log calls it.
 *
 * - `malformed`: it is not an event.
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
 * Applies the policy to a body, which nothing may have applied before: a hash would be hashed again.
 *
 * Where personal data are to be taken out, the text is written from the parsed event: the one that came may say more than its JSON
 * means, such as a key that is there twice.
 *
 * @param secret what `digest` is made with; without one there is none, so such events are taken for duplicates of one another
 * @throws where personal data can't be taken out, such as from JSON that is nested too deeply to be written again
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
