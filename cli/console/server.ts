import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { UsageError } from "../command/usage-error.ts";
import { readDocPage } from "./doc-pages.ts";
import { ConsoleGate } from "./gate.ts";
import { readPageFiles } from "./page-files.ts";

/** A question or an order of the page. */
export interface PageRequest {
  readonly query: URLSearchParams;
  /** The JSON of an order; undefined for a question. */
  readonly body: unknown;
}

/** By method and path, such as `GET /api/state`. What they return is sent as JSON. */
export type Routes = Readonly<Record<string, (request: PageRequest) => Promise<unknown>>>;

/** Refuses a request, with a message for the user. */
export class ConsoleRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface ConsoleServer {
  /** The address to open, with the token. */
  readonly address: string;
  close(): Promise<void>;
}

/** Bytes of the longest order: a file of a hundred events. */
const longestBody = 8 * 1024 * 1024;

/** For every answer. The page needs nothing from other hosts, and no other page may embed or read it. */
const headers = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
} as const;

/** Serves the page and its routes on 127.0.0.1. @param port 0: a free one */
export async function startServer(routes: Routes, port: number): Promise<ConsoleServer> {
  const files = await readPageFiles();
  const server = http.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", ({ code, message }: NodeJS.ErrnoException) =>
      reject(new UsageError(`--port is invalid: ${code === "EADDRINUSE" ? `port ${port} is in use` : message}`)),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
  const gate = new ConsoleGate((server.address() as AddressInfo).port);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const admission = gate.admit(request, url);
    if (admission.kind === "refused") throw new ConsoleRefusal(admission.status, admission.reason);
    if (admission.kind === "enters") {
      // The token leaves the address bar and the history.
      response.writeHead(303, { "Set-Cookie": admission.cookie, Location: "/" }).end();
      return;
    }
    const file = request.method === "GET" ? (files.get(url.pathname) ?? (await readDocPage(url.pathname))) : undefined;
    if (file) {
      response.writeHead(200, { "Content-Type": file.type }).end(file.content);
      return;
    }
    const name = `${request.method} ${url.pathname}`;
    const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
    if (route === undefined) throw new ConsoleRefusal(404, "There is no such page.");
    const body = request.method === "POST" ? await readBody(request) : undefined;
    sendJson(response, 200, await route({ query: url.searchParams, body }));
  }

  server.on("request", (request, response) => {
    answer(request, response).catch((error: unknown) => {
      const status = error instanceof ConsoleRefusal ? error.status : 500;
      const message = error instanceof Error ? error.message : String(error);
      if (response.headersSent) response.destroy();
      else sendJson(response, status, { error: message });
    });
  });
  return {
    address: gate.address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" }).end(JSON.stringify(value ?? {}));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  if (!request.headers["content-type"]?.startsWith("application/json")) throw new ConsoleRefusal(415, "Send JSON.");
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += (part as Buffer).length;
    if (length > longestBody) throw new ConsoleRefusal(413, "That is larger than 8 MB.");
    parts.push(part as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new ConsoleRefusal(400, "The body is not JSON.");
  }
}
