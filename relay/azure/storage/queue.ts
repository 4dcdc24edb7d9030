import { setTimeout as sleep } from "node:timers/promises";
import { once } from "../../core/once.ts";
import { type HttpAnswer, type HttpRequestOptions, isSuccess, sendRequest } from "../http-request.ts";
import { endpointOf, type ServiceEndpoint } from "./service-endpoint.ts";
import { retryOptions, type StorageAccess } from "./storage-access.ts";
import { StorageError } from "./storage-error.ts";

export interface PutOptions {
  /** Seconds until the message becomes visible, 7 days at most. */
  readonly delaySeconds: number;
  readonly signal: AbortSignal;
  /** Default: see `retryOptions`. */
  readonly maxAttempts?: number;
}

/** What a queue says about itself. */
export interface QueueProperties {
  readonly metadata: Record<string, string>;
  /** Approximate number of messages. */
  readonly waiting: number;
  /** The time by the service's own clock. */
  readonly now: Date;
}

/** The version of the REST interface; Entra ID tokens and messages that never expire need one from 2017 or later. */
const apiVersion = "2020-12-06";
const metadataPrefix = "x-ms-meta-";

/**
 * A queue of the relay's storage account, through the REST interface ("Queue Storage REST API" in Microsoft Learn). Each answer of the
 * intake waits for such a call. With Azure's library, these calls took 11 % of the relay's processor time instead of 2, and a start had to
 * load the library before its first event.
 *
 * A call that fails by the connection, or with a status from 500, is repeated: see `retryOptions`. Every method throws a StorageError,
 * what `sendRequest` throws, or an error that names the setting to fix.
 */
export class Queue {
  readonly name: string;
  readonly #endpoint: () => Promise<ServiceEndpoint>;

  constructor(access: () => Promise<StorageAccess>, name: string) {
    this.name = name;
    this.#endpoint = once(async () => endpointOf(await access(), "queue"));
  }

  /**
   * Puts a message into the queue. Once the promise resolves, the message is durable.
   *
   * @param message base64, as the Functions host expects it
   */
  async put(message: string, { delaySeconds, ...options }: PutOptions): Promise<void> {
    // Without the first parameter, a message would be deleted after 7 days.
    const query = `/messages?messagettl=-1&visibilitytimeout=${delaySeconds}`;
    const body = `<QueueMessage><MessageText>${message}</MessageText></QueueMessage>`;
    await this.#call("POST", query, { ...options, body });
  }

  async properties(signal: AbortSignal): Promise<QueueProperties> {
    const { headers } = await this.#call("GET", "?comp=metadata", { signal });
    const metadata = Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith(metadataPrefix) ? [[name.slice(metadataPrefix.length), String(value)]] : [],
    );
    return {
      metadata: Object.fromEntries(metadata),
      waiting: Number(headers["x-ms-approximate-messages-count"] ?? 0),
      now: new Date(headers.date ?? Date.now()),
    };
  }

  /** The message that the queue would hand out next, if one is visible. This does not take it. */
  async head(signal: AbortSignal): Promise<{ readonly id: string; readonly dequeueCount: number } | undefined> {
    const { text } = await this.#call("GET", "/messages?peekonly=true&numofmessages=1", { signal });
    const id = text.match(/<MessageId>([^<]+)</)?.[1];
    return id === undefined ? undefined : { id, dequeueCount: Number(text.match(/<DequeueCount>(\d+)</)?.[1]) };
  }

  async #call(
    method: HttpRequestOptions["method"],
    path: string,
    {
      signal,
      body,
      maxAttempts = retryOptions.maxTries,
    }: { readonly signal: AbortSignal; readonly body?: string; readonly maxAttempts?: number },
  ): Promise<HttpAnswer> {
    const { address, authorize } = await this.#endpoint();
    const url = new URL(`${address}/${this.name}${path}`);
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt === maxAttempts;
      const common = { "x-ms-date": new Date().toUTCString(), "x-ms-version": apiVersion };
      const headers = { ...common, ...(body !== undefined && { "content-type": "application/xml" }) };
      const authorization = await authorize({ method, url, headers });
      try {
        const answer = await sendRequest(url, { method, headers: { ...headers, authorization }, body, limit: signal });
        if (isSuccess(answer.status)) return answer;
        const { status } = answer;
        const error = new StorageError("Queue", { status, code: String(answer.headers["x-ms-error-code"] ?? "") });
        if (isLast || status < 500) throw error;
      } catch (error) {
        if (isLast || signal.aborted || error instanceof StorageError) throw error;
      }
      if (attempt > 1) await sleep(retryOptions.retryDelayInMs, undefined, { signal });
    }
  }
}
