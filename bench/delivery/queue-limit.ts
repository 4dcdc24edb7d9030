import http, { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers Azure's 503 in place of each queue that gets more messages in a second than it can take. Everything else passes. */
export class QueueLimit {
  readonly #server: Server;
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #perSecond: number;
  readonly #target: URL;
  #second = 0;
  /** Messages in this second, by queue. */
  readonly #inSecond = new Map<string, number>();
  /** Messages that the queues took, and those that they refused. */
  readonly messages = { taken: 0, refused: 0 };

  private constructor(target: URL, perSecond: number) {
    this.#target = target;
    this.#perSecond = perSecond;
    this.#server = createServer((request, response) => this.#pass(request, response));
  }

  /** @returns the limit, and the connection string that leads through it */
  static async before(connectionString: string, perSecond: number): Promise<[QueueLimit, string]> {
    const [, endpoint = ""] = /QueueEndpoint=([^;]+)/.exec(connectionString) ?? [];
    const limit = new QueueLimit(new URL(endpoint), perSecond);
    await new Promise<void>((resolve) => limit.#server.listen(0, "127.0.0.1", resolve));
    const { port } = limit.#server.address() as AddressInfo;
    const { pathname } = limit.#target;
    return [limit, connectionString.replace(endpoint, `http://127.0.0.1:${port}${pathname}`)];
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    this.#agent.destroy();
  }

  #pass(request: http.IncomingMessage, response: http.ServerResponse): void {
    const queue = request.method === "POST" && /\/([^/]+)\/messages(\?|$)/.exec(request.url ?? "")?.[1];
    if (queue && !this.#takes(queue)) {
      request.resume();
      response.writeHead(503, { "content-type": "application/xml", "x-ms-error-code": "ServerBusy" });
      response.end("<?xml version='1.0'?><Error><Code>ServerBusy</Code><Message>The server is busy.</Message></Error>");
      return;
    }
    const { hostname, port } = this.#target;
    const { method, url: path, headers } = request;
    const onward = http.request({ agent: this.#agent, host: hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.once("error", () => response.destroy());
    request.pipe(onward);
  }

  #takes(queue: string): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) this.#inSecond.clear();
    this.#second = second;
    const inSecond = (this.#inSecond.get(queue) ?? 0) + 1;
    this.#inSecond.set(queue, inSecond);
    const takes = inSecond <= this.#perSecond;
    this.messages[takes ? "taken" : "refused"] += 1;
    return takes;
  }
}
