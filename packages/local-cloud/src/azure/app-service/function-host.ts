/**
 * A host for Azure Functions apps in Node: loads a deployed package through its own `@azure/functions` and runs its HTTP and
 * queue triggers. It is not Microsoft's host, but was written from that host's published contracts and source.
 *
 *   node packages/local-cloud/dist/function-host.mjs <folder with host.json and package.json>
 *
 * App settings come from the environment; `PORT` (default: a free one) is the HTTP port on 127.0.0.1. As a child process it
 * reports to its parent when it is ready or what is wrong, and ends when the parent is gone.
 */
import { readFileSync } from "node:fs";
import http from "node:http";
import { AppRuntime } from "../function-host/app-runtime.ts";
import { HostLog } from "../function-host/host-log.ts";
import type { HeldMessage, HostMessage, ParentMessage } from "../function-host/messages.ts";

const log = new HostLog((line) => process.stdout.write(`${line}\n`));
const tell = (message: HostMessage | HeldMessage) => process.send?.(message);

async function main(folder: string): Promise<void> {
  let answer: http.RequestListener = hostNotRunning;
  const server = http.createServer((request, response) => answer(request, response));
  // The front end keeps its connections open between requests, so they must not time out here first.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    const app = await AppRuntime.load({ folder, environment: process.env, log, fatal: () => process.exit(1) });
    answer = app.answer;
    process.on("message", (message: ParentMessage) => void obey(app, message));
    process.once("SIGTERM", () => void shutDown(server, app));
    // With a parent, the platform decides which triggers fire; without one, all of them do.
    if (process.send === undefined) app.listen(app.functions.map(({ name }) => name));
    log.write("information", "Host.Startup", `Host started on port ${port} with ${app.functions.length} functions`);
    tell({ state: "running", port, functions: app.functions });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.write("error", "Host.Startup", `A host error has occurred during startup operation: ${message}`);
    process.once("SIGTERM", () => process.exit(0));
    tell({ state: "error", port, message });
  }
}

async function obey(app: AppRuntime, message: ParentMessage): Promise<void> {
  if ("listenFor" in message) return app.listen(message.listenFor);
  await app.hold(message.hold);
  if (message.hold) tell({ state: "held" });
}

async function shutDown(server: http.Server, app: AppRuntime): Promise<void> {
  log.write("information", "Host", "Draining: no new work is taken");
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  await app.stop();
  server.closeIdleConnections();
  await closed;
  process.exit(0);
}

/** The answer of every function while the host is in error. */
function hostNotRunning(_request: http.IncomingMessage, response: http.ServerResponse): void {
  response.writeHead(503, { "content-type": "text/plain" });
  response.end("Function host is not running.");
}

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write(
    "Usage: node packages/local-cloud/dist/function-host.mjs <folder with host.json and package.json>\n",
  );
  process.exit(2);
}
readFileSync(`${folder}/host.json`);
await main(folder);
