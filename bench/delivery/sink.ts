import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds until the sink answers. */
const answerTime = 5;

/** What the sink does with one try: an HTTP status, a connection that is reset, or no answer at all. */
export type Reaction = number | "reset" | "hang";

const receipt = JSON.stringify({ inletId: "bench", xactionId: "1", receivedTimeMs: 1 });

/** Stands in for Platform's streaming inlet, and records when it accepted each event. */
export class Sink {
  /** By id, the time (`performance.now()`) at which an event was taken first. */
  readonly takenAt = new Map<string, number>();
  attempts = 0;
  /** How often it accepted an event that it had. */
  takenAgain = 0;
  /** How it reacts to a try with the event of this id; 200 takes the event. */
  react: (id: string) => Reaction = () => 200;
  readonly #server: http.Server;

  private constructor(server: http.Server) {
    this.#server = server;
  }

  static async start(): Promise<Sink> {
    const server = http.createServer();
    const sink = new Sink(server);
    server.keepAliveTimeout = 0;
    server.on("request", (request, response) => void sink.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return sink;
  }

  get streamingUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/collection/bench?x-adobe-flow-id=bench`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const id = text.match(/"event_id":"([^"]+)"/)?.[1] ?? "";
    this.attempts += 1;
    const reaction = this.react(id);
    if (reaction === "hang") return;
    await sleep(answerTime);
    if (reaction === "reset") {
      request.socket.resetAndDestroy();
      return;
    }
    if (reaction === 200) {
      if (this.takenAt.has(id)) this.takenAgain += 1;
      else this.takenAt.set(id, performance.now());
    }
    response.writeHead(reaction, { "content-type": "application/json" });
    response.end(reaction === 200 ? receipt : JSON.stringify({ title: "bench" }));
  }
}
