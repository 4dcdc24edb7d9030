import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ulid } from "../../packages/local-cloud/src/customer-io/events/ulid.ts";
import { type Figure, median, quantile } from "../statistics.ts";
import type { Lab } from "./lab.ts";
import type { NextEvent } from "./sender.ts";

/** Milliseconds that the benchmark waits for the delivery at most. */
const patience = 240_000;

/** Events that are sent as fast as they are accepted, from this many connections. */
const blastSize = 6_000;
const connections = 32;

/** Events of this moment under Customer.io's form of id. */
export const ofNow: NextEvent = () => ({ id: ulid(Date.now()), at: Date.now() });
/** Events of this moment under ids that do not say when they were created. */
export const withoutTime: NextEvent = () => ({ id: randomUUID(), at: Date.now() });
/** Events that come a minute after they happened, so that each may be a repetition. */
export const late: NextEvent = () => ({ id: ulid(Date.now() - 60_000), at: Date.now() - 60_000 });

/** A blast from 32 connections while the relay delivers. */
export async function blast(lab: Lab, next: NextEvent): Promise<Figure[]> {
  lab.listen();
  await lab.sendEach(20, 4, next);
  const processors = lab.processors();
  const before = { tables: lab.tableTransactions, queues: lab.queueOperations };
  const begin = performance.now();
  const calls = await lab.sendEach(blastSize, connections, next);
  const sent = (performance.now() - begin) / 1000;
  const ids = calls.map(({ id }) => id);
  const all = await lab.allTaken(ids, patience);
  const last = Math.max(...ids.map((id) => lab.sink.takenAt.get(id) ?? Number.POSITIVE_INFINITY));
  const used = await processors.seconds();
  const each = (count: number) => (count / blastSize).toFixed(2);
  const times = calls.map(({ milliseconds }) => milliseconds);
  const accepted = calls.filter(({ status }) => status === 200).length;
  return [
    {
      what: `${blastSize.toLocaleString("en")} events from ${connections} connections: delivered`,
      value: `${((1000 * blastSize) / (last - begin)).toFixed(0)} events/s${all ? "" : ", some MISSING"}`,
    },
    {
      what: "  accepted",
      value: `${(blastSize / sent).toFixed(0)} events/s (${accepted}/${blastSize}; p50 ${median(times).toFixed(0)} ms, p99 ${quantile(times, 0.99).toFixed(0)} ms)`,
    },
    { what: "  table transactions per event", value: each(lab.tableTransactions - before.tables) },
    { what: "  queue operations per event, polls included", value: each(lab.queueOperations - before.queues) },
    { what: "  events that Platform got twice", value: String(lab.sink.takenAgain) },
    ...Object.entries(used ?? {}).map(([part, seconds]) => ({
      what: `  processor time per event: ${part}`,
      value: `${((1000 * seconds) / blastSize).toFixed(2)} ms`,
    })),
  ];
}

/** One event every quarter of a second: what storage has to do for each. */
export async function alone(lab: Lab): Promise<Figure[]> {
  lab.listen();
  await lab.sendEach(4, 1, ofNow);
  const count = 60;
  const before = { tables: lab.tableTransactions, queues: lab.queueOperations };
  const ids: string[] = [];
  for (let sent = 0; sent < count; sent += 1) {
    const [call] = await lab.sendEach(1, 1, ofNow);
    if (call) ids.push(call.id);
    await lab.allTaken(ids, patience);
    await sleep(250);
  }
  const each = (of: number) => (of / count).toFixed(2);
  return [
    {
      what: "events that come alone: table transactions per event",
      value: each(lab.tableTransactions - before.tables),
    },
    { what: "  queue operations per event, polls included", value: each(lab.queueOperations - before.queues) },
  ];
}
