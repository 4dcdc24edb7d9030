import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** When a call kills the provider: before it reaches the vendor, after the vendor has acted, or after its answer arrived. */
export const moments = ["before", "acted", "answered"] as const;
export type Moment = (typeof moments)[number];

export interface KillPoint {
  /** Which call of the operation, from 0. */
  readonly call: number;
  readonly moment: Moment;
}

/** The answer in the vendor's place; `body` is sent unchanged. */
export interface Fault {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** `reset` breaks the connection, `truncated` ends it inside the body, `hang` never answers. */
  readonly break?: "reset" | "truncated" | "hang";
  /** The vendor performs the call first, and this replaces its answer; `truncated` cuts it off. */
  readonly acted?: boolean;
}

/** A call as it arrived over a line. */
interface VendorCall {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

interface VendorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A vendor in this process: only the line to it can break. */
export type Vendor = (call: VendorCall) => Promise<VendorAnswer>;

/** A stand-in as vendor at the end of a line. */
export function answerOf({
  url,
  fetch,
}: {
  url: string;
  fetch: (request: Request) => Response | Promise<Response>;
}): Vendor {
  return async (call) => {
    const { method, headers } = call;
    const body = call.body.length > 0 ? new Uint8Array(call.body) : null;
    const answer = await fetch(new Request(url + call.url, { method, headers, body }));
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.from(await answer.arrayBuffer()),
    };
  };
}

/** The line from one provider process to a vendor: counts the calls, and is dead once the provider was killed. */
export class Line {
  readonly calls: string[] = [];
  /** Resolves at the kill point. */
  readonly killed: Promise<void>;
  readonly url: string;
  /** Answers a call in the vendor's place; undefined passes it on. */
  fault: (call: string, index: number) => Fault | undefined = () => undefined;
  readonly #server: Server;
  readonly #vendor: Vendor;
  #kill: () => void = () => undefined;
  #point: KillPoint | undefined;
  #method: string | undefined;
  #first = 0;
  #dead = false;

  private constructor(server: Server, vendor: Vendor) {
    this.#server = server;
    this.#vendor = vendor;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.killed = new Promise((resolve) => {
      this.#kill = resolve;
    });
    server.on("request", (request, response) => void this.#serve(request, response));
  }

  static async open(vendor: Vendor): Promise<Line> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Line(server, vendor);
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

  /** The calls of the last operation. */
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
    // A dead process has no further effect.
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
    const answered = await this.#vendor({ ...requestLine(request), body });
    if (fault) {
      const { status } = answered;
      return answer({ body: answered.body.toString(), status, ...fault }, request, response);
    }
    if (at("acted")) return this.#die(request);
    response.statusCode = answered.status;
    response.setHeaders(new Map(Object.entries(answered.headers)));
    response.end(answered.body, () => {
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

/** What the vendor sees of a request besides its body. */
function requestLine({ method = "GET", url = "/", headers }: IncomingMessage) {
  // Neither says anything of the call, and `fetch` refuses them.
  const { connection, expect, host, "transfer-encoding": encoding, ...sent } = headers;
  return { method, url, headers: sent as Record<string, string> };
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
