import { settingsTable } from "../../../settings/table.ts";
import { type Load, perMessage, type RelayShape, secondsPerMonth } from "./usage.ts";

/** The load of a relay. */
export interface Demand {
  readonly eventsPerMonth: number;
  /** Events per second while events arrive, on average. */
  readonly eventsPerSecond: number;
  /** Events per second in the busiest hour. */
  readonly peakPerSecond: number;
}

/** A limit, and how much of it the busiest hour uses. */
interface Limit {
  readonly name: "Platform" | "queues" | "storage account" | "instances" | "cores of the region";
  /** Events per second that reach the limit. */
  readonly eventsPerSecond: number;
  /** Share of the limit in use; 1 means that it is reached. */
  readonly share: number;
}

interface Scale {
  /** Instances that each group of functions needs in the busiest hour, by processor time. */
  readonly instances: number;
  /** Messages per second through the queues in the busiest hour. */
  readonly messagesPerSecond: number;
  /** Requests per second to the storage account in the busiest hour. */
  readonly storagePerSecond: number;
  /** Events that wait at the end of the busiest hour because Platform takes no more. */
  readonly waiting: number;
  /** Hours until those events are delivered, at the average rate afterwards. */
  readonly hoursToDrain: number;
  /** The fullest first. */
  readonly limits: readonly Limit[];
}

/**
 * Milliseconds of processor time for an event, of intake, forwarder and local host together, on the slower of two machines: `npm run bench --
 * comparison` measured 1.07 on an Intel Xeon and 0.77 on an AMD EPYC (2026-11-30 and 2026-12-01).
 */
const processorTime = 1.07;
/** Events per message in a burst: derived from 0.20 queue operations per event in `npm run bench -- delivery blast`. */
export const eventsPerMessageInBlast = 10;
/** Share of an instance's processor that the estimate uses: Azure's processors differ from the benchmark's, and bursts need room. */
const usableShare = 0.25;

/** Messages of 1 KB per second through one queue (Microsoft Learn, "Scalability and performance targets for Queue Storage"). */
const queueLimit = 2_000;
/** Requests per second of a storage account, in most regions ("Scalability and performance targets for standard storage accounts"). */
const accountLimit = 20_000;
/** Cores of all Flex Consumption apps of a subscription in one region, unless Azure raises it. */
const coresOfRegion = 250;
/** Cores by MB of an instance ("Flex Consumption plan", instance sizes). */
const cores: Readonly<Record<number, number>> = { 512: 0.25, 2048: 1, 4096: 2 };

/** Groups of functions that scale with events: intake and forwarder. */
const groups = 2;

/** What a load needs, and which limit it reaches first. @param eventsPerMessage average number of events per queue message */
export function scaleOf(
  shape: Pick<RelayShape, "instanceMemory" | "duplicateWindowDays" | "eventQueues">,
  demand: Demand,
  eventsPerMessage: number,
  settings: { readonly maximumRequestsPerSecond: number; readonly maximumInstances: number } = {
    maximumRequestsPerSecond: settingsTable.maximumRequestsPerSecond.default,
    maximumInstances: settingsTable.maximumInstances.default,
  },
): Scale {
  const coresOfInstance = cores[shape.instanceMemory] ?? 1;
  const perInstance = (1000 * coresOfInstance * usableShare) / processorTime;
  const operations =
    (perMessage.queueOperations + (shape.duplicateWindowDays > 0 ? perMessage.tableOperations : 0)) / eventsPerMessage;
  const limits = Object.entries({
    Platform: settings.maximumRequestsPerSecond,
    queues: queueLimit * (shape.eventQueues ?? 1) * eventsPerMessage,
    "storage account": accountLimit / operations,
    instances: settings.maximumInstances * perInstance,
    "cores of the region": (coresOfRegion / coresOfInstance / groups) * perInstance,
  }).map(([name, eventsPerSecond]) => ({
    name: name as Limit["name"],
    eventsPerSecond,
    share: demand.peakPerSecond / eventsPerSecond,
  }));
  const waiting = Math.max(0, demand.peakPerSecond - settings.maximumRequestsPerSecond) * 3600;
  const room = settings.maximumRequestsPerSecond - demand.eventsPerSecond;
  return {
    instances: Math.max(1, Math.ceil(demand.peakPerSecond / perInstance)),
    messagesPerSecond: demand.peakPerSecond / eventsPerMessage,
    storagePerSecond: demand.peakPerSecond * operations,
    waiting,
    hoursToDrain: waiting === 0 ? 0 : room > 0 ? waiting / room / 3600 : Number.POSITIVE_INFINITY,
    limits: limits.sort((one, other) => other.share - one.share),
  };
}

/** The load of the cost estimate for a demand. */
export function loadOf({ eventsPerMonth, eventsPerSecond }: Demand, eventsPerMessage: number): Load {
  return { eventsPerMonth, eventsPerSecond, eventsPerMessage };
}

/** Events that come all month, with a busiest hour of five times the average: an assumption. */
export function steadyDemand(eventsPerMonth: number): Demand {
  const eventsPerSecond = eventsPerMonth / secondsPerMonth;
  return { eventsPerMonth, eventsPerSecond, peakPerSecond: 5 * eventsPerSecond };
}

/** Events that come all at once, within some seconds. */
export function burstDemand(events: number, seconds: number): Demand {
  return { eventsPerMonth: events, eventsPerSecond: events / seconds, peakPerSecond: events / seconds };
}
