import type { AxiosError, AxiosRequestConfig, AxiosResponse } from "axios";
import { showProgress } from "../engine/progress.ts";
import { generalRemedy } from "./remedy.ts";
import { retryAfterSeconds } from "./retry-after.ts";
import { sleep } from "./sleep.ts";
import { type VendorComplaint, VendorError } from "./vendor-error.ts";

export interface HttpClientOptions {
  /** The vendor as users know it, for messages: `Adobe Experience Platform`. */
  readonly vendor: string;
  readonly baseUrl: string;
  /** The setting that names `baseUrl`, for messages: `aep:platformUrl`. */
  readonly baseUrlSetting: string;
  /**
   * Headers of each attempt (a token may be renewed between two attempts); `renew` asks for a fresh credential, since the
   * one in `refused`, the headers of the attempt before, was answered with 401.
   */
  readonly headers: (
    renew: boolean,
    signal: AbortSignal,
    refused: Readonly<Record<string, string>>,
  ) => Promise<Record<string, string>>;
  /** Reads the vendor's error shapes. */
  readonly complaint: (response: AxiosResponse) => VendorComplaint;
  /** Cut out of what the vendor says, beside the request's own `Authorization`: what else of a request is secret. */
  readonly secrets?: readonly string[];
  /** What all calls of this client share; default: no limit. */
  readonly budget?: Budget;
  /** Milliseconds that a single attempt may take; default 30,000. */
  readonly attemptTimeout?: number;
  /** Waits; default: in real time. */
  readonly sleep?: typeof sleep | undefined;
}

interface Budget {
  readonly perSecond: number;
  /** Calls that may go at once after a rest; default 1: evenly spaced over the second. */
  readonly burst?: number;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly params?: Record<string, string | number>;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** May be repeated without harm, although its method does not say so: it sets what it names, whatever was before. */
  readonly repeatable?: boolean;
  /** Added to a refusal of the request itself, where only the caller knows what it means. */
  readonly hint?: string;
  /** What the call is for, for messages: `create the schema "Customer.io events (dev)"`. */
  readonly purpose: string;
}

