import type { AxiosError, AxiosRequestConfig, AxiosResponse } from "axios";
import { showProgress } from "../engine/progress.ts";
import { certificateRemedy, isCertificateFault } from "./certificate.ts";
import { hideSecrets } from "./hide-secrets.ts";
import { generalRemedy } from "./remedy.ts";
import { retryAfterSeconds } from "./retry-after.ts";
import { sleep } from "./sleep.ts";
import { type VendorComplaint, VendorError } from "./vendor-error.ts";

export interface HttpClientOptions {
  /** The vendor's name for messages: `Adobe Experience Platform`. */
  readonly vendor: string;
  readonly baseUrl: string;
  /** The setting that names `baseUrl`, for messages: `aep:platformUrl`. */
  readonly baseUrlSetting: string;
  /**
   * Returns the headers of each attempt, since a token may be renewed between two attempts. `renew` requests a new credential, because
   * the one in `refused`, the headers of the previous attempt, got a 401.
   */
  readonly headers: (
    renew: boolean,
    signal: AbortSignal,
    refused: Readonly<Record<string, string>>,
  ) => Promise<Record<string, string>>;
  /** Parses the vendor's error bodies. */
  readonly complaint: (response: AxiosResponse) => VendorComplaint;
  /** Whether an answer is final although its status is usually temporary, such as a 429 for a used-up daily quota. */
  readonly isQuotaUsedUp?: (response: AxiosResponse) => boolean;
  /** Other secrets in a request, removed from the vendor's messages along with `Authorization`. */
  readonly secrets?: readonly string[];
  /** Rate limit shared by all calls of this client; default: no limit. */
  readonly budget?: Budget;
  /** Maximum milliseconds of a single attempt; default 30,000. */
  readonly attemptTimeout?: number;
  /** Waits; default: in real time. */
  readonly sleep?: typeof sleep | undefined;
}

interface Budget {
  readonly perSecond: number;
  /** Number of calls that may start at once after a pause; default 1: evenly spaced over the second. */
  readonly burst?: number;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly params?: Record<string, string | number>;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** The answer is not text: its `data` is a `Buffer`. */
  readonly isBinary?: boolean;
  /** Safe to repeat although its method does not imply it, because the call is idempotent. */
  readonly repeatable?: boolean;
  /** Added to the message if the vendor refuses the request and only the caller knows what that means. */
  readonly hint?: string;
  /** The call's purpose for messages: `create the schema "Customer.io events (dev)"`. */
  readonly purpose: string;
}

/** Retry rules. The operation's own time limit (`signal`) bounds the total. */
const retryRules = {
  attempts: 5,
  /** Base of the exponential backoff with full jitter, in milliseconds. */
  baseDelay: 500,
  maxDelay: 30_000,
  /** Statuses that prove that the vendor has not acted, so any method may be repeated. */
  always: [429],
  /** Of the statuses from 500, those that no further attempt changes. */
  lasting: [501, 505],
  idempotentMethods: ["GET", "PUT", "DELETE"],
  /** Network errors from before the request was sent, so any method may be repeated. */
  neverSent: ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"],
  /** Errors and statuses that mean that the answer took too long, the vendor's own or that of a gateway before it. */
  timeouts: ["ECONNABORTED", "ETIMEDOUT"],
  timeoutStatuses: [408, 504, 522, 524],
} as const;

