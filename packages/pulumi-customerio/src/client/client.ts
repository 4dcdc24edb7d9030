import { isDeepStrictEqual } from "node:util";
import { type Call, type HttpClient, sleep, VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { Config } from "../config.ts";
import { type AppApiOptions, openAppApi } from "./app-api.ts";

/** The wanted settings of a reporting webhook. */
export interface WebhookSettings {
  readonly name: string;
  readonly endpoint: string;
  readonly events: readonly string[];
  readonly disabled: boolean;
  readonly fullResolution: boolean;
  readonly withContent: boolean;
}

/** A reporting webhook in Customer.io. */
export interface Webhook extends WebhookSettings {
  readonly id: number;
  /** `webhook`, or `js` for a JavaScript webhook, which only Customer.io's UI can create and this client never touches. */
  readonly type: string;
}

const creationAttempts = 3;
/** Milliseconds before each lookup of a webhook whose creation got no answer: Customer.io may still be creating it. */
const lookWaits = [1_000, 2_000, 4_000];

/** Milliseconds for the lookup after the operation was stopped. */
const graceTime = 15_000;

// A missing field gets the API's default; unknown fields may appear without notice.
const webhookAnswer = z.object({
  id: z.number().int(),
  type: z.string().nullish(),
  name: z.string().nullish(),
  endpoint: z.string().nullish(),
  events: z.array(z.string()).nullish(),
  disabled: z.boolean().nullish(),
  full_resolution: z.boolean().nullish(),
  with_content: z.boolean().nullish(),
});
// Other people's webhooks may have other forms, such as the nested events of an earlier API, and must not make the list unreadable.
const listedWebhook = z.object({
  id: webhookAnswer.shape.id,
  type: webhookAnswer.shape.type.catch("unknown"),
  name: webhookAnswer.shape.name.catch(undefined),
  endpoint: webhookAnswer.shape.endpoint.catch(undefined),
  events: webhookAnswer.shape.events.catch(undefined),
  disabled: webhookAnswer.shape.disabled.catch(undefined),
  full_resolution: webhookAnswer.shape.full_resolution.catch(undefined),
  with_content: webhookAnswer.shape.with_content.catch(undefined),
});
const workspacesAnswer = z.object({ workspaces: z.array(z.object({ name: z.string() })) });
const addressAnswer = z.object({ ip_addresses: z.array(z.string()) });
const listAnswer = z.object({ reporting_webhooks: z.array(z.unknown()).nullish() });

/**
 * The reporting webhooks of one workspace: Customer.io's App API, `/v1/reporting_webhooks`.
 *
 * Errors are `VendorError`s whose message names the remedy. Every method stops when `signal` aborts.
 */
export class ReportingWebhooks {
  readonly #http: HttpClient;
  readonly #pause: typeof sleep;

  /**
   * @param pause waits between two lookups of a webhook whose creation got no answer
   * @param http see `openAppApi`
   */
  constructor(settings: Config, pause = sleep, http?: AppApiOptions) {
    this.#pause = pause;
    this.#http = openAppApi(settings, http);
  }

  /** All webhooks of the workspace, including JavaScript webhooks and those created elsewhere. */
  async list(signal: AbortSignal, purpose = "list the reporting webhooks"): Promise<Webhook[]> {
    const { data } = await this.#http.call({ method: "GET", path: "/v1/reporting_webhooks", signal, purpose });
    const answer = listAnswer.safeParse(data);
    if (!answer.success) throw explainUnreadable(purpose);
    return (answer.data.reporting_webhooks ?? []).map((webhook) => {
      const listed = listedWebhook.safeParse(webhook);
      if (!listed.success) throw explainUnreadable(purpose);
      return withDefaults(listed.data);
    });
  }

  /** The addresses from which Customer.io calls webhooks, of the account's region. The list changes without notice. */
  async listIpAddresses(signal: AbortSignal): Promise<string[]> {
    const purpose = "list the addresses that Customer.io calls from";
    const { data } = await this.#http.call({ method: "GET", path: "/v1/info/ip_addresses", signal, purpose });
    const answer = addressAnswer.safeParse(data);
    if (!answer.success) throw explainUnreadable(purpose);
    return answer.data.ip_addresses;
  }

  /** Names of the account's workspaces, in the account's order. Any key may list them; the answer does not say which one is the key's. */
  async listWorkspaceNames(signal: AbortSignal): Promise<string[]> {
    const purpose = "list the workspaces";
    const { data } = await this.#http.call({ method: "GET", path: "/v1/workspaces", signal, purpose });
    const answer = workspacesAnswer.safeParse(data);
    if (!answer.success) throw explainUnreadable(purpose);
    return answer.data.workspaces.map(({ name }) => name);
  }

  /** The webhook, or undefined if it does not exist. */
  async get(id: number, signal: AbortSignal): Promise<Webhook | undefined> {
    const purpose = `read the reporting webhook ${id}`;
    const answer = await this.#unlessGone({ method: "GET", path: path(id), signal, purpose }, id);
    return answer && parseWebhook(answer.data, purpose);
  }

  /**
   * Creates a webhook that sends nothing yet, and never a second one. The API has no idempotency key and a webhook no room for a mark. So
   * it first looks, by name and endpoint, for a webhook that an interrupted run or a lost answer may have left, and adopts it (`adopted`)
   * if it is still disabled, whatever its other settings, or if all its settings are as wanted. An enabled webhook with other settings is
   * in use, and so is one that another resource holds. Both are refused, since a second one would deliver every event twice.
   */
  async createDisabled(
    wanted: WebhookSettings,
    signal: AbortSignal,
    isHeld: (id: string) => boolean,
  ): Promise<{ webhook: Webhook; adopted: boolean }> {
    let left = await this.#leftover(wanted, signal, isHeld);
    for (let attempt = 1; !left; attempt++) {
      try {
        return { webhook: await this.#post({ ...wanted, disabled: true }, signal), adopted: false };
      } catch (error) {
        if (!(error instanceof VendorError && error.outcomeUnknown)) throw error;
        left = await this.#findAppeared(wanted, signal, isHeld);
        if (!left && (attempt === creationAttempts || signal.aborted)) throw error;
      }
    }
    return { webhook: left, adopted: true };
  }

  /** Sets all settings; the API requires the whole body. */
  async update(id: number, wanted: WebhookSettings, signal: AbortSignal): Promise<Webhook> {
    const purpose = `update the reporting webhook ${id}`;
    const call = { method: "PUT", path: path(id), body: bodyOf(wanted), signal, purpose } as const;
    return parseWebhook((await this.#http.call(call)).data, purpose);
  }

  /** Deletes the webhook; succeeds if it is already gone. */
  async delete(id: number, signal: AbortSignal): Promise<void> {
    const purpose = `delete the reporting webhook ${id}`;
    const answer = await this.#unlessGone({ method: "DELETE", path: path(id), signal, purpose }, id);
    // A deletion returns an empty body or JSON; a proxy's page says nothing about the webhook.
    if (typeof answer?.data === "string" && answer.data !== "") throw explainUnreadable(purpose);
  }

  async #post(wanted: WebhookSettings, signal: AbortSignal): Promise<Webhook> {
    const purpose = `create the reporting webhook "${wanted.name}"`;
    const call = { method: "POST", path: "/v1/reporting_webhooks", body: bodyOf(wanted), signal, purpose } as const;
    return parseWebhook((await this.#http.call(call)).data, purpose);
  }

  async #findAppeared(
    wanted: WebhookSettings,
    signal: AbortSignal,
    isHeld: (id: string) => boolean,
  ): Promise<Webhook | undefined> {
    // A stopped command still looks for the webhook that it may have created.
    const until = signal.aborted ? AbortSignal.timeout(graceTime) : signal;
    for (const wait of lookWaits) {
      await this.#pause(wait, until);
      const webhook = await this.#leftover(wanted, until, isHeld);
      if (webhook) return webhook;
    }
    return undefined;
  }

  async #leftover(
    wanted: WebhookSettings,
    signal: AbortSignal,
    isHeld: (id: string) => boolean,
  ): Promise<Webhook | undefined> {
    const { name, endpoint } = wanted;
    const purpose = `check whether the reporting webhook "${name}" is there already`;
    const twins = (await this.list(signal, purpose)).filter(
      (webhook) => webhook.type === "webhook" && webhook.name === name && isSameUrl(webhook.endpoint, endpoint),
    );
    const held = twins.find(({ id }) => isHeld(String(id)));
    const other = twins.find((webhook) => !webhook.disabled && !isSame(webhook, wanted));
    const inUse = held ?? other;
    // Prefer the enabled one: a disabled one beside it sends nothing.
    if (!inUse) return twins.find(({ disabled }) => !disabled) ?? twins[0];
    throw new Error(
      `Customer.io already has a reporting webhook "${name}" with this endpoint (id ${inUse.id}), and it is ` +
        `${held ? "another resource's" : "enabled with other settings"}; a second one would deliver every event twice. ` +
        (held
          ? "Give the resources different names or endpoints."
          : "Import it: npx pulumi import customerio:index:ReportingWebhook <resource name> " +
            `${inUse.id}, or delete it in Customer.io.`),
    );
  }

  /**
   * Makes a call about one webhook; undefined if it is gone. A 404 alone is not enough: a wrong address or a proxy answers
   * 404 to everything, and a refresh that trusts it would forget the webhook. So the list has to answer too, without this webhook.
   */
  async #unlessGone(call: Call, id: number): Promise<{ data: unknown } | undefined> {
    try {
      return await this.#http.call(call);
    } catch (error) {
      if (!(error instanceof VendorError && error.gone)) throw error;
      const listed = await this.list(call.signal, `see in the list whether the reporting webhook ${id} is gone`);
      if (listed.some((webhook) => webhook.id === id)) throw error;
      return undefined;
    }
  }
}

/** Whether two addresses lead to the same place: Customer.io might write the host in lower case, or the default port. */
export function isSameUrl(one: string, other: string): boolean {
  return one === other || (URL.canParse(one) && URL.canParse(other) && new URL(one).href === new URL(other).href);
}

function isSame(webhook: Webhook, wanted: WebhookSettings): boolean {
  const { disabled, fullResolution, withContent } = wanted;
  return (
    isDeepStrictEqual(new Set(webhook.events), new Set(wanted.events)) &&
    webhook.disabled === disabled &&
    webhook.fullResolution === fullResolution &&
    webhook.withContent === withContent
  );
}

function path(id: number): string {
  return `/v1/reporting_webhooks/${id}`;
}

function bodyOf(wanted: WebhookSettings): object {
  return {
    name: wanted.name,
    endpoint: wanted.endpoint,
    events: wanted.events,
    disabled: wanted.disabled,
    full_resolution: wanted.fullResolution,
    with_content: wanted.withContent,
  };
}

/** In Customer.io's description the answer is the webhook itself; its Go client expects it under `reporting_webhook`. */
function parseWebhook(answer: unknown, purpose: string): Webhook {
  const wrapped = z.object({ reporting_webhook: z.unknown() }).safeParse(answer);
  const parsed = webhookAnswer.safeParse(wrapped.success ? wrapped.data.reporting_webhook : answer);
  if (!parsed.success) throw explainUnreadable(purpose);
  return withDefaults(parsed.data);
}

function withDefaults(answer: z.output<typeof webhookAnswer>): Webhook {
  const { id, type, name, endpoint, events, disabled, full_resolution, with_content } = answer;
  return {
    id,
    type: type ?? "webhook",
    name: name ?? "",
    endpoint: endpoint ?? "",
    events: events ?? [],
    disabled: disabled ?? false,
    fullResolution: full_resolution ?? false,
    withContent: with_content ?? false,
  };
}

function explainUnreadable(purpose: string): VendorError {
  const message =
    `Could not ${purpose}: the answer did not come from Customer.io's App API. ` +
    "Check that the setting customerio:appApiUrl points to it, not to a proxy's page.";
  return new VendorError(message, { outcomeUnknown: true });
}
