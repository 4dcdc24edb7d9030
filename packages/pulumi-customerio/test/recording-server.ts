import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { listenOn } from "../../local-cloud/src/listen.ts";

export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly bytes: Buffer;
  /** The body as JSON, or undefined. */
  readonly json: unknown;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** A string is sent unchanged, anything else as JSON. */
  readonly body?: unknown;
  /** Closes the connection instead of answering. */
  readonly drop?: boolean;
}

export interface RecordingServer {
  readonly port: number;
  readonly requests: RecordedRequest[];
  /** `METHOD path` of each request so far. */
  calls(): string[];
  close(): Promise<void>;
}

/** A server on a free port of 127.0.0.1 that answers by a function and records every request. */
export async function recordingServer(
  answer: (request: RecordedRequest) => Answer,
  tls?: { key: string; cert: string },
): Promise<RecordingServer> {
  const requests: RecordedRequest[] = [];
  const listener = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const { method = "", url = "", headers } = incoming;
    const request = { method, url, headers, bytes, json: parseIfJson(bytes) };
    requests.push(request);
    const { status = 200, headers: answered = {}, body, drop } = answer(request);
    if (drop) return incoming.socket.destroy();
    response.writeHead(status, answered);
    response.end(body === undefined || typeof body === "string" ? body : JSON.stringify(body));
  };
  const handle: RequestListener = (incoming, response) => void listener(incoming, response);
  const server = tls ? createHttpsServer(tls, handle) : createHttpServer(handle);
  const { port, close } = await listenOn(server);
  return { port, requests, calls: () => requests.map(({ method, url }) => `${method} ${url}`), close };
}

function parseIfJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
