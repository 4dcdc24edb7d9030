import type { AxiosResponse } from "axios";
import type { sleep } from "pulumi-provider-kit/http";
import { HttpClient, type VendorComplaint, VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { Config } from "../config.ts";

/** Seconds for which a token is used if IMS does not say how long it is valid. One that is refused is renewed anyway. */
const unstatedLife = 3_600;

const tokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().catch(unstatedLife),
});
const refusal = z.object({ error: z.string(), error_description: z.string().optional() });

/** Seconds before its expiry at which a token is no longer used, as in Adobe's Python client. */
const margin = 500;
/** Maximum milliseconds to get a token, including retries. */
const timeLimit = 120_000;

/**
 * Access tokens of an OAuth Server-to-Server credential (`POST /ims/token/v3`). Adobe asks clients to reuse a token for
 * its whole life of about 24 hours, so there is one at a time, and one request for it even if many calls wait.
 */
export class AccessTokens {
  readonly #config: Config;
  readonly #http: HttpClient;
  readonly #now: () => number;
  #current: { readonly token: string; readonly staleAt: number } | undefined;
  #pending: Promise<string> | undefined;

  constructor(config: Config, time: { now?: () => number; sleep?: typeof sleep | undefined } = {}) {
    this.#config = config;
    this.#now = time.now ?? Date.now;
    this.#http = new HttpClient({
      vendor: "Adobe IMS",
      baseUrl: config.imsUrl,
      baseUrlSetting: "aep:imsUrl",
      secrets: [config.clientSecret],
      headers: async () => ({ "Content-Type": "application/x-www-form-urlencoded" }),
      complaint: explainImsError,
      sleep: time.sleep,
    });
  }

  /** A token that is valid for some minutes at least, and is not `refused`, which Platform did not accept. */
  get(refused?: string): Promise<string> {
    if (this.#current?.token !== refused && this.#current && this.#now() < this.#current.staleAt) {
      return Promise.resolve(this.#current.token);
    }
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #fetch(): Promise<string> {
    // Not a caller's own signal: others wait for the same token.
    const signal = AbortSignal.timeout(timeLimit);
    const answer = tokenAnswer.safeParse(await this.#post(signal));
    if (!answer.success) {
      throw new Error(
        `Could not get an access token: ${this.#config.imsUrl} did not answer like Adobe IMS. ` +
          "Check that the setting aep:imsUrl points to Adobe IMS, not to a proxy's page.",
      );
    }
    const { access_token: token, expires_in: seconds } = answer.data;
    const life = Math.max(seconds - margin, seconds / 2);
    this.#current = { token, staleAt: this.#now() + life * 1000 };
    return token;
  }

  async #post(signal: AbortSignal): Promise<unknown> {
    // In the body, since Adobe logs the query.
    const body = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: this.#config.clientId,
      client_secret: this.#config.clientSecret,
      scope: this.#config.scopes,
    }).toString();
    // An extra token does no harm, so repeat the request if the answer is lost.
    const call = { method: "POST", path: "/ims/token/v3", body, signal, repeatable: true } as const;
    try {
      return (await this.#http.call({ ...call, purpose: "get an access token" })).data;
    } catch (error) {
      throw withoutRequest(error);
    }
  }
}

/** Keeps only the message: the status of IMS's answer, especially a 404, says nothing about the object that the call was for. */
function withoutRequest(error: unknown): unknown {
  if (!(error instanceof VendorError)) return error;
  const isRefusal = error.status === 400 || error.status === 401 || error.status === 403;
  return isRefusal ? new CredentialRefused(error.message) : new Error(error.message);
}

/** IMS rejects the credential, its secret or its scopes. */
export class CredentialRefused extends Error {}

/** Parses an OAuth 2.0 error, and names the setting to fix. */
function explainImsError(response: AxiosResponse): VendorComplaint {
  const requestId = response.headers["x-debug-id"] ?? response.headers["x-request-id"];
  const answer = refusal.safeParse(response.data);
  if (!answer.success) return { requestId };
  const { error: code, error_description: detail } = answer.data;
  return {
    code,
    detail: detail ?? code,
    requestId,
    remedy: remedy(code, detail ?? ""),
  };
}

function remedy(code: string, detail: string): string | undefined {
  const page = "the page of the credential (OAuth Server-to-Server) in Adobe Developer Console";
  if (code === "invalid_scope") {
    return `Copy the scopes from ${page} and set them: npx pulumi config set aep:scopes <scopes>`;
  }
  if (code !== "invalid_client") return undefined;
  const secret = `Copy the client secret from ${page} and set it: npx pulumi config set --secret aep:clientSecret`;
  const id = `Copy the client id from ${page} and set it: npx pulumi config set aep:clientId <id>`;
  if (detail.includes("client_secret")) return secret;
  return detail.includes("client_id") ? id : `${id} ${secret}`;
}
