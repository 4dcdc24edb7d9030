import { subscriptionNames } from "pulumi-customerio/events";
import { z } from "zod";
import type { ReportingWebhookInput } from "../account.ts";
import type { CustomerIoSwitches } from "../switches.ts";

/** A complaint about one property of a request body; `pointer` is a JSON pointer to it. */
export interface InputComplaint {
  readonly detail: string;
  readonly pointer: string;
}

const input = z.object({
  name: z.string().min(1),
  endpoint: z.url({ protocol: /^https?$/ }),
  events: z.array(z.string()).min(1),
  disabled: z.boolean().optional(),
  full_resolution: z.boolean().optional(),
  with_content: z.boolean().optional(),
});

const defaults = { disabled: false, full_resolution: false, with_content: false };
const listed: ReadonlySet<string> = new Set(subscriptionNames);

/**
 * Parses the body of a create or update call like the App API: ignores read-only and unknown properties.
 *
 * @param body the request's body text
 * @param current the webhook to update; it provides the properties that a partial body lacks
 */
export function readWebhookInput(
  body: string,
  current: ReportingWebhookInput | undefined,
  switches: CustomerIoSwitches,
): ReportingWebhookInput | InputComplaint[] {
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    return [{ detail: "malformed JSON", pointer: "" }];
  }
  const read = input.safeParse(isObject(given) && current ? { ...current, ...given } : given);
  if (!read.success) {
    return read.error.issues.map(({ path, message }) => ({
      detail: `${path.join(".") || "body"}: ${message}`,
      pointer: path.map((key) => `/${String(key)}`).join(""),
    }));
  }
  const unlisted = read.data.events.flatMap((name, index) =>
    listed.has(name) ? [] : [{ detail: `events: unknown event ${name}`, pointer: `/events/${index}` }],
  );
  if (unlisted.length > 0 && switches.unknownEventNames === "refuse") return unlisted;
  const { endpoint, disabled, full_resolution, with_content, ...required } = read.data;
  return {
    ...required,
    endpoint: switches.endpointForm === "normalized" ? new URL(endpoint).href : endpoint,
    disabled: disabled ?? defaults.disabled,
    full_resolution: full_resolution ?? defaults.full_resolution,
    with_content: with_content ?? defaults.with_content,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
