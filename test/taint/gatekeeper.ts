import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import {
  type Forward,
  type ProxiedAnswer,
  type ProxiedRequest,
  type RunningProxy,
  startProxy,
} from "../conformance/proxy.ts";

/** A vendor whose credentials change: stands before a stand-in, which knows its one fixed credential only. */
export interface Gatekeeper extends RunningProxy {
  /** What opens the vendor; anything else is passed on and refused. Changing it revokes the one before. */
  secret: string;
  /** Answers the next calls by repeating what came with them, as a vendor's careless error message would. */
  echoes: number;
  /** Access tokens that were given. */
  readonly tokens: readonly string[];
}

/** Adobe: token requests with `secret` as client secret pass. */
export function startAdobe(target: string, secret: string): Promise<Gatekeeper> {
  return guard(target, secret, (request, current) => {
    if (!request.url.startsWith("/ims/")) return request;
    const form = new URLSearchParams(request.body);
    if (form.get("client_secret") === current) form.set("client_secret", localCredentials.platform.clientSecret);
    return { ...request, body: form.toString() };
  });
}

/** Customer.io: calls with `secret` as App API key pass. */
export function startCustomerIo(target: string, secret: string): Promise<Gatekeeper> {
  return guard(target, secret, (request, current) => {
    if (request.headers.authorization !== `Bearer ${current}`) return request;
    const authorization = `Bearer ${localCredentials.customerIo.appApiKey}`;
    return { ...request, headers: { ...request.headers, authorization } };
  });
}

/** Microsoft's identity endpoint: only notes the tokens. */
export function startIdentity(target: string): Promise<Gatekeeper> {
  return guard(target, "", (request) => request);
}

async function guard(
  target: string,
  secret: string,
  opened: (request: ProxiedRequest, secret: string) => ProxiedRequest,
): Promise<Gatekeeper> {
  const tokens: string[] = [];
  const state = { secret, echoes: 0, tokens };
  const proxy = await startProxy(target, async (request: ProxiedRequest, forward: Forward): Promise<ProxiedAnswer> => {
    if (state.echoes > 0 && request.method !== "GET") {
      state.echoes--;
      return echo(request);
    }
    const answer = await forward(opened(request, state.secret));
    const [, token] = answer.body.match(/"access_token":"([^"]+)"/) ?? [];
    if (token) tokens.push(token);
    return answer;
  });
  return Object.assign(state, proxy);
}

/** A refusal in the vendors' shapes, whose every text holds all that came: headers and body. */
function echo({ headers, body }: ProxiedRequest): ProxiedAnswer {
  const text = `cannot process ${decodeURIComponent(body)} with ${headers.authorization}`;
  const refusal = { error: text, error_description: text, message: text, errors: [{ detail: text, status: "400" }] };
  return { status: 400, headers: { "content-type": "application/json" }, body: JSON.stringify(refusal) };
}
