import http from "node:http";
import https from "node:https";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** Idle connections are closed after four seconds, before the service does it at a moment when the next request begins. */
const idle = { keepAlive: true, timeout: 4_000 };
const agents = { http: new http.Agent(idle), https: new https.Agent(idle) };

/**
 * One HTTP request over a connection that is kept. It takes half the processor time of Node's fetch (0.1 ms instead of 0.2), and an
 * event needs three of them.
 *
 * @throws the system's error, whose code says what is wrong, or an `AbortError`
 */
export function sendRequest(
  url: URL,
  options: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<HttpAnswer> {
  const { method, headers, body, signal } = options;
  const request =
    url.protocol === "https:"
      ? https.request(url, { agent: agents.https, method, headers, signal })
      : http.request(url, { agent: agents.http, method, headers, signal });
  return new Promise((resolve, reject) => {
    request.once("error", reject);
    request.once("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    request.end(body);
  });
}
