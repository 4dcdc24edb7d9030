import type http from "node:http";
import https from "node:https";
import { createAdaptorServer } from "@hono/node-server";
import type { Certificate } from "./certificate.ts";

type Fetch = Parameters<typeof createAdaptorServer>[0]["fetch"];

export interface Listener {
  readonly port: number;
  /** Closes the port and every connection to it. */
  close(): Promise<void>;
}

/** Serves a hono app on a free port of 127.0.0.1: HTTPS with a certificate, otherwise HTTP. */
export async function listen(fetch: Fetch, certificate?: Certificate): Promise<Listener> {
  const secure = certificate && {
    createServer: https.createServer,
    serverOptions: { cert: certificate.certificate, key: certificate.key },
  };
  return listenOn(createAdaptorServer({ fetch, ...secure }) as http.Server);
}

/** Opens a free port of 127.0.0.1 for a Node HTTP or HTTPS server. */
export async function listenOn(server: http.Server | https.Server): Promise<Listener> {
  // With Node's 5 seconds, a process that was busy for longer closes a connection while a client in it sends on it.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
