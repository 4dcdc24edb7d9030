import { timingSafeEqual } from "node:crypto";
import type http from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Binding, HttpData, InvocationResponse, RegisteredFunction, TypedData } from "./functions-core.ts";
import { compileRoute, matchRoute, type Route, sortRoutes } from "./http-routes.ts";

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
  /** @param binding name of the trigger's binding */
  readonly run: (target: RegisteredFunction, binding: string, data: HttpData) => Promise<InvocationResponse>;
}

/** A function with an HTTP trigger. */
interface Target {
  readonly registered: RegisteredFunction;
  /** Name of the trigger's binding. */
  readonly binding: string;
  /** In lower case. */
  readonly authLevel: string;
}

/** Answers the requests of an app's HTTP-triggered functions, as the Functions host does. */
export function httpTriggers(options: HttpTriggerOptions): http.RequestListener {
  const routes = sortRoutes(options.functions.flatMap((target) => routesOf(target, options.routePrefix)));
  return (request, response) => {
    handle(request, response, routes, options).catch(() => end(response, 500));
  };
}

/** The trigger binding of a function, with its name. */
export function triggerOf({ metadata }: RegisteredFunction): { name: string; binding: Binding } | undefined {
  const found = Object.entries(metadata.bindings).find(([, { type }]) => type.toLowerCase().endsWith("trigger"));
  return found && { name: found[0], binding: found[1] };
}

function routesOf(registered: RegisteredFunction, prefix: string): Route<Target>[] {
  const trigger = triggerOf(registered);
  if (trigger?.binding.type.toLowerCase() !== "httptrigger") return [];
  const { authLevel, methods: allowed, route } = trigger.binding;
  const methods = Array.isArray(allowed) ? allowed.map(String) : [];
  const template = typeof route === "string" ? route : registered.metadata.name;
  const target = { registered, binding: trigger.name, authLevel: String(authLevel ?? "function").toLowerCase() };
  return [compileRoute(target, methods, prefix, template.replace(/^\//, ""))];
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly Route<Target>[],
  options: HttpTriggerOptions,
): Promise<void> {
  const url = publicUrl(request);
  const method = request.method ?? "GET";
  let found: ReturnType<typeof matchRoute<Target>>;
  try {
    found = matchRoute(routes, method, url.pathname);
  } catch {
    return end(response, 400);
  }
  if (found === undefined) return url.pathname === "/" ? homepage(response) : end(response, 404);
  const { registered, binding, authLevel } = found.target;
  if (!isAuthorized(authLevel, request, url, options.keys)) return end(response, 401);
  const body = await readBody(request, options.bodyLimit);
  if (!(body instanceof Uint8Array)) {
    options.failed(registered, body.refused);
    return refuseBody(request, response);
  }
  const headers: Record<string, string> = {};
  for (const [name, value = ""] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const data: HttpData = {
    method,
    url: url.href,
    headers,
    query: url.search === "" ? {} : Object.fromEntries(url.searchParams),
    params: found.params,
    body: { bytes: body },
  };
  const result = await options.run(registered, binding, data).catch(() => undefined);
  if (result === undefined) return end(response, 500);
  const answer = result.returnValue?.http;
  // A handler that returns nothing answers 204.
  return answer === undefined ? end(response, 204) : respond(response, method, answer);
}

/** The URL that the caller used, which the front end passes in `X-Forwarded-*`. */
function publicUrl(request: IncomingMessage): URL {
  const { "x-forwarded-proto": protocol = "http", "x-forwarded-host": forwarded, host = "localhost" } = request.headers;
  return new URL(request.url ?? "/", `${firstOf(protocol)}://${firstOf(forwarded) ?? host}`);
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function isAuthorized(level: string, request: IncomingMessage, url: URL, keys: HostKeys | undefined): boolean {
  if (level === "anonymous") return true;
  const given = request.headers["x-functions-key"] ?? url.searchParams.get("code");
  if (keys === undefined || typeof given !== "string") return false;
  return sameText(given, keys.master) || (level === "function" && sameText(given, keys.function));
}

function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Reads a body. Stops keeping it once it is refused, with Kestrel's message.
 *
 * @throws if the caller ends the connection before the end of the body
 */
async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array | { readonly refused: string }> {
  const tooLarge = { refused: `Request body too large. The max request body size is ${limit} bytes.` };
  if (Number(request.headers["content-length"] ?? 0) > limit) return tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  const read = Promise.withResolvers<Uint8Array | { readonly refused: string }>();
  const take = (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) read.resolve(tooLarge);
    else chunks.push(chunk);
  };
  const start = performance.now();
  const watch = setInterval(() => {
    const seconds = (performance.now() - start) / 1_000;
    if (seconds <= slowest.graceSeconds || size / seconds >= slowest.bytesPerSecond) return;
    read.resolve({
      refused: "Reading the request body timed out due to data arriving too slowly. See MinRequestBodyDataRate.",
    });
  }, 1_000);
  request.on("data", take);
  request.once("end", () => read.resolve(Buffer.concat(chunks)));
  request.once("error", read.reject);
  try {
    return await read.promise;
  } finally {
    clearInterval(watch);
    request.off("data", take);
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
