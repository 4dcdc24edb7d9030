import { EventEmitter, once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface ReceivedCall {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A status, or a fault of the connection instead of an answer. */
export type Answer = number | "close" | "reset" | "hold";

/** An endpoint for reporting webhooks that records its calls and answers as set. */
export class Receiver {
  readonly calls: ReceivedCall[] = [];
  connections = 0;
  /** Decides the answer to the call numbered from 0. */
  answer: (call: ReceivedCall, index: number) => Answer = () => 200;
  readonly url: string;
  readonly #server: Server;
  readonly #held: ServerResponse[] = [];
  readonly #told = new EventEmitter();

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(tls?: { key: string; cert: string }): Promise<Receiver> {
    const server = tls ? createSecureServer(tls) : createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const receiver = new Receiver(server, `${tls ? "https" : "http"}://127.0.0.1:${port}/customerio`);
    server.on(tls ? "secureConnection" : "connection", () => {
      receiver.connections += 1;
    });
    server.on("request", (request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => receiver.#respond({ headers: request.headers, body }, response));
    });
    return receiver;
  }

  get eventIds(): string[] {
    return this.calls.map(({ body }) => JSON.parse(body).event_id);
  }

  get timestamps(): number[] {
    return this.calls.map(({ headers }) => Number(headers["x-cio-timestamp"]));
  }

  /** Resolves after this number of calls. */
  async untilCalled(times: number): Promise<void> {
    while (this.calls.length < times) await once(this.#told, "call");
  }

  /** Answers all calls held so far. */
  release(status = 200): void {
    for (const response of this.#held.splice(0)) response.writeHead(status).end();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #respond(call: ReceivedCall, response: ServerResponse): void {
    this.calls.push(call);
    const answer = this.answer(call, this.calls.length - 1);
    if (answer === "hold") this.#held.push(response);
    else if (answer === "close") response.socket?.destroy();
    else if (answer === "reset") response.socket?.resetAndDestroy();
    else response.writeHead(answer, { Location: "/elsewhere" }).end();
    this.#told.emit("call");
  }
}
