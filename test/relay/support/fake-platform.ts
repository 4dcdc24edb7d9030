import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isObject } from "../../../relay/core/event/json.ts";

/** How the inlet answers one event. `hang` never answers; `reset` breaks the connection. */
export type FakeAnswer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | Buffer | object }
  | "hang"
  | "reset";

export interface FakePlatform {
  /** Inlet with flow id, as in the relay's setting. */
  readonly streamingUrl: string;
  /** The bodies received, in order, whatever the answer. */
  readonly received: Record<string, unknown>[];
  /** The headers and URLs of the requests. */
  readonly requests: {
    readonly method: string | undefined;
    readonly url: string | undefined;
    readonly contentType: string | undefined;
  }[];
  /** The answer for each body; each test sets it. */
  answer: (body: Record<string, unknown>) => FakeAnswer;
  /** Maximum number of concurrent requests so far. */
  readonly mostAtOnce: () => number;
  reset(): void;
  stop(): Promise<void>;
}

/** Platform's receipt of an event. */
export const taken: FakeAnswer = { status: 200, body: { inletId: "i", xactionId: "1:2:3", receivedTimeMs: 1 } };

/** A streaming inlet on the loopback address with answers set by the test. */
export async function startFakePlatform(): Promise<FakePlatform> {
  let underWay = 0;
  let most = 0;
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    underWay += 1;
    most = Math.max(most, underWay);
    response.once("close", () => {
      underWay -= 1;
    });
    const body = await bodyOf(request);
    platform.requests.push({ method: request.method, url: request.url, contentType: request.headers["content-type"] });
    platform.received.push(body);
    const answer = platform.answer(body);
    if (answer === "reset") request.socket.destroy();
    if (typeof answer === "string") return;
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
    const given = answer.body;
    response.end(typeof given === "string" || Buffer.isBuffer(given) ? given : JSON.stringify(given));
  };
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const platform: FakePlatform = {
    streamingUrl: `http://127.0.0.1:${port}/collection/${"0123456789abcdef".repeat(4)}?x-adobe-flow-id=f10a0000-0000-4000-8000-000000000001`,
    received: [],
    requests: [],
    answer: () => taken,
    mostAtOnce: () => most,
    reset() {
      platform.received.length = 0;
      platform.requests.length = 0;
      platform.answer = () => taken;
      most = 0;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return platform;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  return isObject(body) ? body : {};
}
