import axios, { type AxiosError, type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from "axios";

/** Why a call failed for good, in words for the user; `status` is undefined where no answer came. */
export class VendorError extends Error {
  readonly status: number | undefined;
  /** The vendor's own code, such as `XDM-1521-400`. */
  readonly code: string | undefined;
  /** Whether the vendor may have acted on the call although no clean answer came. */
  readonly outcomeUnknown: boolean;
  constructor(
    message: string,
    detail: { status?: number | undefined; code?: string | undefined; outcomeUnknown?: boolean },
  ) {
    super(message);
    this.name = "VendorError";
    this.status = detail.status;
    this.code = detail.code;
    this.outcomeUnknown = detail.outcomeUnknown ?? false;
  }

  /** The vendor says that the object does not exist; nothing else may be read as gone. */
  get gone(): boolean {
    return this.status === 404 || this.status === 410;
  }
}

/** What a vendor's error body says, as far as it could be read. */
export interface VendorComplaint {
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
  readonly requestId?: string | undefined;
  /** What the user can do about it. */
  readonly remedy?: string | undefined;
}

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
} as const;

/** An axios instance in the vendor's manner: authenticated, paced, retried by class, its errors written for people. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #axios: AxiosInstance;
  #nextSlot = 0;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#axios = axios.create({
      baseURL: options.baseUrl,
      timeout: options.attemptTimeout ?? 30_000,
      maxRedirects: 0,
      // Every status is looked at here, so that no axios error with its request headers can escape.
      validateStatus: () => true,
      transformResponse: (body: unknown) => parseJson(body),
    });
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
    const request: AxiosRequestConfig = {
      method: call.method,
      url: call.path,
      signal: call.signal,
      headers: { ...(await this.#options.headers(renew, call.signal)), ...call.headers },
    };
    if (call.params) request.params = call.params;
    if (call.body !== undefined) request.data = call.body;
    try {
      return await this.#axios.request<T>(request);
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
    if (outcome instanceof Error) {
      const reason = call.signal.aborted ? "it was stopped or ran out of time" : (outcome.code ?? outcome.message);
      return new VendorError(
        `Could not ${call.purpose}: ${vendor} at ${baseUrl} did not answer (${reason}). ` +
          `Check the network, a proxy in between, and the setting ${baseUrlSetting}; then run the command again.`,
        { outcomeUnknown: !retryRules.idempotentMethods.includes(call.method as "GET") },
      );
    }
    const complaint = this.#options.complaint(outcome);
    const said = [complaint.detail ?? `HTTP ${outcome.status}`, complaint.code && `code ${complaint.code}`]
      .filter(Boolean)
      .join(", ");
    const requestId = complaint.requestId ? ` Request id: ${complaint.requestId}.` : "";
    const remedy = complaint.remedy ? ` ${complaint.remedy}` : "";
    return new VendorError(
      `Could not ${call.purpose}: ${vendor} answered ${outcome.status}: ${said.replace(/\.$/, "")}.${requestId}${remedy}`,
      {
        status: outcome.status,
        code: complaint.code,
        outcomeUnknown: call.method === "POST" && outcome.status >= 500 && outcome.status !== 503,
      },
    );
  }
}

function mayRetry(call: Call, outcome: AxiosResponse | AxiosError): boolean {
  const status = outcome instanceof Error ? undefined : outcome.status;
  if (status !== undefined && (retryRules.always as readonly number[]).includes(status)) return true;
  const idempotent = (retryRules.idempotentMethods as readonly string[]).includes(call.method);
  if (!idempotent) return refusedBeforeSending(outcome);
  return status === undefined || (retryRules.idempotentOnly as readonly number[]).includes(status);
}

/** The connection never came about, so the vendor can't have acted on the call. */
function refusedBeforeSending(outcome: AxiosResponse | AxiosError): boolean {
  const code = outcome instanceof Error ? outcome.code : undefined;
  return code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EAI_AGAIN";
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

/** Waits; ends at once, without an error, when the operation is aborted. */
export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}
