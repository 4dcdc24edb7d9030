import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { PropertyMap } from "pulumi-provider-kit";
import { plainValueAt } from "../arm/subscription.ts";
import { type Origin, originOf } from "../network/access-restrictions.ts";

/** Microsoft Learn, "Azure Functions scale and hosting": HTTP request limits of the platform. */
const longestRequest = 230_000;
const largestBody = 210 * 1024 * 1024;
const longestUrl = 8192;
/** Microsoft Learn, "Concurrency in Azure Functions": HTTP calls of an instance at a time by its memory, unless the app sets it. */
const usualConcurrency: Readonly<Record<number, number>> = { 512: 4, 2048: 16, 4096: 32 };

export interface FrontEndOptions {
  readonly serving: () => Promise<{ port: number } | { status: number }>;
  readonly hostName: () => string;
  /** Whether the app accepts calls from the origin of this one. */
  readonly takes: (origin: Origin) => boolean;
  /** Maximum calls that an instance gets at a time. For more, Azure starts another instance; the stand-in has only one. */
  readonly perInstanceConcurrency: () => number;
}

/** @param app the properties of the function app */
export function concurrencyOf(app: PropertyMap | undefined): number {
  const scale = (name: string) => Number(app && plainValueAt(app, `functionAppConfig.scaleAndConcurrency.${name}`));
  return scale("triggers.http.perInstanceConcurrency") || usualConcurrency[scale("instanceMemoryMB") || 2048] || 16;
}

/** The front end of an app: passes requests on to the host process, or answers instead. */
export function frontEnd(options: FrontEndOptions): http.RequestListener {
  const agent = new http.Agent({ keepAlive: true });
  const turns = new Turns(options.perInstanceConcurrency);
  return (request, response) => {
    const origin = originOf(request);
    if (!options.takes(origin)) {
      response.setHeader("x-ms-forbidden-ip", origin.address);
      return answer(request, response, 403);
    }
    const refusal = overLimit(request);
    if (refusal !== undefined) return answer(request, response, refusal);
    turns.wait(response, () => {
      options.serving().then(
        (target) => {
          if ("status" in target) return answer(request, response, target.status);
          pass(request, response, { agent, port: target.port, hostName: options.hostName() });
        },
        () => answer(request, response, 500),
      );
    });
  };
}

/** Starts calls in the order in which they arrived, a limited number at a time. Waiting calls are not read. */
class Turns {
  readonly #most: () => number;
  readonly #waiting = new Set<() => void>();
  #underWay = 0;

  constructor(most: () => number) {
    this.#most = most;
  }

  /** @param response ends the turn once it is complete, or its connection has ended */
  wait(response: ServerResponse, begin: () => void): void {
    const start = () => {
      this.#underWay += 1;
      begin();
    };
    this.#waiting.add(start);
    response.once("close", () => {
      if (!this.#waiting.delete(start)) this.#underWay -= 1;
      this.#startNext();
    });
    this.#startNext();
  }

  #startNext(): void {
    for (const start of this.#waiting) {
      if (this.#underWay >= this.#most()) return;
      this.#waiting.delete(start);
      start();
    }
  }
}

function overLimit(request: IncomingMessage): number | undefined {
  if ((request.url ?? "").length > longestUrl) return 414;
  return Number(request.headers["content-length"] ?? 0) > largestBody ? 413 : undefined;
}

function pass(
  request: IncomingMessage,
  response: ServerResponse,
  target: { agent: http.Agent; port: number; hostName: string },
): void {
  const { connection: _hopByHop, ...headers } = request.headers;
  const upstream = http.request({
    agent: target.agent,
    host: "127.0.0.1",
    port: target.port,
    method: request.method,
    path: request.url,
    headers: {
      ...headers,
      "x-forwarded-for": `${request.socket.remoteAddress}:${request.socket.remotePort}`,
      "x-forwarded-proto": "https",
      "x-forwarded-host": request.headers.host ?? target.hostName,
    },
    timeout: longestRequest,
  });
  upstream.once("response", (answered) => {
    const { connection: _connection, "keep-alive": _keepAlive, ...answeredHeaders } = answered.headers;
    response.writeHead(answered.statusCode ?? 502, answeredHeaders);
    answered.pipe(response);
    answered.once("error", () => response.destroy());
  });
  upstream.once("timeout", () => {
    answer(request, response, 504);
    upstream.destroy();
  });
  upstream.once("error", () => answer(request, response, 502));
  response.once("close", () => upstream.destroy());
  request.pipe(upstream);
}

function answer(request: IncomingMessage, response: ServerResponse, status: number): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  request.resume();
  response.writeHead(status, { "content-type": "text/html" });
  response.end(`<!DOCTYPE html><title>${status} ${http.STATUS_CODES[status] ?? ""}</title>`);
}
