import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";

export interface ProxiedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ProxiedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Forward = (request: ProxiedRequest) => Promise<ProxiedAnswer>;

export interface RunningProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** A proxy on a free port of 127.0.0.1 in front of `target`; `between` forwards each request and may read both sides. */
export async function startProxy(
  target: string,
  between: (request: ProxiedRequest, forward: Forward) => Promise<ProxiedAnswer>,
): Promise<RunningProxy> {
  const server = createServer((incoming, outgoing) => {
    const answered = requestOf(incoming).then((received) => between(received, (sent) => forward(target, sent)));
    answered.then(
      ({ status, headers, body }) => {
        const { "transfer-encoding": _, "content-length": __, ...kept } = headers;
        outgoing.writeHead(status, kept).end(body);
      },
      // The target dropped the connection, and so does the proxy.
      () => outgoing.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function requestOf(incoming: IncomingMessage): Promise<ProxiedRequest> {
  const { method = "GET", url = "/", headers } = incoming;
  return { method, url, headers: single(headers), body: await textOf(incoming) };
}

async function forward(target: string, { method, url, headers, body }: ProxiedRequest): Promise<ProxiedAnswer> {
  const { "content-length": _, "transfer-encoding": __, ...kept } = headers;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method, headers: { ...kept, host: new URL(target).host } };
    request(`${target}${url}`, options, resolve).on("error", reject).end(body);
  });
  return { status: answer.statusCode ?? 0, headers: single(answer.headers), body: await textOf(answer) };
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function single(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
