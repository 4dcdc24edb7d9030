import { timingSafeEqual } from "node:crypto";
import type http from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Binding, HttpData, InvocationResponse, RegisteredFunction, TypedData } from "./functions-core.ts";
import { compileRoute, matchRoute, type Route } from "./http-routes.ts";

/** Kestrel's `MinRequestBodyDataRate`: an average from the start, checked every second. The Functions host uses the default. */
const slowest = { bytesPerSecond: 240, graceSeconds: 5 };

/** The keys for functions whose `authLevel` isn't anonymous. */
export interface HostKeys {
  readonly master: string;
  readonly function: string;
}

export interface HttpTriggerOptions {
  readonly functions: readonly RegisteredFunction[];
  readonly routePrefix: string;
  readonly keys: HostKeys | undefined;
  /** Maximum bytes of a body. */
  readonly bodyLimit: number;
  /** Called with the reason if a function could not be run. */
  readonly failed: (target: RegisteredFunction, reason: string) => void;
  readonly run: (target: RegisteredFunction, data: HttpData) => Promise<InvocationResponse>;
}

/** Answers the requests of an app's HTTP-triggered functions, as the Functions host does. */
export function httpTriggers(options: HttpTriggerOptions): http.RequestListener {
  const routes = options.functions.flatMap((target) => routesOf(target, options.routePrefix));
  return (request, response) => {
    handle(request, response, routes, options).catch(() => end(response, 500));
  };
}

/** The trigger binding of a function, with its name. */
export function triggerOf({ metadata }: RegisteredFunction): { name: string; binding: Binding } | undefined {
  const found = Object.entries(metadata.bindings).find(([, { type }]) => type.toLowerCase().endsWith("trigger"));
  return found && { name: found[0], binding: found[1] };
}

