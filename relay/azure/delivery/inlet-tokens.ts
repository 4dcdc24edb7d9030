import * as z from "zod";
import { isObject, jsonOf } from "../../core/event/json.ts";
import { isSuccess, sendRequest } from "../http-request.ts";
import { failureOf, mostAnswerBytes, type PlatformAnswer } from "./platform-answer.ts";

/** An OAuth Server-to-Server credential of Adobe Developer Console. */
export interface InletCredential {
  readonly imsUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Separated by commas. */
  readonly scopes: string;
  readonly orgId: string;
}

export interface InletTokensOptions {
  readonly credential: InletCredential;
  /** Milliseconds for one request with its answer. */
  readonly timeout: number;
  /** Milliseconds of a monotonic clock. */
  readonly monotonic: () => number;
}

/** Seconds for which a token is used if IMS does not say how long it is valid. One that is refused is renewed anyway. */
const unstatedLife = 3_600;

const tokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().catch(unstatedLife),
});

/** Seconds before its end at which the next token is requested, as in Adobe's own Python client. */
const margin = 500;
/** Milliseconds for which IMS is not called again, after Platform refused a token or IMS refused to issue one. */
const rest = 30_000;

interface KeptToken {
  readonly token: string;
  readonly since: number;
  readonly end: number;
  /** When to request the next one. */
  readonly staleAt: number;
}

/**
 * Access tokens for an authenticated inlet (`POST /ims/token/v3`). Adobe asks clients to keep a token for its whole
 * life of about a day. So there is one token at a time, one request for it however many events wait, and a pause after
 * each refusal. The next token is requested before the former one ends, and nobody waits for it until then.
 */
export class InletTokens {
  readonly #options: InletTokensOptions;
  #current: KeptToken | undefined;
  #refusal: { readonly answer: PlatformAnswer; readonly until: number } | undefined;
  #pending: Promise<string | PlatformAnswer> | undefined;

  constructor(options: InletTokensOptions) {
    this.#options = options;
  }

  /**
   * Returns a token; or, if IMS gives none, the reason in the form of an answer from Platform: 401 if an operator has to
   * fix the credential.
   *
   * @param refused the token that Platform has just refused; a recent one is returned again, since a new one would not
   * help
   */
  get(refused?: string): Promise<string | PlatformAnswer> {
    const now = this.#options.monotonic();
    const current = this.#current;
    const isWorn = current?.token === refused && current !== undefined && now >= current.since + rest;
    const former = current && now >= current.staleAt && now < current.end && !isWorn ? current.token : undefined;
    if (this.#refusal && now < this.#refusal.until) return Promise.resolve(former ?? this.#refusal.answer);
    if (current && now < current.staleAt && !isWorn) return Promise.resolve(current.token);
    this.#pending ??= this.#ask().finally(() => {
      this.#pending = undefined;
    });
    return former === undefined ? this.#pending : Promise.resolve(former);
  }

  async #ask(): Promise<string | PlatformAnswer> {
    const { credential, timeout, monotonic } = this.#options;
    // In the body, because Adobe logs the query.
    const body = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: credential.clientId,
      client_secret: credential.clientSecret,
      scope: credential.scopes,
    });
    try {
      const { status, headers, text } = await sendRequest(new URL("/ims/token/v3", credential.imsUrl), {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: body.toString(),
        limit: timeout,
        mostBytes: mostAnswerBytes,
      });
      const answer = jsonOf(text);
      if (!isSuccess(status)) return this.#noteRefusal(refusalOf(status, headers["retry-after"], answer));
      const parsed = tokenAnswer.safeParse(answer);
      if (!parsed.success) {
        return this.#noteRefusal(mistake("did not answer like Adobe IMS; PLATFORM_IMS_URL may be wrong"));
      }
      const { access_token: token, expires_in: seconds } = parsed.data;
      const since = monotonic();
      const staleAt = since + Math.max(seconds - margin, seconds / 2) * 1000;
      this.#current = { token, since, staleAt, end: since + seconds * 1000 };
      return token;
    } catch (error) {
      // Calls with a former token do not wait for IMS again for a while.
      const kept = this.#current;
      if (kept) this.#current = { ...kept, staleAt: Math.max(kept.staleAt, Math.min(kept.end, monotonic() + rest)) };
      return { failure: `Adobe IMS: ${failureOf(error)}` };
    }
  }

  #noteRefusal(answer: PlatformAnswer): PlatformAnswer {
    this.#refusal = { answer, until: this.#options.monotonic() + rest };
    return answer;
  }
}

/**
 * IMS is busy or fails, which is temporary; or it refuses the credential. Only OAuth's error code is kept, since it
 * can't contain a secret.
 */
function refusalOf(status: number, retryAfter: string | undefined, answer: unknown): PlatformAnswer {
  if (status === 408 || status === 429 || status >= 500) {
    return { status, retryAfter: retryAfter ?? null, detail: `Adobe IMS answered ${status}` };
  }
  const code = isObject(answer) && typeof answer.error === "string" ? answer.error : "";
  return mistake(`refused the relay's credential (${/^[a-z_]{1,40}$/.test(code) ? code : status})`);
}

function mistake(what: string): PlatformAnswer {
  return { status: 401, retryAfter: null, detail: `Adobe IMS ${what}` };
}