/** Retry rules as data; the total is bounded by the operation's own time limit (`signal`). */
const retryRules = {
  attempts: 5,
  /** Full jitter over an exponential of this base, in milliseconds. */
  baseDelay: 500,
  maxDelay: 30_000,
  /** Answers after which the vendor has surely not acted, so that any method may be repeated. */
  always: [429],
  /**
   * Answers after which only calls that can be repeated without harm are. 503 is one of them: a gateway answers it for an
   * upstream that did act (Adobe's Flow Service lists FLOW-1103-503), so the caller has to look first.
   */
  idempotentOnly: [408, 500, 502, 503, 504],
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
  readonly #sleep: typeof sleep;
  #nextSlot = 0;
  /** Until when the vendor has asked to be left alone; the same for all calls. */
  #restUntil = 0;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#sleep = options.sleep ?? sleep;
  }

  /** Makes the call and answers 2xx responses; everything else becomes a `VendorError`. */
  async call<T = unknown>(call: Call): Promise<AxiosResponse<T>> {
    let renewed = false;
    let renew = false;
    let headers: Record<string, string> = {};
    for (let attempt = 1; ; attempt++) {
      await this.#slot(call);
      headers = await this.#options.headers(renew, call.signal, headers);
      const outcome = await this.#attempt<T>(call, headers);
      if (!(outcome instanceof Error)) {
        if (outcome.status >= 200 && outcome.status < 300) return outcome;
        if (outcome.status === 401 && !renewed) {
          renewed = true;
          renew = true;
          continue;
        }
      }
      renew = false;
      const asked = retryAfterOf(outcome);
      const wait = asked === undefined ? backOff(attempt) : asked * 1000;
      // Also where this call is not repeated: a caller that looks for its effect waits as long.
      if (asksForRest(outcome)) this.#restUntil = Math.max(this.#restUntil, Date.now() + wait);
      const last = attempt >= retryRules.attempts || !mayRetry(call, outcome);
      if (last || call.signal.aborted) throw this.#error(call, outcome);
      if (asked !== undefined) this.#showWait(wait, call);
      await this.#sleep(wait, call.signal);
      if (call.signal.aborted) throw this.#error(call, outcome);
    }
  }

  async #attempt<T>(call: Call, headers: Record<string, string>): Promise<AxiosResponse<T> | AxiosError> {
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
      headers: { ...headers, ...call.headers },
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

  /** Keeps to the budget for all callers, and lets all of them rest while the vendor throttles one. */
  async #slot(call: Call): Promise<void> {
    const { perSecond, burst = 1 } = this.#options.budget ?? {};
    const now = Date.now();
    let start = Math.max(now, this.#restUntil);
    if (perSecond !== undefined) {
      const interval = 1000 / perSecond;
      const slot = Math.max(start - (burst - 1) * interval, this.#nextSlot);
      this.#nextSlot = slot + interval;
      start = Math.max(start, slot);
    }
    if (this.#restUntil > now) this.#showWait(this.#restUntil - now, call);
    if (start > now) await this.#sleep(start - now, call.signal);
  }

  /** A wait of a second or more that the vendor asks for is shown: without a word the program would seem to hang. */
  #showWait(milliseconds: number, call: Call): void {
    if (milliseconds < 1000) return;
    showProgress(
      `${this.#options.vendor} asks to wait ${Math.ceil(milliseconds / 1000)} s; then it goes on to ${call.purpose}`,
    );
  }

  #error(call: Call, outcome: AxiosResponse | AxiosError): VendorError {
    const { vendor, baseUrl, baseUrlSetting } = this.#options;
    const changes = call.method === "POST" || call.method === "PATCH";
    if (outcome instanceof Error) {
      const sent = !includes(retryRules.neverSent, outcome.code) && !includes(retryRules.never, outcome.code);
      const outcomeUnknown = changes && sent;
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
    const { detail, code, requestId, remedy } = this.#withoutSecrets(this.#options.complaint(outcome), outcome);
    const hint = isRefusal(outcome.status) ? call.hint : undefined;
    const said = [detail?.replace(/\.$/, "") ?? `HTTP ${outcome.status}`, code && `code ${code}`]
      .filter(Boolean)
      .join(", ");
    const sentences = [
      `Could not ${call.purpose}: ${vendor} answered ${outcome.status}: ${said}.`,
      requestId && `Request id: ${requestId}.`,
      remedy,
      hint,
      !remedy && !hint && generalRemedy(outcome.status),
    ];
    return new VendorError(sentences.filter(Boolean).join(" "), {
      status: outcome.status,
      code,
      outcomeUnknown: changes && mayHaveActed(outcome.status),
    });
  }

  /** A vendor's words without the credential that the request came with, which a careless one may repeat. */
  #withoutSecrets(complaint: VendorComplaint, { config }: AxiosResponse): VendorComplaint {
    const credential = String(config.headers.Authorization ?? "").replace(/^\S+ /, "");
    const plain = [credential, ...(this.#options.secrets ?? [])].filter((secret) => secret !== "");
    const secrets = plain.flatMap((secret) => [secret, encodeURIComponent(secret)]);
    const clean = (text: string | undefined) =>
      text && secrets.reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text);
    const { detail, code, requestId, remedy } = complaint;
    return { detail: clean(detail), code: clean(code), requestId: clean(requestId), remedy: clean(remedy) };
  }
}

function mayRetry(call: Call, outcome: AxiosResponse | AxiosError): boolean {
  const idempotent = call.repeatable ?? includes(retryRules.idempotentMethods, call.method);
  if (outcome instanceof Error) {
    if (includes(retryRules.never, outcome.code)) return false;
    return idempotent || includes(retryRules.neverSent, outcome.code);
  }
  if (includes(retryRules.always, outcome.status)) return true;
  return idempotent && includes(retryRules.idempotentOnly, outcome.status);
}

/** The vendor asks the client as a whole to wait, and says for how long; without that, each call backs off by itself. */
function asksForRest(outcome: AxiosResponse | AxiosError): boolean {
  if (outcome instanceof Error || retryAfterOf(outcome) === undefined) return false;
  return outcome.status === 429 || outcome.status === 503;
}

/**
 * Whether a failed call may have been carried out nevertheless. Only a refusal of the request (4xx) says that it was not; a
 * redirect or a 5xx comes from something that may have passed the call on.
 */
function mayHaveActed(status: number): boolean {
  return status < 400 || status >= 500 || status === 408;
}

/** The vendor understood the request and won't do it, for reasons of its content. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 403, 404, 408, 410, 412, 429].includes(status);
}

function includes<T>(list: readonly T[], item: unknown): boolean {
  return list.includes(item as T);
}

/** Seconds that the vendor asked to wait. */
function retryAfterOf(outcome: AxiosResponse | AxiosError): number | undefined {
  const header: unknown = outcome instanceof Error ? undefined : outcome.headers["retry-after"];
  return typeof header === "string" ? retryAfterSeconds(header, new Date()) : undefined;
}

/** Milliseconds until the next attempt, where the vendor named no time. */
function backOff(attempt: number): number {
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
