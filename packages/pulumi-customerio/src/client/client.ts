import { isDeepStrictEqual } from "node:util";
import { type Call, type HttpClient, sleep, VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { Config } from "../config.ts";
import { type AppApiOptions, openAppApi } from "./app-api.ts";
import { readWebhook, readWebhooks, type Webhook, type WebhookSettings } from "./webhook-answer.ts";

const creationAttempts = 3;
/** Milliseconds before each further look at a webhook that was just created or deleted: Customer.io may show the change late. */
const lookWaits = [1_000, 2_000, 4_000];

/** Milliseconds for the lookup after the operation was stopped. */
const graceTime = 15_000;

const workspacesAnswer = z.object({ workspaces: z.array(z.object({ name: z.string() })) });
const addressAnswer = z.object({ ip_addresses: z.array(z.string()) });

/** What a run knows of the webhooks in Customer.io's list, by their ids. */
interface KnownWebhooks {
  /** A resource holds it. */
  readonly isHeld: (id: string) => boolean;
  /** This run has deleted it: Customer.io may list it for a while. */
  readonly isDeleted: (id: string) => boolean;
  /** The command that takes it into the stack. */
  readonly importCommand: (id: string) => string;
}

/**
 * The reporting webhooks of one workspace: Customer.io's App API, `/v1/reporting_webhooks`.
 *
 * Errors are `VendorError`s whose message names the remedy. Every method stops when `signal` aborts.
 */
export class ReportingWebhooks {
  readonly #http: HttpClient;
  readonly #pause: typeof sleep;
  /** Ids of the webhooks that this client has created. */
  readonly #made = new Set<number>();

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
    const listed = readWebhooks(data);
    if (listed === undefined) throw explainUnreadable(purpose);
    return listed;
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
    if (answer === undefined) return undefined;
    const found = readWebhook(answer.data);
    if (found === undefined) throw explainUnreadable(purpose);
    return found;
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
    known: KnownWebhooks,
  ): Promise<{ webhook: Webhook; adopted: boolean }> {
    let left = await this.#leftover(wanted, signal, known);
    for (let attempt = 1; !left; attempt++) {
      try {
        return { webhook: await this.#post({ ...wanted, disabled: true }, signal), adopted: false };
      } catch (error) {
        if (!(error instanceof VendorError && error.outcomeUnknown)) throw error;
        left = await this.#findAppeared(wanted, signal, known);
        if (!left && (attempt === creationAttempts || signal.aborted)) throw error;
      }
    }
    return { webhook: left, adopted: true };
  }

  /** Sets all settings; the API requires the whole body. */
  async update(id: number, wanted: WebhookSettings, signal: AbortSignal): Promise<Webhook> {
    const purpose = `update the reporting webhook ${id}`;
    const call = { method: "PUT", path: path(id), body: bodyOf(wanted), signal, purpose } as const;
    const { data } = await this.#onceVisible(call, id);
    // A success without a body does not show the webhook.
    const updated = data === "" ? await this.get(id, signal) : readWebhook(data);
    if (updated === undefined) throw explainUnreadable(purpose);
    return updated;
  }

  /** Deletes the webhook; returns false if it is already gone. */
  async delete(id: number, signal: AbortSignal): Promise<boolean> {
    const purpose = `delete the reporting webhook ${id}`;
    const answer = await this.#unlessGone({ method: "DELETE", path: path(id), signal, purpose }, id);
    // A deletion returns an empty body or JSON; a proxy's page says nothing about the webhook.
    if (typeof answer?.data === "string" && answer.data !== "") throw explainUnreadable(purpose);
    return answer !== undefined;
  }

  async #post(wanted: WebhookSettings, signal: AbortSignal): Promise<Webhook> {
    const purpose = `create the reporting webhook "${wanted.name}"`;
    const call = { method: "POST", path: "/v1/reporting_webhooks", body: bodyOf(wanted), signal, purpose } as const;
    const made = readWebhook((await this.#http.call(call)).data);
    if (made === undefined) throw explainUnreadable(purpose);
    this.#made.add(made.id);
    return made;
  }

  async #findAppeared(
    wanted: WebhookSettings,
    signal: AbortSignal,
    known: KnownWebhooks,
  ): Promise<Webhook | undefined> {
    // A stopped command still looks for the webhook that it may have created.
    const until = signal.aborted ? AbortSignal.timeout(graceTime) : signal;
    for (const wait of lookWaits) {
      await this.#pause(wait, until);
      const webhook = await this.#leftover(wanted, until, known);
      if (webhook) return webhook;
    }
    return undefined;
  }

  async #leftover(
    wanted: WebhookSettings,
    signal: AbortSignal,
    { isHeld, isDeleted, importCommand }: KnownWebhooks,
  ): Promise<Webhook | undefined> {
    const { name, endpoint } = wanted;
    const purpose = `check whether the reporting webhook "${name}" is there already`;
    const plain = (await this.list(signal, purpose)).filter(
      ({ id, type }) => type === "webhook" && !isDeleted(String(id)),
    );
    const twins = plain.filter((webhook) => webhook.name === name && isSameUrl(webhook.endpoint, endpoint));
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
          : `Delete it in Customer.io, or import it: ${importCommand(String(inUse.id))}`),
    );
  }

  /** Makes a call about one webhook. If this client has just created it, Customer.io may not know it for some seconds. */
  async #onceVisible(call: Call, id: number): Promise<{ data: unknown }> {
    for (const wait of this.#made.has(id) ? lookWaits : []) {
      try {
        return await this.#http.call(call);
      } catch (error) {
        if (!(error instanceof VendorError && error.gone) || call.signal.aborted) throw error;
        await this.#pause(wait, call.signal);
      }
    }
    return this.#http.call(call);
  }

  /**
   * Makes a call about one webhook; undefined if it is gone. A 404 alone is not enough: a wrong address or a proxy answers
   * 404 to everything, and a refresh that trusts it would forget the webhook. So the list has to answer too, without this webhook; it may
   * show a deleted one for some seconds.
   */
  async #unlessGone(call: Call, id: number): Promise<{ data: unknown } | undefined> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#http.call(call);
      } catch (error) {
        if (!(error instanceof VendorError && error.gone)) throw error;
        const listed = await this.list(call.signal, `see in the list whether the reporting webhook ${id} is gone`);
        if (!listed.some((webhook) => webhook.id === id)) return undefined;
        const wait = lookWaits[attempt];
        if (wait === undefined || call.signal.aborted) throw error;
        await this.#pause(wait, call.signal);
      }
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

function explainUnreadable(purpose: string): VendorError {
  const message =
    `Could not ${purpose}: the answer did not come from Customer.io's App API. ` +
    "Check that the setting customerio:appApiUrl points to it, not to a proxy's page.";
  return new VendorError(message, { outcomeUnknown: true });
}
