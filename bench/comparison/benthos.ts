import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { listenOn } from "../../packages/local-cloud/src/listen.ts";
import { signingKey } from "../delivery/sender.ts";
import type { Surroundings, System } from "./system.ts";

const run = promisify(execFile);
const sources = path.join(import.meta.dirname, "benthos");
const executable = path.join(import.meta.dirname, "../../build/bench/benthos");

/** Milliseconds for a start, and for a clean end. */
const grace = 20_000;

/** What this machine lacks for Benthos: Go, which builds it, and Redis, its store. */
export async function findMissingForBenthos(): Promise<string[]> {
  const works = async (command: string, argument: string) =>
    run(command, [argument]).then(
      () => [],
      () => [command],
    );
  return (await Promise.all([works("go", "version"), works("redis-server", "--version")])).flat();
}

/**
 * Benthos, since renamed Redpanda Connect, with a stream of Redis as its queue. Redis appends each event to a file, which it synchronizes every
 * second.
 */
export async function startBenthos({ sinkUrl, folder }: Surroundings): Promise<System> {
  await run("go", ["build", "-o", executable, "."], { cwd: sources });
  const redisPort = await findFreePort();
  const address = ["--bind", "127.0.0.1", "--port", String(redisPort)];
  const redis = await start("redis-server", [...address, "--dir", folder, "--appendonly", "yes", "--save", ""], {
    log: path.join(folder, "redis.log"),
  });
  await sleep(500);
  const port = await findFreePort();
  const configuration = (name: string) => path.join(sources, `${name}.yaml`);
  const startedAt = performance.now();
  const streams = ["--prefix-stream-endpoints=false", configuration("intake"), configuration("forwarder")];
  const benthos = await start(executable, ["--config", configuration("service"), "streams", ...streams], {
    log: path.join(folder, "benthos.log"),
    environment: {
      PORT: String(port),
      REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      SIGNING_KEY: signingKey,
      SINK_URL: sinkUrl,
    },
  });
  await untilReady(port);
  return {
    startedAt,
    pid: benthos.pid,
    storePid: redis.pid,
    port,
    path: "/customerio",
    listen: () => undefined,
    async stop() {
      await benthos.stop();
      await redis.stop();
    },
  };
}

/** A port that is free now; the programs here can't say which one they chose. */
async function findFreePort(): Promise<number> {
  const { port, close } = await listenOn(createServer());
  await close();
  return port;
}

async function start(
  command: string,
  argumentsOf: readonly string[],
  { log, environment = {} }: { log: string; environment?: Readonly<Record<string, string>> },
): Promise<{ readonly pid: number; stop(): Promise<void> }> {
  const file = await open(log, "a");
  const child = spawn(command, argumentsOf, {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", file.fd, file.fd],
  });
  const ended = once(child, "exit");
  await once(child, "spawn");
  await file.close();
  return {
    pid: child.pid ?? 0,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), grace);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Waits until the inputs and outputs of all streams are connected. */
async function untilReady(port: number): Promise<void> {
  const until = performance.now() + grace;
  while (performance.now() < until) {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined);
    await answer?.text();
    if (answer?.ok) return;
    await sleep(5);
  }
  throw new Error(`Benthos did not start within ${grace / 1000} s.`);
}