function routesOf(target: RegisteredFunction, prefix: string): Route<RegisteredFunction>[] {
  const trigger = triggerOf(target)?.binding;
  if (trigger?.type.toLowerCase() !== "httptrigger") return [];
  const methods = Array.isArray(trigger.methods) ? trigger.methods.map(String) : [];
  const template = typeof trigger.route === "string" ? trigger.route : target.metadata.name;
  return [compileRoute(target, methods, prefix, template.replace(/^\//, ""))];
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly Route<RegisteredFunction>[],
  options: HttpTriggerOptions,
): Promise<void> {
  const url = publicUrl(request);
  const method = request.method ?? "GET";
  let found: ReturnType<typeof matchRoute<RegisteredFunction>>;
  try {
    found = matchRoute(routes, method, url.pathname);
  } catch {
    return end(response, 400);
  }
  if (found === undefined) return url.pathname === "/" ? homepage(response) : end(response, 404);
  if (!isAuthorized(found.target, request, url, options.keys)) return end(response, 401);
  const body = await readBody(request, options.bodyLimit);
  if (!(body instanceof Uint8Array)) {
    options.failed(found.target, body.refused);
    return refuseBody(request, response);
  }
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(", ") : (value ?? ""),
  ]);
  const data: HttpData = {
    method,
    url: url.href,
    headers: Object.fromEntries(headers),
    query: Object.fromEntries(url.searchParams),
    params: found.params,
    body: { bytes: body },
  };
  const result = await options.run(found.target, data).catch(() => undefined);
  if (result === undefined) return end(response, 500);
  const answer = result.returnValue?.http;
  // A handler that returns nothing answers 204.
  return answer === undefined ? end(response, 204) : respond(response, method, answer);
}

/** The URL that the caller used, which the front end passes in `X-Forwarded-*`. */
function publicUrl(request: IncomingMessage): URL {
  const header = (name: string) => [request.headers[name]].flat()[0];
  const protocol = header("x-forwarded-proto") ?? "http";
  return new URL(request.url ?? "/", `${protocol}://${header("x-forwarded-host") ?? header("host") ?? "localhost"}`);
}

function isAuthorized(
  target: RegisteredFunction,
  request: IncomingMessage,
  url: URL,
  keys: HostKeys | undefined,
): boolean {
  const level = String(triggerOf(target)?.binding.authLevel ?? "function").toLowerCase();
  if (level === "anonymous") return true;
  const given = request.headers["x-functions-key"] ?? url.searchParams.get("code");
  if (keys === undefined || typeof given !== "string") return false;
  return sameText(given, keys.master) || (level === "function" && sameText(given, keys.function));
}

function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Reads a body. Stops keeping it once it is refused, with Kestrel's message. */
async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array | { readonly refused: string }> {
  const tooLarge = { refused: `Request body too large. The max request body size is ${limit} bytes.` };
  if (Number(request.headers["content-length"] ?? 0) > limit) return tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  const tooSlow = Promise.withResolvers<"tooSlow">();
  const start = performance.now();
  const watch = setInterval(() => {
    const seconds = (performance.now() - start) / 1_000;
    if (seconds > slowest.graceSeconds && size / seconds < slowest.bytesPerSecond) tooSlow.resolve("tooSlow");
  }, 1_000);
  try {
    const iterator = request.iterator({ destroyOnReturn: false });
    for (;;) {
      const next = await Promise.race([iterator.next(), tooSlow.promise]);
      if (next === "tooSlow") {
        return {
          refused: "Reading the request body timed out due to data arriving too slowly. See MinRequestBodyDataRate.",
        };
      }
      if (next.done) return Buffer.concat(chunks);
      size += next.value.length;
      if (size > limit) return tooLarge;
      chunks.push(next.value);
    }
  } finally {
    clearInterval(watch);
  }
}

/** The Functions host turns Kestrel's errors while reading a body into 500 (azure-functions-host#10519), and the connection ends. */
function refuseBody(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("connection", "close");
  request.resume();
  end(response, 500);
}

function respond(response: ServerResponse, method: string, data: HttpData): void {
  for (const [name, value] of Object.entries(data.headers ?? {})) response.setHeader(name, value);
  const cookies = (data.cookies ?? []).map(cookieText);
  if (cookies.length > 0) response.setHeader("set-cookie", cookies);
  const body = bytesOf(data.body);
  response.writeHead(Number(data.statusCode ?? 200));
  response.end(method === "HEAD" ? undefined : body);
}

function bytesOf(body: TypedData | null | undefined): Uint8Array {
  return body?.bytes ?? Buffer.from(body?.string ?? body?.json ?? "");
}

/** A cookie as a header value; the contract wraps optional values as `{ value }`. */
function cookieText(cookie: Readonly<Record<string, unknown>>): string {
  const value = (name: string) => {
    const field = cookie[name];
    return field !== null && typeof field === "object" && "value" in field ? field.value : field;
  };
  const sameSite = { lax: "Lax", strict: "Strict", explicitNone: "None" }[String(value("sameSite"))];
  const attributes: [string, unknown][] = [
    ["Domain", value("domain")],
    ["Path", value("path")],
    ["Max-Age", value("maxAge")],
    ["Expires", expiry(value("expires"))],
    ["SameSite", sameSite],
  ];
  const parts = attributes.filter(([, item]) => item !== undefined && item !== null && item !== "");
  const flags = [value("secure") ? "; Secure" : "", value("httpOnly") ? "; HttpOnly" : ""];
  const pair = `${String(value("name"))}=${encodeURIComponent(String(value("value")))}`;
  return pair + parts.map(([name, item]) => `; ${name}=${String(item)}`).join("") + flags.join("");
}

function expiry(timestamp: unknown): string | undefined {
  if (timestamp === null || typeof timestamp !== "object" || !("seconds" in timestamp)) return undefined;
  return new Date(Number(timestamp.seconds) * 1000).toUTCString();
}

function homepage(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/html" });
  response.end("<!DOCTYPE html><title>Your Functions 4.0 app is up and running</title>");
}

function end(response: ServerResponse, status: number): void {
  if (!response.headersSent) response.writeHead(status, { "content-length": "0" });
  response.end();
}
