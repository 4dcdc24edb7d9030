import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Azurite, type EmulatorForm } from "../delivery/azurite.ts";
import { ofNow } from "../delivery/blast.ts";
import { Processors } from "../delivery/processors.ts";
import { type NamedCall, Sender } from "../delivery/sender.ts";
import { Sink } from "../delivery/sink.ts";
import { readMemory } from "../process-memory.ts";
import { median, quantile } from "../statistics.ts";
import { type SystemName, systems } from "./systems.ts";

/** How much each system gets. */
export interface Amounts {
  /** Events before anything is measured, so that code is compiled and connections are open. */
  readonly warmUp: number;
  /** Events from one connection. */
  readonly alone: number;
  /** Events from 32 connections: the blast. */
  readonly blast: number;
  /** Events from 256 connections. */
  readonly crowd: number;
}

/** What one run measured. */
export interface Measured {
  /** Milliseconds from the start of the process to the first answer. */
  readonly firstAnswer: number;
  /** MB of resident memory before any load, and at the peak. NaN where the system does not tell. */
  readonly idleMemory: number;
  readonly peakMemory: number;
  /** Milliseconds of the answers from one connection, 32 and 256. */
  readonly alone: Answers;
  readonly blast: Answers;
  readonly crowd: Answers;
  readonly acceptedPerSecond: number;
  readonly deliveredPerSecond: number;
  /** Milliseconds of processor time for each event of the blast: of the system (with its host), and of its store. */
  readonly processor: number;
  readonly store: number;
  /** Operations on queues and tables for each event of the blast, polls included. NaN for a system with a store of its own. */
  readonly operations: number;
  /** Calls without a 200, accepted events that never arrived, and events that arrived again. */
  readonly refused: number;
  readonly lost: number;
  readonly twice: number;
}

interface Answers {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

/** Milliseconds without any arrival until what has not arrived counts as lost. */
const patience = 60_000;

/** Runs one system under the whole load, with an emulator and a sink of its own. */
export async function measure(name: SystemName, amounts: Amounts, form?: EmulatorForm): Promise<Measured> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-comparison-"));
  const sink = await Sink.start();
  const azurite = await Azurite.start(form);
  try {
    const { connectionString } = azurite;
    const system = await systems[name]({ connectionString, sinkUrl: sink.streamingUrl, folder });
    const sender = new Sender({ port: system.port, path: system.path, connections: 256 });
    try {
      const calls: NamedCall[] = [...(await sender.sendEach(1, 1, ofNow))];
      const firstAnswer = performance.now() - system.startedAt;
      const send = async (count: number, connections: number) => {
        const sent = await sender.sendEach(count, connections, ofNow);
        calls.push(...sent);
        return sent;
      };
      await sleep(500);
      const idleMemory = (await readMemory(system.pid, "now")) / 2 ** 20;
      system.listen();
      await arrival(sink, await send(amounts.warmUp, 32));
      const alone = await send(amounts.alone, 1);
      await arrival(sink, calls);
      const processors = new Processors({ system: system.pid, store: system.storePid ?? azurite.pid });
      const operations = azurite.queueOperations + azurite.tableTransactions;
      const blastBegin = performance.now();
      const blast = await send(amounts.blast, 32);
      const sentIn = performance.now() - blastBegin;
      const arrivedAt = await arrival(sink, blast);
      const used = await processors.seconds();
      const operationsAfter = azurite.queueOperations + azurite.tableTransactions;
      const crowd = await send(amounts.crowd, 256);
      await arrival(sink, calls);
      const accepted = calls.filter(({ status }) => status === 200);
      const each = (seconds = Number.NaN) => (1000 * seconds) / amounts.blast;
      return {
        firstAnswer,
        idleMemory,
        peakMemory: (await readMemory(system.pid, "peak")) / 2 ** 20,
        alone: answersOf(alone),
        blast: answersOf(blast),
        crowd: answersOf(crowd),
        acceptedPerSecond: (1000 * amounts.blast) / sentIn,
        deliveredPerSecond: (1000 * amounts.blast) / (arrivedAt - blastBegin),
        processor: each(used?.system),
        store: each(used?.store),
        operations: system.storePid === undefined ? (operationsAfter - operations) / amounts.blast : Number.NaN,
        refused: calls.length - accepted.length,
        lost: accepted.filter(({ id }) => !sink.takenAt.has(id)).length,
        twice: sink.takenAgain,
      };
    } finally {
      sender.close();
      await system.stop();
    }
  } finally {
    await azurite.stop();
    sink.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Waits until the accepted events have arrived, or none has for too long. @returns when the last arrived (`performance.now()`) */
async function arrival(sink: Sink, calls: readonly NamedCall[]): Promise<number> {
  const ids = calls.filter(({ status }) => status === 200).map(({ id }) => id);
  let arrived = sink.takenAt.size;
  let until = performance.now() + patience;
  while (performance.now() < until && !ids.every((id) => sink.takenAt.has(id))) {
    await sleep(20);
    if (sink.takenAt.size > arrived) until = performance.now() + patience;
    arrived = sink.takenAt.size;
  }
  return Math.max(...ids.map((id) => sink.takenAt.get(id) ?? until));
}

function answersOf(calls: readonly NamedCall[]): Answers {
  const times = calls.map(({ milliseconds }) => milliseconds);
  return { p50: median(times), p99: quantile(times, 0.99), longest: Math.max(...times) };
}
