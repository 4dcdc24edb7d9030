import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import {
  type Forward,
  type ProxiedAnswer,
  type ProxiedRequest,
  type RunningProxy,
  startProxy,
} from "../conformance/proxy.ts";

/** A vendor with changing credentials, in front of a stand-in with one fixed credential. */
export interface Gatekeeper extends RunningProxy {
  /** The valid credential; any other is passed on and refused. Changing it revokes the previous one. */
  secret: string;
  /** Answers the next calls by repeating their content, like a vendor's careless error message. */
  echoes: number;
  /** Issued access tokens. */
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

/** Microsoft's identity endpoint: only records the tokens. */
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

/** A refusal in the vendors' formats with the headers and the body in each of its texts. */
function echo({ headers, body }: ProxiedRequest): ProxiedAnswer {
  const text = `cannot process ${decodeURIComponent(body)} with ${headers.authorization}`;
  const refusal = { error: text, error_description: text, message: text, errors: [{ detail: text, status: "400" }] };
  return { status: 400, headers: { "content-type": "application/json" }, body: JSON.stringify(refusal) };
}
