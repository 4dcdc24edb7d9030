import { setTimeout as sleep } from "node:timers/promises";
import { alone, blast, late, ofNow, withoutTime } from "./delivery/blast.ts";
import { Lab } from "./delivery/lab.ts";
import type { Call } from "./delivery/sender.ts";
import type { Reaction } from "./delivery/sink.ts";
import { throttled } from "./delivery/throttled.ts";
import { type Figure, median, quantile } from "./statistics.ts";

/** Maximum milliseconds that the benchmark waits for something. */
const patience = 120_000;

const ids = (kind: string, count: number) => Array.from({ length: count }, (_, at) => `bench-${kind}-${at}`);

/**
 * The relay's delivery under partial failure and with a backlog: one instance of the deployed bundle in the stand-in's function host,
 * with Azurite and a sink that answers in 5 ms unless stated otherwise.
 *
 * @param only the names of the scenarios to run; an empty list means all
 */
export async function measureDelivery(only: readonly string[] = []): Promise<Figure[]> {
  const unknown = only.find((name) => !(name in scenarios));
  if (unknown !== undefined) {
    throw new Error(`There is no scenario ${unknown}; there are ${Object.keys(scenarios).join(", ")}.`);
  }
  const figures: Figure[] = [];
  for (const [name, { run, settings, messagesPerSecond }] of Object.entries(scenarios)) {
    if (only.length > 0 && !only.includes(name)) continue;
    const lab = await Lab.start(settings, messagesPerSecond);
    try {
      const processors = lab.processors();
      figures.push(...(await run(lab)));
      figures.push({ what: "  processors meanwhile", value: await processors.used() });
    } finally {
      await lab.stop();
    }
  }
  return figures;
}

interface Scenario {
  readonly settings?: Readonly<Record<string, string>>;
  /** The most messages that each queue takes in a second; undefined: as many as it can. */
  readonly messagesPerSecond?: number;
  readonly run: (lab: Lab) => Promise<Figure[]>;
}

const lowRate = {
  PLATFORM_REQUESTS_PER_SECOND: "100",
  // The log says each execution, which is what these count.
  AzureFunctionsJobHost__logging__logLevel__Function: "Information",
};

/** As many requests a second as an instance can make. */
const anyRate = { PLATFORM_REQUESTS_PER_SECOND: "10000" };

const scenarios: Readonly<Record<string, Scenario>> = {
  blast: { run: (lab) => blast(lab, ofNow), settings: anyRate },
  uuids: { run: (lab) => blast(lab, withoutTime), settings: anyRate },
  late: { run: (lab) => blast(lab, late), settings: anyRate },
  alone: { run: alone },
  throttled: throttledWith(1),
  throttled2: throttledWith(2),
  throttled4: throttledWith(4),
  failing: { run: manyTriesFail },
  outage: { run: (lab) => outage(lab, 200) },
  gentle: { run: (lab) => outage(lab, 50) },
  permanent: { run: someAlwaysFail },
  refused: { run: halfIsRefused },
  backlog3: { run: (lab) => backlog(lab, 3_000), settings: lowRate },
  backlog10: { run: (lab) => backlog(lab, 10_000), settings: lowRate },
  backlog30: { run: (lab) => backlog(lab, 30_000), settings: lowRate },
  records: { run: recordsOfEvents },
  "records of each event": { run: recordsOfEvents, settings: { LOG_DETAIL: "events" } },
};

/** A queue takes a four-hundredth of what Azure's takes, since the emulator takes fewer than 2,000 messages a second. */
function throttledWith(queues: number): Scenario {
  const messagesPerSecond = 5;
  return {
    run: (lab) => throttled(lab, { queues, messagesPerSecond }),
    settings: { ...anyRate, EVENT_QUEUES: String(queues) },
    messagesPerSecond,
  };
}

/** 63 % of the tries fail, each event at most twice. */
async function manyTriesFail(lab: Lab): Promise<Figure[]> {
  const troubles: readonly Reaction[] = [500, 503, "reset", "hang"];
  const failures = new Map<string, number>();
  let failed = 0;
  lab.sink.react = (id) => {
    const before = failures.get(id) ?? 0;
    if (before === 2 || Math.random() >= 0.63) return 200;
    failures.set(id, before + 1);
    failed += 1;
    return troubles[Math.floor(Math.random() * troubles.length)] ?? 500;
  };
  const events = ids("failing", 200);
  lab.listen();
  const begin = performance.now();
  const calls = await lab.sendSteadily(events, 1_000);
  const all = await lab.allTaken(events, patience);
  return [
    {
      what: "200 events, 63 % of tries fail: through after",
      value: `${seconds(lastOf(lab, events) - begin)} (${missing(lab, events, all)}${failed} failed tries, ${accepted(calls)} accepted)`,
      target: "at most 60 s",
    },
  ];
}

