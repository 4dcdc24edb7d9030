import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startChild } from "../../packages/local-cloud/src/azure/app-service/child-process.ts";
import { startHost } from "../../packages/local-cloud/src/azure/app-service/host-process.ts";
import { buildRelay } from "../../relay/build.ts";
import { queueNames } from "../../relay/core/names.ts";
import { bundleFunctions } from "../bundle-functions.ts";
import { signingKey } from "../delivery/sender.ts";
import { instanceHeap } from "../instance-heap.ts";
import { startBenthos } from "./benthos.ts";
import type { Surroundings, System } from "./system.ts";

/** Milliseconds for a clean shutdown. */
const grace = 10_000;

/** What is compared, by name, and how each is started. All but Benthos use the same queue in the same emulator. */
export const systems = {
  relay: startRelay,
  common: startCommonFunction,
  plain: startPlainNode,
  benthos: startBenthos,
} as const;
export type SystemName = keyof typeof systems;

/** The deployed bundle with all defaults, except that Platform may be called as fast as it answers. */
async function startRelay(surroundings: Surroundings): Promise<System> {
  const { folder } = await buildRelay();
  return startInHost(folder, "/customerio", surroundings, {
    CUSTOMERIO_SIGNING_KEYS: signingKey,
    PLATFORM_STREAMING_URL: surroundings.sinkUrl,
    PLATFORM_REQUESTS_PER_SECOND: "10000",
    RELAY_STORAGE: surroundings.connectionString,
  });
}

async function startCommonFunction(surroundings: Surroundings): Promise<System> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-common-"));
  await bundleFunctions(path.join(import.meta.dirname, "common-function.ts"), { folder, name: "common" });
  const host = {
    version: "2.0",
    extensionBundle: { id: "Microsoft.Azure.Functions.ExtensionBundle", version: "[4.*, 5.0.0)" },
  };
  await writeFile(path.join(folder, "host.json"), JSON.stringify(host));
  const system = await startInHost(folder, "/api/customerio", surroundings, environmentOf(surroundings));
  return {
    ...system,
    stop: async () => {
      await system.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startPlainNode(surroundings: Surroundings): Promise<System> {
  const port = Promise.withResolvers<number>();
  const startedAt = performance.now();
  const child = startChild({
    module: path.join(import.meta.dirname, "plain-node.ts"),
    environment: { ...environmentOf(surroundings), ...instanceHeap() },
    output: { file: path.join(surroundings.folder, "plain.log") },
    onMessage: (message) => port.resolve((message as { port: number }).port),
  });
  void child.exited.then((end) => port.reject(new Error(`Plain Node ended (${end}) before it listened.`)));
  return {
    startedAt,
    pid: child.pid,
    port: await port.promise,
    path: "/",
    listen: () => undefined,
    stop: () => child.stop(grace),
  };
}

async function startInHost(
  appFolder: string,
  route: string,
  surroundings: Surroundings,
  environment: Readonly<Record<string, string>>,
): Promise<System> {
  const startedAt = performance.now();
  const host = await startHost({
    appFolder,
    logFile: path.join(surroundings.folder, "host.log"),
    environment: { ...environment, ...instanceHeap() },
  });
  if (host === undefined || host.error !== undefined) throw new Error(`The function host failed: ${host?.error}`);
  return {
    startedAt,
    pid: host.pid,
    port: host.port,
    path: route,
    listen: () => host.listenFor(host.functions.map(({ name }) => name)),
    stop: () => host.stop(grace),
  };
}

const environmentOf = ({ connectionString, sinkUrl }: Surroundings) => ({
  QUEUE_CONNECTION: connectionString,
  QUEUE_NAME: queueNames.events,
  SINK_URL: sinkUrl,
  SIGNING_KEY: signingKey,
});
