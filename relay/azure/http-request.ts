import http from "node:http";
import https from "node:https";
import zlib from "node:zlib";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export interface HttpRequestOptions {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Milliseconds for the request with its answer, or a signal that ends it. */
  readonly limit: number | AbortSignal;
  /** A further signal that ends it. */
  readonly signal?: AbortSignal | undefined;
  /** Maximum bytes of the answer to read; the rest is discarded. Default: all. */
  readonly mostBytes?: number;
}

/** Idle connections are closed after four seconds, before the service closes them just as the next request begins. */
const idle = { keepAlive: true, timeout: 4_000 };
const agents = { http: new http.Agent(idle), https: new https.Agent(idle) };

/**
 * Makes one HTTP request over a connection that is kept open, and does not follow redirects.
 *
 * Each event costs such a request, so it avoids what is expensive in `node:http`: headers that are set one by one, the option `signal`, and a
 * URL, of which Node copies every part. Without them it takes about half the processor time.
 *
 * @throws the system's error, whose code names the problem, or an `AbortError`. Its cause is the signal's reason, or a `TimeoutError`
 */
export function sendRequest(url: URL, options: HttpRequestOptions): Promise<HttpAnswer> {
  const { method, body = "", limit, signal, mostBytes = Number.POSITIVE_INFINITY } = options;
  const target = { ...addressOf(url), method, headers: headerList(url, options) };
  const request =
    url.protocol === "https:"
      ? https.request({ ...target, agent: agents.https })
      : http.request({ ...target, agent: agents.http });
  const answered = new Promise<HttpAnswer>((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      const { headers: given, statusCode: status = 0 } = response;
      const parts: Buffer[] = [];
      let bytes = 0;
      const finish = () => {
        const text = textOf(Buffer.concat(parts), given["content-encoding"], mostBytes);
        resolve({ status, headers: given, text });
      };
      response.on("data", (part: Buffer) => {
        parts.push(part.subarray(0, mostBytes - bytes));
        bytes += part.byteLength;
        if (bytes < mostBytes) return;
        finish();
        request.destroy();
      });
      response.on("error", reject);
      response.on("end", finish);
    });
  });
  const release = endAtLimit(request, limit);
  const forget = signal && endAtLimit(request, signal);
  request.end(body);
  return answered.finally(() => {
    release();
    forget?.();
  });
}

/**
 * The text of an answer. A proxy may compress one although no request asks for that, and some servers write a byte order
 * mark, which JSON.parse refuses.
 */
function textOf(body: Buffer, coding: string | undefined, mostBytes: number): string {
  const decode = coding === undefined ? undefined : decoders[coding.trim().toLowerCase()];
  const text = (decode === undefined ? body : decodeIfPossible(body, decode, mostBytes)).toString("utf8");
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

type Decoder = (body: Buffer, options: { maxOutputLength?: number }) => Buffer;

/** Content codings that proxies use (RFC 9110, section 8.4.1). */
const decoders: Readonly<Record<string, Decoder>> = {
  gzip: zlib.gunzipSync,
  "x-gzip": zlib.gunzipSync,
  deflate: zlib.inflateSync,
  br: zlib.brotliDecompressSync,
};

/** The decoded body, or the body itself if it does not have that coding or is longer than is read. */
function decodeIfPossible(body: Buffer, decode: Decoder, mostBytes: number): Buffer {
  try {
    return decode(body, Number.isFinite(mostBytes) ? { maxOutputLength: mostBytes } : {});
  } catch {
    return body;
  }
}

/** What Node needs of a URL; it connects to an IPv6 address without brackets. */
function addressOf({ hostname, port, pathname, search }: URL): http.RequestOptions {
  return { hostname: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname, port, path: pathname + search };
}

/** Names and values in turn. Node adds nothing to such a list, so it has the host and the body's length too. */
function headerList({ host }: URL, { method, headers, body = "" }: HttpRequestOptions): string[] {
  const list = ["host", host];
  for (const name in headers) list.push(name, headers[name] ?? "");
  if (method !== "GET" && method !== "DELETE") list.push("content-length", String(Buffer.byteLength(body)));
  return list;
}

/** Ends the request at its limit. @returns a function that lifts the limit */
function endAtLimit(request: http.ClientRequest, limit: HttpRequestOptions["limit"]): () => void {
  const end = (cause: unknown) =>
    request.destroy(
      Object.assign(new Error("the request was aborted", { cause }), { name: "AbortError", code: "ABORT_ERR" }),
    );
  if (typeof limit === "number") {
    const timer = setTimeout(() => end(new DOMException(`no answer within ${limit} ms`, "TimeoutError")), limit);
    return () => clearTimeout(timer);
  }
  const abort = () => end(limit.reason);
  if (limit.aborted) abort();
  limit.addEventListener("abort", abort, { once: true });
  return () => limit.removeEventListener("abort", abort);
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}
