import { setTimeout as wait } from "node:timers/promises";
import type { AccessToken, TokenCredential } from "@azure/identity";
import * as z from "zod";
import { jsonOf } from "../core/event/json.ts";
import { runWithinBudget } from "./budget.ts";
import { isSuccess, sendRequest } from "./http-request.ts";

/**
 * Milliseconds for one token, repetitions included. Azure's storage libraries share one request for a token among all calls: without a
 * limit, one request that is never answered would stop them all for good.
 */
const tokenTimeout = 5_000;

/** Milliseconds between two attempts, and the maximum number of attempts, as in Microsoft's own library. */
const retries = { pause: 1_000, maxAttempts: 4 };

/** Milliseconds before its end at which the next token is requested at the latest. */
const margin = 5 * 60_000;

/** Milliseconds before its end at which a call waits for another token: a request may take so long to arrive. */
const slack = 30_000;

/** Milliseconds for which Azure is not asked again after it gave none, as long as the former token is good. */
const rest = 30_000;

/** `expires_on` is in Unix seconds, as a text. */
const answer = z.object({ access_token: z.string().min(1), expires_on: z.coerce.number().positive() });
const refusal = z.object({ message: z.string() });

export interface ManagedIdentityOptions {
  /** Of a user-assigned identity; undefined for the function app's own. */
  readonly clientId: string | undefined;
  /** Has the variables by which Azure describes the identity's endpoint; default: the process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Default: the system's. In milliseconds. */
  readonly now?: () => number;
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  /** Milliseconds for one token; default: five seconds. */
  readonly timeout?: number;
}

interface KeptToken extends AccessToken {
  /** When to request the next one. */
  readonly refreshAt: number;
}

/**
 * The managed identity of a function app: one request to the endpoint that Azure runs beside it (Microsoft Learn, "How to use managed
 * identities for App Service and Azure Functions", REST endpoint reference). `@azure/identity` does the same with 300 KB of code for logins
 * that the relay never has, which a cold start would load.
 *
 * A token is kept until it is half over, or, if it lasts less than two hours, until five minutes before its end. After that the next call
 * starts a request for another one, and nobody waits for it until shortly before the end of the former one, which is used to its end if Azure
 * gives no other.
 */
export class ManagedIdentity implements TokenCredential {
  readonly #options: ManagedIdentityOptions;
  readonly #now: () => number;
  readonly #tokens = new Map<string, KeptToken>();
  readonly #pending = new Map<string, Promise<KeptToken>>();

  constructor(options: ManagedIdentityOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * The caller's own signal is not used: others may wait for the same token and have more time, so a caller with less ends its own
   * wait.
   *
   * @throws if Azure gives no token
   */
  async getToken(scopes: string | string[]): Promise<AccessToken> {
    const resource = [scopes].flat()[0]?.replace(/\/\.default$/, "") ?? "";
    const [kept, now] = [this.#tokens.get(resource), this.#now()];
    if (kept === undefined || now >= kept.expiresOnTimestamp) return this.#ask(resource);
    if (now < kept.refreshAt) return kept;
    const next = this.#ask(resource).catch((error: unknown) => {
      if (this.#now() >= kept.expiresOnTimestamp) throw error;
      return kept;
    });
    if (now >= kept.expiresOnTimestamp - slack) return next;
    next.catch(() => undefined);
    return kept;
  }

  /** One request for a resource, however many calls wait for it. */
  #ask(resource: string): Promise<KeptToken> {
    const underWay = this.#pending.get(resource);
    if (underWay) return underWay;
    const { timeout = tokenTimeout } = this.#options;
    const asked = runWithinBudget(timeout, (signal) => this.#try(resource, signal))
      .catch((error: unknown) => {
        const kept = this.#tokens.get(resource);
        if (kept) this.#tokens.set(resource, { ...kept, refreshAt: this.#now() + rest });
        throw error;
      })
      .then((token) => {
        this.#tokens.set(resource, token);
        return token;
      })
      .finally(() => this.#pending.delete(resource));
    this.#pending.set(resource, asked);
    return asked;
  }

  async #try(resource: string, signal: AbortSignal): Promise<KeptToken> {
    const { pause = (milliseconds, options) => wait(milliseconds, undefined, { signal: options }) } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const result = await this.#request(resource, signal).catch((error: Error) => ({ error, mayPass: true }));
      if ("token" in result) return result;
      if (!result.mayPass || attempt === retries.maxAttempts || signal.aborted) throw result.error;
      await pause(retries.pause, signal);
    }
  }

  async #request(
    resource: string,
    signal: AbortSignal,
  ): Promise<KeptToken | { readonly error: Error; readonly mayPass: boolean }> {
    const { clientId, environment = process.env } = this.#options;
    const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: secret } = environment;
    if (!endpoint || !secret) {
      const error = new Error(
        "No managed identity: the function app has none, since IDENTITY_ENDPOINT or IDENTITY_HEADER is missing",
      );
      return { error, mayPass: false };
    }
    const url = new URL(endpoint);
    url.searchParams.set("api-version", "2019-08-01");
    url.searchParams.set("resource", resource);
    if (clientId !== undefined) url.searchParams.set("client_id", clientId);
    const { status, text } = await sendRequest(url, {
      method: "GET",
      headers: { "x-identity-header": secret },
      limit: signal,
    });
    const parsed = isSuccess(status) ? answer.safeParse(jsonOf(text)) : undefined;
    if (parsed?.success) return this.#keep(parsed.data);
    const reason = refusal.safeParse(jsonOf(text)).data?.message ?? "";
    const error = new Error(`Azure gave no token for the managed identity: it answered ${status} ${reason}`.trimEnd());
    return { error, mayPass: [404, 408, 410, 429].includes(status) || status >= 500 };
  }

  #keep({ access_token: token, expires_on: seconds }: z.output<typeof answer>): KeptToken {
    const [now, expiresOnTimestamp] = [this.#now(), seconds * 1000];
    const life = expiresOnTimestamp - now;
    return { token, expiresOnTimestamp, refreshAt: now + (life > 2 * 3_600_000 ? life / 2 : life - margin) };
  }
}
