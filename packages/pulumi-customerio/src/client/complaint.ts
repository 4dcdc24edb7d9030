import type { AxiosResponse } from "axios";
import { hideSecrets, jsonOf, type VendorComplaint } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { Config } from "../config.ts";
import { subscriptionNames } from "../events/catalogue.ts";

// The App API documents both shapes; `status` is a string, but was an integer earlier. Some answers have no body.
const errorList = z.object({
  errors: z
    .array(
      z.object({
        detail: z.string().optional(),
        code: z.string().optional(),
        source: z.object({ pointer: z.string().optional() }).optional(),
      }),
    )
    .min(1),
});
const metaError = z.object({ meta: z.object({ error: z.string() }) });

/** Parses an error answer of the App API, and says what to do about it. */
export function explainCustomerIoError(settings: Config, response: AxiosResponse): VendorComplaint {
  const { detail, code } = readMessage(response.data);
  const requestId = response.headers["x-request-id"];
  const advice = remedy(settings, response) ?? eventRemedy(response);
  return { detail: detail && withoutEndpoint(detail, response), code, requestId, remedy: advice };
}

/**
 * Whether a daily quota is used up, so that no further attempt helps today. The App API's description: only the limit per second comes with
 * `Retry-After`. Descriptions before September 2026 lack that header, so the words of its example count as well: "rate limited to 10
 * requests per 1s".
 */
export function isQuotaUsedUp({ status, headers, data }: Pick<AxiosResponse, "status" | "headers" | "data">): boolean {
  return status === 429 && headers["retry-after"] === undefined && !/\bper 1s\b/.test(readMessage(data).detail ?? "");
}

/** What to do about events that Customer.io refuses; undefined if the refusal is about something else. */
function eventRemedy({ status, data, config }: AxiosResponse): string | undefined {
  const sent = z.object({ events: z.array(z.string()) }).safeParse(jsonOf(String(config.data)));
  if (status !== 400 || !sent.success) return undefined;
  const { events } = sent.data;
  const pointers = errorList.safeParse(data).data?.errors.map(({ source }) => source?.pointer);
  const places = (pointers ?? []).flatMap((pointer) => pointer?.match(/^\/events\/(\d+)$/)?.[1] ?? []);
  const refused = places.flatMap((place) => events[Number(place)] ?? []);
  const list = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");
  if (refused.length > 0) return `Customer.io does not accept ${list(refused)} as an event. ${correctEvents}`;
  // The body of this answer is not documented. If it names another property, the events are not to blame.
  if (pointers?.some((pointer) => pointer !== undefined && pointer !== "/events")) return undefined;
  const known: readonly string[] = subscriptionNames;
  const unknown = events.filter((name) => !known.includes(name));
  if (unknown.length === 0) return undefined;
  return `Customer.io may not accept ${list(unknown)} as an event; this package does not know it either. ${correctEvents}`;
}

const correctEvents =
  "Correct or remove it in the webhook's events (in a customerio-aep stack: the setting events, which this command shows: npx pulumi " +
  "config get customerio-aep:events), then run: npx pulumi up";

function readMessage(body: unknown): VendorComplaint {
  const list = errorList.safeParse(body);
  if (list.success) {
    const details = list.data.errors.map(({ detail, source }) =>
      [detail, source?.pointer && `(at ${source.pointer})`].filter(Boolean).join(" "),
    );
    return { detail: details.filter(Boolean).join("; ") || undefined, code: list.data.errors[0]?.code };
  }
  const meta = metaError.safeParse(body);
  if (meta.success) return { detail: meta.data.meta.error };
  const text = typeof body === "string" ? body.trim() : "";
  // A page of markup comes from a proxy and does not help the user.
  return text === "" || text.startsWith("<") ? {} : { detail: text.slice(0, 300) };
}

/** Removes the endpoint, which may be secret: anyone who has a streaming URL can write into the dataset. */
function withoutEndpoint(detail: string, response: AxiosResponse): string {
  const sent = z.object({ endpoint: z.string() }).safeParse(jsonOf(String(response.config.data)));
  return sent.success ? hideSecrets(detail, [sent.data.endpoint], "<the endpoint>") : detail;
}

function isAboutWebhooks(path: string | undefined): boolean {
  return path?.startsWith("/v1/reporting_webhooks") ?? true;
}

function remedy({ region }: Config, response: AxiosResponse): string | undefined {
  const { status, config } = response;
  const other = region === "us" ? "eu" : "us";
  switch (status) {
    case 401:
      return (
        `The key is wrong, or it belongs to a region other than ${region}. Create App API keys in Customer.io under ` +
        "Settings > API credentials > App API keys; then run: npx pulumi config set --secret customerio:appApiKey. " +
        `If the account is in the other region: npx pulumi config set customerio:region ${other}`
      );
    case 403:
      return (
        `The key has no access to ${isAboutWebhooks(config.url) ? "reporting webhooks" : "messages and activities"}, or the workspace's IP allowlist does not contain this machine's ` +
        "address. Both are set in Customer.io under Settings > API credentials > App API keys."
      );
    case 404:
    case 410:
      if (!isAboutWebhooks(config.url)) return undefined;
      // A GET or DELETE gets here only if the list contains the webhook, or if the list itself was not found.
      return config.method === "put"
        ? "The webhook was deleted in Customer.io. To recreate it, run: npx pulumi refresh, then npx pulumi up"
        : "The webhook exists in Customer.io, so something else answered. Check that the setting " +
            "customerio:appApiUrl points to its App API, not to a proxy; then run the command again.";
    case 429:
      return isQuotaUsedUp(response)
        ? "The Customer.io account has used up a daily quota. Run the command again when the quota is renewed."
        : "Something else uses the 10 calls a second that Customer.io accepts. Run the command again in a minute.";
    default:
      return undefined;
  }
}
