import { hideForms, hideSecrets, secretForms } from "pulumi-provider-kit/http";
import { isObject, jsonOf } from "../../core/event/json.ts";
import { isSuccess, sendRequest } from "../http-request.ts";
import type { Fence, Fenced } from "./fence.ts";
import type { InletCredential, InletTokens } from "./inlet-tokens.ts";
import { failureOf, isReceipt, mostAnswerBytes, type PlatformAnswer } from "./platform-answer.ts";

/** Maximum length of the kept part of an answer. */
const maxDetailLength = 500;

export interface PlatformClientOptions {
  /** Milliseconds for one request with its answer. */
  readonly timeout: number;
  /** For an authenticated inlet; other inlets need no token. */
  readonly authorization?: {
    readonly credential: Pick<InletCredential, "clientId" | "orgId">;
    readonly tokens: Pick<InletTokens, "get">;
    /** Why this instance must not send now, checked again after each wait for a token, which may be long. */
    readonly fence: Fence;
  };
}

interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** What must not appear in the answer's words. */
  readonly secrets: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/** Replaces what must not appear. */
const hidden = "[hidden]";

/**
 * Posts events to the dataflow's streaming inlet, one per request: Adobe documents batches only for XDM records, not
 * for raw events of a dataflow (its streaming ingestion docs).
 *
 * The URL is a secret, since anyone who has it can write into the dataset. It must not appear in any answer, error or
 * log.
 */
export class PlatformClient {
  readonly #streamingUrl: URL;
  /** Prepared once: in an outage, every event gets a refusal. */
  readonly #urlForms: readonly string[];
  readonly #options: PlatformClientOptions;

  constructor(streamingUrl: string, options: PlatformClientOptions) {
    this.#streamingUrl = new URL(streamingUrl);
    this.#urlForms = secretForms([this.#streamingUrl.href]);
    this.#options = options;
  }

  /**
   * @param body JSON
   * @param signal ends the request before its time is over
   * @returns the answer, whatever its status. If there was none, Platform may still have the event. Why it was not sent, if newer settings
   * came into force while it waited for a token
   */
  async send(body: string, signal?: AbortSignal): Promise<PlatformAnswer | Fenced> {
    const { authorization } = this.#options;
    if (!authorization) return this.#post(body, { headers: {}, secrets: [], signal });
    const { credential, tokens, fence } = authorization;
    const post = (token: string): Promise<PlatformAnswer> => {
      // The headers of every call to Platform's APIs, besides the token (Adobe's "Authenticate and access Experience Platform
      // APIs").
      const headers = { "x-gw-ims-org-id": credential.orgId, "x-api-key": credential.clientId };
      return this.#post(body, { headers: { ...headers, authorization: `Bearer ${token}` }, secrets: [token], signal });
    };
    const token = await tokens.get();
    if (typeof token !== "string") return token;
    const fenced = await fence();
    if (fenced) return fenced;
    const answer = await post(token);
    if (!("status" in answer) || answer.status !== 401) return answer;
    // The token may have been revoked early; try one new token.
    const another = await tokens.get(token);
    if (typeof another !== "string" || another === token || (await fence())) return answer;
    return post(another);
  }

  async #post(body: string, { headers, secrets, signal }: PostOptions): Promise<PlatformAnswer> {
    try {
      const {
        status,
        headers: given,
        text,
      } = await sendRequest(this.#streamingUrl, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body,
        limit: this.#options.timeout,
        signal,
        mostBytes: mostAnswerBytes,
      });
      const answer = { status, retryAfter: given["retry-after"] ?? null };
      if (!isSuccess(status)) return { ...answer, detail: this.#detailOf(text, given["x-request-id"], secrets) };
      if (isReceipt(text)) return { ...answer, detail: "" };
      return { ...answer, detail: foreignAnswer(given["content-type"]), isForeign: true };
    } catch (error) {
      return { failure: failureOf(error) };
    }
  }

  /** Platform's words about a refusal, without the inlet's id, which they often repeat. */
  #detailOf(text: string, requestId: string | string[] | undefined, others: readonly string[]): string {
    const words = [complaintOf(text), requestId ? `(request ${requestId})` : ""]
      .filter((part) => part !== "")
      .join(" ");
    return hideForms(hideSecrets(words, others, hidden), this.#urlForms, hidden).slice(0, maxDetailLength);
  }
}

/** Do not repeat any of the text: the page may come from anyone. */
function foreignAnswer(contentType: string | undefined): string {
  const type = /^[\w.+-]+\/[\w.+-]+/.exec(contentType ?? "")?.[0] ?? "no content type";
  return `${type}; check PLATFORM_STREAMING_URL, and whether a proxy answers instead of Platform`;
}

/** The title and message of Adobe's problem report (`{ title, report: { message } }`), or any other text. */
function complaintOf(text: string): string {
  const problem = jsonOf(text);
  if (!isObject(problem)) return text;
  const message = isObject(problem.report) ? problem.report.message : problem.message;
  const words = [problem.title, message].filter((part) => typeof part === "string");
  return words.length > 0 ? words.join(": ") : text;
}
