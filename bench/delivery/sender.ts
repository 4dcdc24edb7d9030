import { createHmac } from "node:crypto";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";

export const signingKey = "bench-signing-key";

/** How a call ended. */
export interface Call {
  /** 0 if there was no answer. */
  readonly status: number;
  /** Since it was due, including the wait for a connection. */
  readonly milliseconds: number;
}

/** A call with the id of its event. */
export interface NamedCall extends Call {
  readonly id: string;
}

/** Makes the id of the next event, and says when the event happened. */
export type NextEvent = () => { readonly id: string; readonly at: number };

/** Sends events as Customer.io does, signed, over a limited number of connections that it keeps open. */
export class Sender {
  readonly #port: number;
  readonly #path: string;
  readonly #agent: http.Agent;

  constructor(options: { port: number; path: string; connections: number }) {
    this.#port = options.port;
    this.#path = options.path;
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: options.connections });
  }

  /** Sends one event. @param at when it happened, in milliseconds since 1970 */
  async send(id: string, at = Date.now()): Promise<Call> {
    const body = bodyOf(id, at);
    const begin = performance.now();
    const headers = signedBy(body);
    const status = await post({ port: this.#port, path: this.#path, agent: this.#agent, headers }, body);
    return { status, milliseconds: performance.now() - begin };
  }

  /** Sends this many events as fast as they are answered, over this many connections. */
  async sendEach(count: number, lanes: number, next: NextEvent): Promise<NamedCall[]> {
    const calls: NamedCall[] = [];
    let begun = 0;
    const lane = async () => {
      while (begun < count) {
        begun += 1;
        const { id, at } = next();
        calls.push({ id, ...(await this.send(id, at)) });
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return calls;
  }

  /** Sends events at a steady rate, however long the answers take, and waits for the answers. */
  async sendSteadily(ids: readonly string[], perSecond: number): Promise<Call[]> {
    const begin = performance.now();
    const calls: Promise<Call>[] = [];
    for (const [index, id] of ids.entries()) {
      const wait = begin + (index / perSecond) * 1000 - performance.now();
      if (wait > 0) await sleep(wait);
      calls.push(this.send(id));
    }
    return Promise.all(calls);
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** The headers with which Customer.io signs a body. */
export function signedBy(body: string | Uint8Array): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", signingKey).update(`v0:${timestamp}:`).update(body).digest("hex");
  return { "content-type": "application/json", "x-cio-timestamp": timestamp, "x-cio-signature": signature };
}

/** @returns the status; 0 if there was no answer */
function post(options: http.RequestOptions, body: string): Promise<number> {
  return new Promise((resolve) => {
    const request = http.request({ ...options, host: "127.0.0.1", method: "POST" }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode ?? 0));
      response.once("error", () => resolve(0));
    });
    request.once("error", () => resolve(0));
    request.end(body);
  });
}

/** The text of a call with this event. @param at when it happened, in milliseconds since 1970 */
export function bodyOf(id: string, at: number): string {
  return JSON.stringify({ ...samples[0]?.event, event_id: id, timestamp: Math.floor(at / 1000) });
}
