import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A network fault between the two ends of a connection. Times in milliseconds. */
export type NetworkFault =
  /** Everything arrives later, by this time and up to as much again. */
  | { readonly kind: "latency"; readonly milliseconds: number }
  | { readonly kind: "bandwidth"; readonly bytesPerSecond: number }
  /** The close of one end reaches the other later, by this time. */
  | { readonly kind: "slow close"; readonly milliseconds: number }
  /** Nothing arrives, and there is no error. */
  | { readonly kind: "timeout" }
  /** The next bytes are answered with a reset. */
  | { readonly kind: "reset" }
  /** Bytes arrive in small pieces, with a pause after each. */
  | { readonly kind: "slicing"; readonly bytes: number; readonly milliseconds: number }
  /** The connection is closed after this number of bytes in one direction. */
  | { readonly kind: "data limit"; readonly bytes: number };

type Direction = "there" | "back";

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** The direction of the fault; undefined for a connection without one. */
  struck: Direction | undefined;
}

/** A TCP proxy on a fixed port of 127.0.0.1, in front of a port that may change. */
export class FaultProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #random: () => number;
  readonly #links = new Set<Link>();
  #fault: NetworkFault | undefined;
  #share = 0;

  private constructor(server: Server, port: number, random: () => number) {
    this.#server = server;
    this.port = port;
    this.#random = random;
  }

  /**
   * @param target the port to connect to, read for each connection; undefined if nothing listens
   * @param random at least 0, and less than 1; chooses the connections with a fault
   */
  static async start(target: () => number | undefined, random: () => number): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new FaultProxy(server, await listenOnLowPort(server), random);
    server.on("connection", (client) => proxy.#open(client, target()));
    return proxy;
  }

  /** Gives a share (0 to 1) of all connections, including open ones, a fault in one of their directions. */
  strike(fault: NetworkFault, share: number): void {
    this.#fault = fault;
    this.#share = share;
    for (const link of this.#links) link.struck = this.#lot();
  }

  /** Removes the fault. Connections that had it are closed, since their delayed bytes are lost. */
  heal(): void {
    this.#fault = undefined;
    for (const link of this.#links) if (link.struck) cut(link);
  }

  /** Stops listening: connections are refused, and open ones are reset. */
  async goDown(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const link of this.#links) reset(link);
    await closed;
  }

  /** Listens again, on the same port. */
  async comeUp(): Promise<void> {
    await listen(this.#server, this.port);
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.goDown();
  }

  #open(client: Socket, port: number | undefined): void {
    if (port === undefined) {
      client.on("error", () => undefined).resetAndDestroy();
      return;
    }
    const server = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const link: Link = { client, server, struck: this.#fault && this.#lot() };
    this.#links.add(link);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      // A broken side breaks the other, as without a proxy.
      socket.on("error", () => reset(link));
      socket.on("close", () => {
        if (client.destroyed && server.destroyed) this.#links.delete(link);
      });
    }
    void this.#carry(client, server, link, "there");
    void this.#carry(server, client, link, "back");
  }

  #lot(): Direction | undefined {
    if (this.#random() >= this.#share) return undefined;
    return this.#random() < 0.5 ? "there" : "back";
  }

  async #carry(from: Socket, to: Socket, link: Link, direction: Direction): Promise<void> {
    const fault = () => (link.struck === direction ? this.#fault : undefined);
    let passed = 0;
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        for (let rest = chunk; rest.length > 0; ) {
          const now = fault();
          // Leaving the loop would close the connection.
          if (now?.kind === "timeout") await untilClosed(from, to);
          if (now?.kind === "reset") return reset(link);
          if (now?.kind === "latency") await sleep(now.milliseconds * (1 + this.#random()));
          const piece = rest.subarray(0, pieceSize(now));
          rest = rest.subarray(piece.length);
          const allowed = now?.kind === "data limit" ? now.bytes - passed : piece.length;
          await write(to, piece.subarray(0, Math.max(0, allowed)));
          passed += piece.length;
          if (allowed < piece.length) return cut(link);
          if (now?.kind === "bandwidth") await sleep((piece.length / now.bytesPerSecond) * 1000);
          if (now?.kind === "slicing") await sleep(now.milliseconds);
        }
      }
      const now = fault();
      if (now?.kind === "timeout") await untilClosed(from, to);
      if (now?.kind === "slow close") await sleep(now.milliseconds);
      to.end();
    } catch {
      reset(link);
    }
  }
}

/** Below the ports that systems give to programs that ask for any, so that nobody gets this one while the proxy is down. */
const lowPorts = { first: 20_000, count: 12_000 };

async function listenOnLowPort(server: Server): Promise<number> {
  for (;;) {
    const port = lowPorts.first + Math.floor(Math.random() * lowPorts.count);
    try {
      await listen(server, port);
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function pieceSize(fault: NetworkFault | undefined): number {
  if (fault?.kind === "slicing") return fault.bytes;
  return fault?.kind === "bandwidth" ? Math.max(1, Math.ceil(fault.bytesPerSecond / 20)) : Number.POSITIVE_INFINITY;
}

async function write(to: Socket, bytes: Buffer): Promise<void> {
  if (bytes.length === 0 || to.write(bytes)) return;
  await new Promise<void>((resolve) => to.once("drain", resolve).once("close", resolve));
}

/** Resolves when one of the two is closed. */
function untilClosed(...sockets: readonly Socket[]): Promise<void> {
  return new Promise((resolve) => {
    for (const socket of sockets) {
      if (socket.destroyed) resolve();
      else socket.once("close", () => resolve());
    }
  });
}

function cut({ client, server }: Link): void {
  client.destroy();
  server.destroy();
}

function reset({ client, server }: Link): void {
  for (const socket of [client, server]) if (!socket.destroyed) socket.resetAndDestroy();
}
