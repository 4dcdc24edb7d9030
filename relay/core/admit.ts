import type { CustomerIoEvent } from "../../events/event.ts";
import { type ClassifiedEvent, classify, classifyText, type MalformedBody } from "./classify.ts";
import { filteredBy } from "./filter.ts";
import type { EventPolicy } from "./policy.ts";
import { type RedactedEvent, redact } from "./redact.ts";

/**
 * What becomes of a body that Customer.io has signed.
 *
 * - `admitted`: it goes on, as `text`, which lacks the personal data that the policy takes out (`redacted`).
 * - `filtered`: the filter `rule` keeps it from Platform.
 * - `malformed`: it is no event.
 */
export type Admission =
  | ({ readonly kind: "admitted"; readonly event: CustomerIoEvent; readonly text: string } & Pick<
      RedactedEvent,
      "redacted"
    >)
  | { readonly kind: "filtered"; readonly event: CustomerIoEvent; readonly rule: string }
  | MalformedBody;

/**
 * Applies the policy to a body, which nothing may have applied before: a hash would be hashed again.
 *
 * @throws where personal data can't be taken out, such as from JSON that is nested too deeply to be written again
 */
export function admit(body: Uint8Array | string, policy: EventPolicy): Admission {
  const classified: ClassifiedEvent | MalformedBody = typeof body === "string" ? classifyText(body) : classify(body);
  if (classified.kind === "malformed") return classified;
  const { event, text } = classified;
  const rule = filteredBy(event, policy.filters);
  if (rule !== undefined) return { kind: "filtered", event, rule };
  const { event: safe, redacted } = redact(event, policy.personalData);
  return { kind: "admitted", event, text: redacted.length > 0 ? JSON.stringify(safe) : text, redacted };
}