/**
 * 2 s without failures, 10 s of 503, 2 s without failures; first, the same number of events without any outage, which shows what the
 * machine can do at that rate.
 */
async function outage(lab: Lab, perSecond: number): Promise<Figure[]> {
  const count = 14 * perSecond;
  const events = ids("outage", count);
  lab.listen();
  await warmUp(lab);
  const usual = ids("usual", count);
  const usualBegin = performance.now();
  await lab.sendSteadily(usual, perSecond);
  const usualAll = await lab.allTaken(usual, patience);
  const usualLag = lastOf(lab, usual) - usualBegin - 14_000;
  const begin = performance.now();
  const start = begin + 2_000;
  const end = begin + 12_000;
  let wasted = 0;
  lab.sink.react = () => {
    const now = performance.now();
    if (now < start || now >= end) return 200;
    wasted += 1;
    return 503;
  };
  const calls = await lab.sendSteadily(events, perSecond);
  const lag = performance.now() - begin - 14_000;
  const all = await lab.allTaken(events, patience);
  // Those of the last two seconds came after the outage.
  const late = Math.max(0, lastOf(lab, events) - end);
  const stored = lastOf(lab, events.slice(0, 12 * perSecond)) - end;
  return [
    {
      what: `${perSecond} events/s for 14 s, no outage: through after the last in`,
      value: `${seconds(usualLag)}${usualAll ? "" : ", some MISSING"}`,
    },
    {
      what: `10 s outage at ${perSecond} events/s: all through after its end in`,
      value: `${seconds(late)} (${missing(lab, events, all)}those that came before its end ${seconds(stored)}; sender's lag ${seconds(lag)}, ${accepted(calls)} accepted)`,
      target: "at most 5 s",
    },
    { what: "  the first after its end", value: seconds(firstAfter(lab, end) - end) },
    { what: `  wasted attempts for ${count} events`, value: String(wasted), target: "at most 70" },
  ];
}

/** 50 events always fail, and one good event comes each second. */
async function someAlwaysFail(lab: Lab): Promise<Figure[]> {
  lab.sink.react = (id) => (id.startsWith("bench-bad-") ? 500 : 200);
  const good = ids("good", 120);
  lab.listen();
  await lab.sendSteadily(ids("bad", 50), 1_000);
  const sentAt = new Map<string, number>();
  const begin = performance.now();
  for (const [index, id] of good.entries()) {
    await sleep(Math.max(0, begin + index * 1_000 - performance.now()));
    sentAt.set(id, performance.now());
    await lab.send(id);
  }
  await lab.allTaken(good, 60_000);
  const waits = good.map((id) => (lab.sink.takenAt.get(id) ?? Number.POSITIVE_INFINITY) - (sentAt.get(id) ?? 0));
  const inTime = waits.filter((wait) => wait <= 60_000).length / waits.length;
  return [
    {
      what: "50 events always fail, one good one a second: good ones within 60 s",
      value: `${(100 * inTime).toFixed(1)} % (p50 ${seconds(median(waits))}, p95 ${seconds(quantile(waits, 0.95))}, longest ${seconds(Math.max(...waits))})`,
      target: "at least 95 %",
    },
    {
      what: "  tries for each that fails, in two minutes",
      value: ((lab.sink.attempts - good.length) / 50).toFixed(1),
    },
  ];
}

/** Half of 1,000 events always get 403; first, the same number that all pass shows what is normal. */
async function halfIsRefused(lab: Lab): Promise<Figure[]> {
  lab.sink.react = (id) => (id.startsWith("bench-bad-") ? 403 : 200);
  lab.listen();
  await warmUp(lab);
  const timeOf = async (events: readonly string[], good: readonly string[]) => {
    const begin = performance.now();
    const calls = await lab.sendSteadily(events, 200);
    const all = await lab.allTaken(good, patience);
    return `${seconds(lastOf(lab, good) - begin)} (${missing(lab, good, all)}${accepted(calls)} accepted)`;
  };
  const normal = ids("normal", 1_000);
  const usual = await timeOf(normal, normal);
  const good = ids("good", 500);
  const mixed = good.flatMap((id, at) => (at % 2 === 0 ? [id, `bench-bad-${at}`] : [`bench-bad-${at}`, id]));
  const mixedTime = await timeOf(mixed, good);
  const dead = (await lab.outcomes()).filter(({ outcome }) => outcome === "dead").length;
  return [
    { what: "1,000 events at 200/s, all pass: through after", value: usual },
    {
      what: "1,000 events at 200/s, half get 403: the other half after",
      value: `${mixedTime}, ${dead} dead letters`,
      target: "as above",
    },
  ];
}

