import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startChild } from "../packages/local-cloud/src/azure/app-service/child-process.ts";
import { buildRelay } from "../relay/build.ts";
import { bundleFunctions } from "./bundle-functions.ts";
import { Azurite } from "./delivery/azurite.ts";
import { signingKey } from "./delivery/sender.ts";
import { Sink } from "./delivery/sink.ts";
import { type InstanceMemory, instanceHeap } from "./instance-heap.ts";
import { type Figure, median, repeat } from "./statistics.ts";
import { Areas } from "./worker/areas.ts";
import type { WorkerReport } from "./worker/report.ts";

/** How many calls, and how many events in messages. */
const events = 20_000;
const rounds = 3;

/** What the worker does: its calls, its messages, or both at the same time. */
const works = { intake: "intake alone", forwarder: "forwarder alone", both: "intake and forwarder" } as const;
type Work = keyof typeof works;

/**
 * The processor time that the deployed bundle needs for an event, without any host: see `worker/process.ts`. Beside it, functions that do
 * nothing show what the Functions library needs for the same calls. Then the same on a smaller and a larger instance, and the areas of the
 * code in which the bundle spends it.
 */
export async function measureWorker(): Promise<Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-worker-"));
  try {
    const { folder: relay, sourceMap } = await buildRelay();
    await bundleFunctions(path.join(import.meta.dirname, "worker", "idle-functions.ts"), { folder, name: "idle" });
    const figures: Figure[] = [];
    for (const [work, title] of Object.entries(works) as [Work, string][]) {
      const own: WorkerReport[] = [];
      const idle: WorkerReport[] = [];
      for (let round = 0; round < rounds; round += 1) {
        own.push(await runWorker(relay, { work }));
        idle.push(await runWorker(folder, { work }));
      }
      figures.push(
        { what: `processor time per event, ${title}`, value: processorTimeOf(own) },
        { what: "  functions that do nothing", value: processorTimeOf(idle) },
        { what: "  memory at the peak", value: peakMemoryOf(own) },
      );
    }
    for (const memory of [512, 4096] as const) {
      const own = await repeat(rounds, () => runWorker(relay, { work: "both", memory }));
      figures.push(
        { what: `processor time per event, both, ${memory} MB`, value: processorTimeOf(own) },
        { what: "  memory at the peak", value: peakMemoryOf(own) },
      );
    }
    const { profile } = await runWorker(relay, { work: "both", isProfiled: true });
    if (profile === undefined) throw new Error("The worker reported no profile.");
    return [...figures, ...new Areas(sourceMap).figuresOf(profile)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function processorTimeOf(reports: readonly WorkerReport[]): string {
  return `${median(reports.map(({ milliseconds }) => milliseconds)).toFixed(3)} ms`;
}

function peakMemoryOf(reports: readonly WorkerReport[]): string {
  return `${Math.round(median(reports.map(({ peakMemory }) => peakMemory)))} MB`;
}

/**
 * Runs a worker once, with an emulator and a sink of its own.
 *
 * @param options.memory MB of the instance whose heap it has; default 2,048
 */
async function runWorker(
  folder: string,
  { work, memory, isProfiled = false }: { work: Work; memory?: InstanceMemory; isProfiled?: boolean },
): Promise<WorkerReport> {
  const sink = await Sink.start();
  const azurite = await Azurite.start();
  try {
    const reported = Promise.withResolvers<WorkerReport>();
    const child = startChild({
      module: path.join(import.meta.dirname, "worker", "process.ts"),
      arguments: [folder, work, String(events), ...(isProfiled ? ["profile"] : [])],
      environment: {
        ...instanceHeap(memory),
        CUSTOMERIO_SIGNING_KEYS: signingKey,
        PLATFORM_STREAMING_URL: sink.streamingUrl,
        PLATFORM_REQUESTS_PER_SECOND: "10000",
        RELAY_STORAGE: azurite.connectionString,
      },
      output: { onLine: (line) => process.stderr.write(`${line}\n`) },
      onMessage: (message) => reported.resolve(message as WorkerReport),
    });
    void child.exited.then((end) => reported.reject(new Error(`The worker ended (${end}) without a report.`)));
    return await reported.promise;
  } finally {
    await azurite.stop();
    sink.stop();
  }
}