/** An HTTP client for one vendor: authenticates, limits the rate, retries by class of error, and explains errors to people. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #sleep: typeof sleep;
  #nextSlot = 0;
  /** Time until which the vendor asked all calls to wait. */
  #restUntil = 0;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#sleep = options.sleep ?? sleep;
  }

  /** Makes the call and returns 2xx responses; anything else becomes a `VendorError`. */
  async call<T = unknown>(call: Call): Promise<AxiosResponse<T>> {
    let renewed = false;
    let renew = false;
    let headers: Record<string, string> = {};
    for (let attempt = 1; ; attempt++) {
      await this.#slot(call);
      headers = await this.#headers(call, renew, headers);
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
      // Even if this call is not repeated: a caller that looks for its effect has to wait as well.
      if (asksForRest(outcome)) this.#restUntil = Math.max(this.#restUntil, Date.now() + wait);
      const isFinal = !(outcome instanceof Error) && this.#options.isQuotaUsedUp?.(outcome) === true;
      if (isFinal || attempt >= retryRules.attempts || !mayRetry(call, outcome)) throw this.#error(call, outcome);
      if (asked !== undefined && !call.signal.aborted) this.#showWait(wait, call);
      await this.#sleep(wait, call.signal);
      if (call.signal.aborted) throw this.#error(call, outcome, { wasStopped: true });
    }
  }

  /** The headers of an attempt. A stopped call does not wait for them: a new token may take minutes, and is for other calls too. */
  async #headers(call: Call, renew: boolean, refused: Record<string, string>): Promise<Record<string, string>> {
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const stop = () => reject(stopError(call, { outcomeUnknown: false }));
    if (call.signal.aborted) stop();
    call.signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([stopped, this.#options.headers(renew, call.signal, refused)]);
    } finally {
      call.signal.removeEventListener("abort", stop);
    }
  }

  async #attempt<T>(call: Call, headers: Record<string, string>): Promise<AxiosResponse<T> | AxiosError> {
    // Loaded at the first call, since it takes longer than the rest of a provider's start.
    const { default: axios } = await import("axios");
    const request: AxiosRequestConfig = {
      baseURL: this.#options.baseUrl,
      // A path may have an id of a vendor's answer or of the state. The credential must go to the vendor, whatever that id is.
      allowAbsoluteUrls: false,
      timeout: this.#options.attemptTimeout ?? 30_000,
      maxRedirects: 0,
      // Handle every status here, so that no axios error with its request headers can escape.
      validateStatus: () => true,
      ...(call.isBinary && { responseType: "arraybuffer" }),
      transformResponse: (body: unknown, _headers: unknown, status = 0) => parseBody(body, status),
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

  /** Waits for a place in the shared budget, and makes all callers wait while the vendor throttles one. */
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

  /** Shows a wait of a second or more that the vendor requests: otherwise the program would seem to hang. */
  #showWait(milliseconds: number, call: Call): void {
    if (milliseconds < 1000) return;
    showProgress(
      `${this.#options.vendor} asks to wait ${Math.ceil(milliseconds / 1000)} s before the next attempt to ${call.purpose}`,
    );
  }

  /** `wasStopped`: only that ended the attempts, so that the vendor's last answer is not the reason. */
  #error(call: Call, outcome: AxiosResponse | AxiosError, { wasStopped = false } = {}): VendorError {
    const { vendor, baseUrl, baseUrlSetting } = this.#options;
    const changes = call.method === "POST" || call.method === "PATCH";
    if (outcome instanceof Error) {
      const isUntrusted = isCertificateFault(outcome.code);
      const sent = !includes(retryRules.neverSent, outcome.code) && !isUntrusted;
      const outcomeUnknown = changes && sent;
      if (call.signal.aborted) return stopError(call, { outcomeUnknown });
      const reason = outcome.code ?? outcome.message;
      const remedy = isUntrusted
        ? certificateRemedy
        : `Check the network, any proxy, and the setting ${baseUrlSetting}; then run the command again.`;
      return new VendorError(
        `Could not ${call.purpose}: ${vendor} at ${baseUrl} did not answer (${reason}). ${remedy}`,
        { code: outcome.code, outcomeUnknown, timedOut: includes(retryRules.timeouts, outcome.code) },
      );
    }
    const { detail, code, requestId, remedy } = this.#withoutSecrets(this.#options.complaint(outcome), outcome);
    const hint = isRefusal(outcome.status) ? call.hint : undefined;
    const said = [detail?.replace(/\.$/, "") ?? `HTTP ${outcome.status}`, code && `code ${code}`]
      .filter(Boolean)
      .join(", ");
    const reason = wasStopped ? `${stopWords}. The last answer of ${vendor} was` : `${vendor} answered`;
    const sentences = [
      `Could not ${call.purpose}: ${reason} ${outcome.status}: ${said}.`,
      requestId && `Request id: ${requestId}.`,
      ...(wasStopped ? [] : [remedy, hint, !remedy && !hint && generalRemedy(outcome.status)]),
    ];
    return new VendorError(sentences.filter(Boolean).join(" "), {
      status: outcome.status,
      code,
      outcomeUnknown: changes && mayHaveActed(outcome.status),
      timedOut: includes(retryRules.timeoutStatuses, outcome.status),
    });
  }

  /** Removes the request's credential from the vendor's message, which may repeat it. */
  #withoutSecrets(complaint: VendorComplaint, { config }: AxiosResponse): VendorComplaint {
    const credential = String(config.headers.Authorization ?? "").replace(/^\S+ /, "");
    const clean = (text: string | undefined) =>
      text && hideSecrets(text, [credential, ...(this.#options.secrets ?? [])]);
    const { detail, code, requestId, remedy } = complaint;
    return { detail: clean(detail), code: clean(code), requestId: clean(requestId), remedy: clean(remedy) };
  }
}

const stopWords = "it was stopped or timed out";

function stopError({ purpose }: Call, detail: { readonly outcomeUnknown: boolean }): VendorError {
  return new VendorError(`Could not ${purpose}: ${stopWords}.`, detail);
}

function mayRetry(call: Call, outcome: AxiosResponse | AxiosError): boolean {
  const idempotent = call.repeatable ?? includes(retryRules.idempotentMethods, call.method);
  if (outcome instanceof Error) {
    if (isCertificateFault(outcome.code)) return false;
    return idempotent || includes(retryRules.neverSent, outcome.code);
  }
  if (includes(retryRules.always, outcome.status)) return true;
  return idempotent && isTemporary(outcome.status);
}

/**
 * Whether a later attempt may succeed. Gateways have statuses of their own, such as 520 to 527. Only idempotent calls are repeated, after
 * 503 too: a gateway answers it for an upstream that did act (Adobe's Flow Service lists FLOW-1103-503), so the caller has to check first.
 */
function isTemporary(status: number): boolean {
  return status === 408 || (status >= 500 && !includes(retryRules.lasting, status));
}

/** Whether the vendor asks the whole client to wait for a stated time; otherwise each call backs off by itself. */
function asksForRest(outcome: AxiosResponse | AxiosError): boolean {
  if (outcome instanceof Error || retryAfterOf(outcome) === undefined) return false;
  return outcome.status === 429 || outcome.status === 503;
}

/**
 * Whether a failed call may have taken effect. Only a refusal of the request (4xx) rules that out; a
 * redirect or a 5xx comes from something that may have passed the call on.
 */
function mayHaveActed(status: number): boolean {
  return status < 400 || status >= 500 || status === 408;
}

/** The vendor understood the request and refuses it because of its content. */
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

/** Milliseconds until the next attempt if the vendor named no time. */
function backOff(attempt: number): number {
  return Math.random() * Math.min(retryRules.maxDelay, retryRules.baseDelay * 2 ** attempt);
}

/** A refusal of a binary call is text nevertheless. */
function parseBody(body: unknown, status: number): unknown {
  if (!Buffer.isBuffer(body)) return parseJson(body);
  return status >= 200 && status < 300 ? body : parseJson(body.toString());
}

function parseJson(body: unknown): unknown {
  if (typeof body !== "string" || body === "") return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
