import type { AxiosError, AxiosRequestConfig, AxiosResponse } from "axios";
import { sleep } from "./sleep.ts";
import { type VendorComplaint, VendorError } from "./vendor-error.ts";

export interface HttpClientOptions {
  /** The vendor as users know it, for messages: `Adobe Experience Platform`. */
  readonly vendor: string;
  readonly baseUrl: string;
  /** The setting that names `baseUrl`, for messages: `aep:platformUrl`. */
  readonly baseUrlSetting: string;
  /** Headers of each attempt (a token may be renewed between two attempts); `renew` asks for a fresh credential. */
  readonly headers: (renew: boolean, signal: AbortSignal) => Promise<Record<string, string>>;
  /** Reads the vendor's error shapes. */
  readonly complaint: (response: AxiosResponse) => VendorComplaint;
  /** Calls per second shared by all calls of this client; default: no limit. */
  readonly callsPerSecond?: number;
  /** Milliseconds that a single attempt may take; default 30,000. */
  readonly attemptTimeout?: number;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly params?: Record<string, string | number>;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** What the call is for, for messages: `create the schema "Customer.io events (dev)"`. */
  readonly purpose: string;
}

/** Retry rules as data; the total is bounded by the operation's own time limit (`signal`). */
export const retryRules = {
  attempts: 5,
  /** Full jitter over an exponential of this base, in milliseconds. */
  baseDelay: 500,
  maxDelay: 30_000,
  /** Answers after which the vendor has surely not acted, so that any method may be repeated. */
  always: [429, 503],
  /** Answers and transport faults after which only calls that can be repeated without harm are. */
  idempotentOnly: [408, 500, 502, 504],
  idempotentMethods: ["GET", "PUT", "DELETE"],
  /** Transport faults before the request was sent, so that any method may be repeated. */
  neverSent: ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"],
  /** Transport faults that come again: the certificate isn't trusted. */
  never: [
    "CERT_HAS_EXPIRED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  ],
} as const;

/** An axios instance in the vendor's manner: authenticated, paced, retried by class, its errors written for people. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  #nextSlot = 0;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** Makes the call and answers 2xx responses; everything else becomes a `VendorError`. */
  async call<T = unknown>(call: Call): Promise<AxiosResponse<T>> {
    let renewed = false;
    let renew = false;
    for (let attempt = 1; ; attempt++) {
      await this.#slot(call.signal);
      const outcome = await this.#attempt<T>(call, renew);
      if (!(outcome instanceof Error)) {
        if (outcome.status >= 200 && outcome.status < 300) return outcome;
        if (outcome.status === 401 && !renewed) {
          renewed = true;
          renew = true;
          continue;
        }
      }
      renew = false;
      const last = attempt >= retryRules.attempts || !mayRetry(call, outcome);
      if (last || call.signal.aborted) throw this.#error(call, outcome);
      await sleep(delay(attempt, outcome), call.signal);
      if (call.signal.aborted) throw this.#error(call, outcome);
    }
  }

  async #attempt<T>(call: Call, renew: boolean): Promise<AxiosResponse<T> | AxiosError> {
    // Loaded at the first call, since it takes longer than everything else between a provider's start and its port.
    const { default: axios } = await import("axios");
    const request: AxiosRequestConfig = {
      baseURL: this.#options.baseUrl,
      timeout: this.#options.attemptTimeout ?? 30_000,
      maxRedirects: 0,
      // Every status is looked at here, so that no axios error with its request headers can escape.
      validateStatus: () => true,
      transformResponse: (body: unknown) => parseJson(body),
      method: call.method,
      url: call.path,
      signal: call.signal,
      headers: { ...(await this.#options.headers(renew, call.signal)), ...call.headers },
    };
    if (call.params) request.params = call.params;
    if (call.body !== undefined) request.data = call.body;
    try {
      return await axios.request<T>(request);
    } catch (error) {
      if (axios.isAxiosError(error)) return error;
      throw error;
    }
  }

  /** Spaces calls evenly over the second, whoever makes them. */
  async #slot(signal: AbortSignal): Promise<void> {
    const perSecond = this.#options.callsPerSecond;
    if (perSecond === undefined) return;
    const now = Date.now();
    const slot = Math.max(now, this.#nextSlot);
    this.#nextSlot = slot + 1000 / perSecond;
    if (slot > now) await sleep(slot - now, signal);
  }

  #error(call: Call, outcome: AxiosResponse | AxiosError): VendorError {
    const { vendor, baseUrl, baseUrlSetting } = this.#options;
    const changes = call.method === "POST" || call.method === "PATCH";
    if (outcome instanceof Error) {
      const outcomeUnknown = changes && !includes(retryRules.neverSent, outcome.code);
      if (call.signal.aborted) {
        return new VendorError(`Could not ${call.purpose}: it was stopped or ran out of time.`, { outcomeUnknown });
      }
      const reason = outcome.code ?? outcome.message;
      return new VendorError(
        `Could not ${call.purpose}: ${vendor} at ${baseUrl} did not answer (${reason}). ` +
          `Check the network, a proxy in between, and the setting ${baseUrlSetting}; then run the command again.`,
        { code: outcome.code, outcomeUnknown },
      );
    }
    const { detail, code, requestId, remedy } = this.#options.complaint(outcome);
    const said = [detail?.replace(/\.$/, "") ?? `HTTP ${outcome.status}`, code && `code ${code}`]
      .filter(Boolean)
      .join(", ");
    const sentences = [
      `Could not ${call.purpose}: ${vendor} answered ${outcome.status}: ${said}.`,
      requestId && `Request id: ${requestId}.`,
      remedy,
    ];
    return new VendorError(sentences.filter(Boolean).join(" "), {
      status: outcome.status,
      code,
      outcomeUnknown: changes && mayHaveActed(outcome.status),
    });
  }
}

function mayRetry(call: Call, outcome: AxiosResponse | AxiosError): boolean {
  const idempotent = includes(retryRules.idempotentMethods, call.method);
  if (outcome instanceof Error) {
    if (includes(retryRules.never, outcome.code)) return false;
    return idempotent || includes(retryRules.neverSent, outcome.code);
  }
  if (includes(retryRules.always, outcome.status)) return true;
  return idempotent && includes(retryRules.idempotentOnly, outcome.status);
}

/** Whether a failed call may have been carried out all the same: the answer was lost on its way, or came too late. */
function mayHaveActed(status: number): boolean {
  return !includes(retryRules.always, status) && (status >= 500 || status === 408);
}

function includes<T>(list: readonly T[], item: unknown): boolean {
  return list.includes(item as T);
}

/** Milliseconds until the next attempt: the vendor's Retry-After (seconds or a date) if given, else full jitter. */
function delay(attempt: number, outcome: AxiosResponse | AxiosError): number {
  const retryAfter = outcome instanceof Error ? undefined : outcome.headers["retry-after"];
  if (typeof retryAfter === "string" && retryAfter !== "") {
    const seconds = Number(retryAfter);
    const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(retryAfter) - Date.now();
    if (Number.isFinite(wait)) return Math.max(0, wait);
  }
  return Math.random() * Math.min(retryRules.maxDelay, retryRules.baseDelay * 2 ** attempt);
}

function parseJson(body: unknown): unknown {
  if (typeof body !== "string" || body === "") return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
