import { isObject } from "../core/json.ts";

/** Platform's answer to one event, or that there was none. */
export type PlatformAnswer =
  | { readonly status: number; readonly retryAfter: string | null; readonly detail: string }
  | { readonly failure: string };

/** Longest part of an answer that is kept. */
const maxDetailLength = 500;

/**
 * Posts events to the streaming inlet of the dataflow, one a request: Adobe documents batches for XDM records only, not for raw
 * events of a dataflow (its streaming ingestion docs).
 *
 * It sends with Node's own fetch, which adds nothing to the bundle. The URL is a secret, since whoever has it can write into the
 * dataset: it is in no answer, error or log.
 */
export class PlatformClient {
  readonly #streamingUrl: URL;
  readonly #timeout: number;

  /** @param timeout milliseconds for one request with its answer */
  constructor(streamingUrl: string, { timeout }: { timeout: number }) {
    this.#streamingUrl = new URL(streamingUrl);
    this.#timeout = timeout;
  }

  /**
   * @param body JSON
   * @returns the answer, of any status. Where there was none, Platform may have the event nonetheless.
   */
  async send(body: string): Promise<PlatformAnswer> {
    try {
      const response = await fetch(this.#streamingUrl, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        // Followed, a 301 or 302 would turn the POST into a GET, whose 200 means nothing.
        redirect: "manual",
        signal: AbortSignal.timeout(this.#timeout),
      });
      const text = await response.text();
      return {
        status: response.status,
        retryAfter: response.headers.get("retry-after"),
        detail: response.ok ? "" : this.#detailOf(text, response.headers.get("x-request-id")),
      };
    } catch (error) {
      return { failure: failureOf(error) };
    }
  }

  /** Platform's words about a refusal; the inlet's id, which they tend to repeat, is left out. */
  #detailOf(text: string, requestId: string | null): string {
    const words = [complaintOf(text), requestId ? `(request ${requestId})` : ""]
      .filter((part) => part !== "")
      .join(" ");
    const secrets = [
      ...this.#streamingUrl.pathname.split("/").filter((part) => part.length >= 16),
      ...this.#streamingUrl.searchParams.values(),
    ];
    return secrets.reduce((safe, secret) => safe.replaceAll(secret, "[hidden]"), words).slice(0, maxDetailLength);
  }
}

/** The title and message of Adobe's problem report (`{ title, report: { message } }`), or the text of anything else. */
function complaintOf(text: string): string {
  try {
    const problem: unknown = JSON.parse(text);
    if (!isObject(problem)) return text;
    const message = isObject(problem.report) ? problem.report.message : problem.message;
    const words = [problem.title, message].filter((part) => typeof part === "string");
    return words.length > 0 ? words.join(": ") : text;
  } catch {
    return text;
  }
}

/** Node's fetch throws a TimeoutError, or a TypeError whose cause has the code; either message could hold the address. */
function failureOf(error: unknown): string {
  if (!isObject(error)) return "no answer";
  if (error.name === "TimeoutError") return "no answer in time";
  const code = isObject(error.cause) ? error.cause.code : undefined;
  return typeof code === "string" ? `no answer: ${code}` : "no answer";
}
