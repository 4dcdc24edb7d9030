import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** When a call kills the provider: before it reaches the vendor, after the vendor has acted, or after its answer came. */
export const moments = ["before", "acted", "answered"] as const;
export type Moment = (typeof moments)[number];

export interface KillPoint {
  /** Which call of the operation, from 0. */
  readonly call: number;
  readonly moment: Moment;
}

/** What is answered in the vendor's place; `body` goes out as it is. */
export interface Fault {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** `reset` breaks the connection, `truncated` ends it inside the body, `hang` never answers. */
  readonly break?: "reset" | "truncated" | "hang";
  /** The vendor carries the call out first, and this is answered in place of its answer; `truncated` breaks that one off. */
  readonly acted?: boolean;
}

/** The line from one provider process to a vendor: counts the calls, and is dead once the provider was killed. */
export class Line {
  readonly calls: string[] = [];
  /** Resolves at the kill point. */
  readonly killed: Promise<void>;
  readonly url: string;
  /** Answers a call in the vendor's place; undefined lets it through. */
  fault: (call: string, index: number) => Fault | undefined = () => undefined;
  readonly #server: Server;
  readonly #target: URL;
  #kill: () => void = () => undefined;
  #point: KillPoint | undefined;
  #method: string | undefined;
  #first = 0;
  #dead = false;

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.#target = new URL(target);
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.killed = new Promise((resolve) => {
      this.#kill = resolve;
    });
    server.on("request", (request, response) => void this.#serve(request, response));
  }

  static async open(target: string): Promise<Line> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Line(server, target);
  }

  /** Kills at a point of the operation that starts now. */
  killAt(point: KillPoint): void {
    this.#point = point;
    this.#first = this.calls.length;
  }

  /** Kills at the first call of a method to the vendor itself. */
  killAtMethod(method: string, moment: Moment): void {
    this.#method = method;
    this.#point = { call: -1, moment };
  }

  /** The calls of the operation that started last. */
  get operationCalls(): string[] {
    return this.calls.slice(this.#first);
  }

  startOperation(): void {
    this.#first = this.calls.length;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Nothing that a dead process would have done gets through.
    if (this.#dead) return void request.socket.destroy();
    const call = `${request.method} ${request.url}`;
    const index = this.calls.push(call) - 1 - this.#first;
    if (this.#point && request.method === this.#method && !call.includes("/ims/")) {
      this.#method = undefined;
      this.#point = { ...this.#point, call: index };
    }
    const at = (moment: Moment) => this.#point?.call === index && this.#point.moment === moment;
    const body = await bytesOf(request);
    if (at("before")) return this.#die(request);
    const fault = this.fault(call, index);
    if (fault && !fault.acted) return answer(fault, request, response);
    const { status, headers, bytes } = await this.#forward(request, body);
    if (fault) return answer({ body: bytes.toString(), status, ...fault }, request, response);
    if (at("acted")) return this.#die(request);
    response.writeHead(status, headers);
    response.end(bytes, () => {
      if (!at("answered")) return;
      this.#dead = true;
      this.#kill();
    });
  }

  #die(request: IncomingMessage): void {
    this.#dead = true;
    this.#kill();
    request.socket.destroy();
  }

  #forward(request: IncomingMessage, body: Buffer) {
    const { method, url: path, headers } = request;
    const { hostname, port } = this.#target;
    return new Promise<{ status: number; headers: IncomingMessage["headers"]; bytes: Buffer }>((resolve, reject) => {
      const sent = forward({ hostname, port, method, path, headers, agent: false }, (response) => {
        bytesOf(response).then(
          (bytes) => resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes }),
          reject,
        );
      });
      sent.on("error", reject).end(body);
    });
  }
}

function answer(fault: Fault, request: IncomingMessage, response: ServerResponse): void {
  if (fault.break === "hang") return;
  if (fault.break === "reset") return void request.socket.destroy();
  const body = fault.body ?? "";
  const length = { "content-length": String(Buffer.byteLength(body)) };
  response.writeHead(fault.status ?? 200, { "content-type": "application/json", ...length, ...fault.headers });
  if (fault.break !== "truncated") return void response.end(body);
  response.write(body.slice(0, -1), () => request.socket.destroy());
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
