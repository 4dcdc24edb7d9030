import http from "node:http";
import https from "node:https";
import { StringDecoder } from "node:string_decoder";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export interface HttpRequestOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
  /** Maximum bytes of the answer to read; the rest is discarded. Default: all. */
  readonly mostBytes?: number;
}

/** Idle connections are closed after four seconds, before the service closes them just as the next request begins. */
const idle = { keepAlive: true, timeout: 4_000 };
const agents = { http: new http.Agent(idle), https: new https.Agent(idle) };

/**
 * Makes one HTTP request over a connection that is kept open. It takes half the processor time of Node's fetch (0.1 ms
 * instead of 0.2), and does not follow redirects.
 *
 * @throws the system's error, whose code names the problem, or an `AbortError` whose cause is the signal's reason
 */
export function sendRequest(url: URL, options: HttpRequestOptions): Promise<HttpAnswer> {
  const { method, headers, body, signal, mostBytes = Number.POSITIVE_INFINITY } = options;
  const request =
    url.protocol === "https:"
      ? https.request(url, { agent: agents.https, method, headers, signal })
      : http.request(url, { agent: agents.http, method, headers, signal });
  return new Promise((resolve, reject) => {
    request.once("error", reject);
    request.once("response", (response) => {
      const decoder = new StringDecoder("utf8");
      let [text, bytes] = ["", 0];
      const finish = () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      response.on("data", (part: Buffer) => {
        text += decoder.write(part.subarray(0, mostBytes - bytes));
        bytes += part.byteLength;
        if (bytes < mostBytes) return;
        finish();
        request.destroy();
      });
      response.once("error", reject);
      response.once("end", () => {
        text += decoder.end();
        finish();
      });
    });
    request.end(body);
  });
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}
