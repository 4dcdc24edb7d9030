import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { listenOn } from "../../local-cloud/src/listen.ts";

export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** The connection breaks before an answer comes. */
  readonly lost?: true;
  /** No answer comes. */
  readonly hangs?: true;
}

/** A request as tests assert it: method and path as one string, the parsed JSON body, and relevant headers. */
export interface Request {
  readonly call: string;
  readonly body?: unknown;
  readonly accept?: string;
  readonly ifMatch?: string;
}

export const token = { access_token: "token-1", token_type: "bearer", expires_in: 86399 };

/**
 * An HTTP server that gives the set answers in turn, repeating the last one, and records the requests.
 * It is also Adobe IMS, with requests recorded separately.
 */
export class PlatformStub {
  readonly requests: Request[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  readonly tokenRequests: Record<string, string>[] = [];
  readonly #answers = new Map<string, Answer[]>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<this> {
    await listenOn(this.#server);
    this.answer("POST /ims/token/v3", { body: token });
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The answers to a call such as `GET /data/foundation/schemaregistry/stats`. */
  answer(call: string, ...answers: Answer[]): this {
    this.#answers.set(call, answers);
    return this;
  }

  /** The calls alone, without bodies and headers. */
  get calls(): string[] {
    return this.requests.map(({ call }) => call);
  }

  forget(): void {
    this.requests.length = 0;
    this.headers.length = 0;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = `${request.method} ${request.url}`;
    const text = await textOf(request);
    if (request.url === "/ims/token/v3") this.tokenRequests.push(Object.fromEntries(new URLSearchParams(text)));
    else this.#note(call, text, request.headers);
    const answers = this.#answers.get(call) ?? [{ status: 418, body: { title: `The test has no answer for ${call}` } }];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer?.hangs) return;
    if (answer?.lost) return void request.socket.destroy();
    response.writeHead(answer?.status ?? 200, { "Content-Type": "application/json", ...answer?.headers });
    const body = answer?.body;
    response.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
  }

  #note(call: string, text: string, headers: IncomingHttpHeaders): void {
    const { accept, "if-match": ifMatch } = headers;
    this.headers.push(headers);
    this.requests.push({
      call,
      ...(text ? { body: JSON.parse(text) } : {}),
      ...(accept?.startsWith("application/vnd.adobe") ? { accept } : {}),
      ...(ifMatch ? { ifMatch } : {}),
    });
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
