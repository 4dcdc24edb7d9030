import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import * as grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { readMemory } from "./process-memory.ts";
import { type Figure, median, repeat } from "./statistics.ts";

const repository = path.resolve(import.meta.dirname, "..");
const runs = 11;
const targets = { milliseconds: 200, megabytes: 80 };

interface Start {
  /** From the start of the process to its first answer. */
  readonly milliseconds: number;
  /** Resident memory after the answer, in MB of a million bytes; NaN where the system does not tell. */
  readonly megabytes: number;
}

/** Measures the start-up of each provider like the engine: start the executable, read the port, call GetPluginInfo. */
export async function measureProviderStart(): Promise<Figure[]> {
  const bare = median(await repeat(runs, bareNode));
  const figures: Figure[] = [{ what: "node -e 0, start to end", value: `${bare.toFixed(0)} ms` }];
  for (const name of ["aep", "customerio", "customerio-aep"]) figures.push(...(await figuresOf(name, bare)));
  return figures;
}

async function figuresOf(name: string, bare: number): Promise<Figure[]> {
  const cache = await mkdtemp(path.join(tmpdir(), "bench-compile-cache-"));
  try {
    const first = await startOnce(name, cache);
    const starts = await repeat(runs, () => startOnce(name, cache));
    const milliseconds = median(starts.map((start) => start.milliseconds));
    const memory = starts.map(({ megabytes }) => megabytes).filter(Number.isFinite);
    return [
      {
        what: `provider ${name}, start to first answer`,
        value: `${milliseconds.toFixed(0)} ms, ${(milliseconds / bare).toFixed(1)} times node`,
        target: `at most ${targets.milliseconds} ms`,
      },
      { what: "  the very first time, before Node's compile cache", value: `${first.milliseconds.toFixed(0)} ms` },
      ...(memory.length > 0
        ? [{ what: "  memory", value: `${median(memory).toFixed(1)} MB`, target: `at most ${targets.megabytes} MB` }]
        : []),
    ];
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}

async function startOnce(name: string, cache: string): Promise<Start> {
  const executable = path.join(repository, "node_modules", ".bin", `pulumi-resource-${name}`);
  const begin = performance.now();
  const child = spawn(executable, [], {
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    await pluginInfo(Number(line.toString()));
    const milliseconds = performance.now() - begin;
    return { milliseconds, megabytes: (await readMemory(child.pid ?? 0, "now")) / 1e6 };
  } finally {
    child.kill();
    await once(child, "exit");
  }
}

function pluginInfo(port: number): Promise<void> {
  const client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  return new Promise<void>((resolve, reject) => {
    client.getPluginInfo(new emptyProto.Empty(), (error) => (error ? reject(error) : resolve()));
  }).finally(() => client.close());
}

async function bareNode(): Promise<number> {
  const begin = performance.now();
  await once(spawn(process.execPath, ["-e", "0"], { stdio: "ignore" }), "exit");
  return performance.now() - begin;
}