/**
 * 100 requests a second, and enough messages of one event waiting to last for the measurement, which is two minutes at
 * most; meanwhile 20 calls a second arrive.
 */
async function backlog(lab: Lab, messages: number): Promise<Figure[]> {
  const length = Math.min(120, messages / 100);
  const waiting = messages.toLocaleString("en");
  const quiet = await lab.sendSteadily(ids("quiet", 20 * 15), 20);
  await lab.enqueue(ids("waiting", messages), 1);
  const unread = await lab.sendSteadily(ids("unread", 20 * 15), 20);
  const before = { tables: lab.tableTransactions, queues: lab.queueOperations, executions: await lab.executions() };
  lab.listen();
  const begin = performance.now();
  const calls = await lab.sendSteadily(ids("new", 20 * length), 20);
  const measured = (performance.now() - begin) / 1000;
  const delivered = lab.sink.takenAt.size;
  const each = (count: number) => (count / delivered).toFixed(2);
  const latencies = (of: readonly Call[]) => {
    const times = of.map(({ milliseconds }) => milliseconds);
    return `p50 ${median(times).toFixed(0)} ms, p99 ${quantile(times, 0.99).toFixed(0)} ms, ${accepted(of)} accepted`;
  };
  return [
    {
      what: `100 requests/s, ${waiting} messages waiting, ${length} s: delivered`,
      value: `${(delivered / measured).toFixed(1)} events/s`,
    },
    {
      what: "  table transactions per event",
      value: each(lab.tableTransactions - before.tables),
      target: "at most 3",
    },
    {
      what: "  executions per event",
      value: each((await lab.executions()) - before.executions),
      target: "at most 1.5",
    },
    {
      what: "  queue operations per event, intake and polls included",
      value: each(lab.queueOperations - before.queues),
    },
    { what: "  intake meanwhile, 20 calls/s", value: latencies(calls), target: "as below" },
    { what: "  intake, queue empty, no forwarder", value: latencies(quiet) },
    { what: `  intake, ${waiting} messages waiting, no forwarder`, value: latencies(unread) },
  ];
}

/** 6,000 events at 100 a second: what the log gets of them, and what storage has to do for them. */
async function recordsOfEvents(lab: Lab): Promise<Figure[]> {
  lab.listen();
  await warmUp(lab);
  const events = ids("log", 6_000);
  const before = { records: await lab.records(), tables: lab.tableTransactions, queues: lab.queueOperations };
  const calls = await lab.sendSteadily(events, 100);
  const all = await lab.allTaken(events, patience);
  // The last sums are written up to 15 s later.
  await sleep(16_000);
  const each = (count: number) => (count / events.length).toFixed(3);
  return [
    {
      what: `100 events/s, ${missing(lab, events, all)}${accepted(calls)} accepted: records in the log per event`,
      value: each((await lab.records()) - before.records),
      target: "at most 3",
    },
    { what: "  table transactions per event", value: each(lab.tableTransactions - before.tables) },
    {
      what: "  queue operations per event, polls included",
      value: each(lab.queueOperations - before.queues),
    },
  ];
}

/** A first event, so that libraries are loaded and connections open. */
async function warmUp(lab: Lab): Promise<void> {
  const events = ids("warm", 20);
  await lab.sendSteadily(events, 20);
  if (!(await lab.allTaken(events, patience))) throw new Error("The relay does not deliver at all.");
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
const lastOf = ({ sink }: Lab, events: readonly string[]) =>
  Math.max(...events.map((id) => sink.takenAt.get(id) ?? Number.POSITIVE_INFINITY));
const firstAfter = ({ sink }: Lab, time: number) => Math.min(...[...sink.takenAt.values()].filter((at) => at >= time));
const accepted = (calls: readonly Call[]) => `${calls.filter(({ status }) => status === 200).length}/${calls.length}`;
const missing = ({ sink }: Lab, events: readonly string[], all: boolean) =>
  all ? "" : `${events.filter((id) => !sink.takenAt.has(id)).length} MISSING, `;
