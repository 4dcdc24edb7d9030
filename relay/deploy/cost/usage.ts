import type { AzureChoices } from "../../../settings/azure-settings.ts";
import type { LogDetail } from "../../core/app-settings.ts";

export const secondsPerMonth = 30 * 24 * 3600;

/** The properties of a relay that determine its price. */
export interface RelayShape {
  readonly redundancy: AzureChoices["storageRedundancy"];
  /** Whether instances are spread over zones; each function group then has two that are always ready. */
  readonly zoneRedundant: boolean;
  /** MB of an instance. */
  readonly instanceMemory: number;
  /** Instances always ready for calls. */
  readonly alwaysReady: number;
  /** Whether the host has its own storage account, with an alert; absent means no. */
  readonly hostStorage?: boolean;
  /** Queues among which the events are divided; absent: one. */
  readonly eventQueues?: number;
  readonly duplicateWindowDays: number;
  readonly logDetail: LogDetail;
  /** Undefined for an existing workspace, which has its own retention. */
  readonly logRetentionDays: number | undefined;
  /** Private endpoints; absent: none. */
  readonly privateEndpoints?: number;
  /** Private DNS zones that the stack has made; absent: none. */
  readonly privateZones?: number;
}

export interface Load {
  readonly eventsPerMonth: number;
  /** Events per second while events arrive; the rest of the month is quiet. */
  readonly eventsPerSecond: number;
  /** Average number of events per queue message; absent means one, which costs most. */
  readonly eventsPerMessage?: number;
}

/** The load of events that arrive evenly all month, which costs most. */
export function evenLoad(eventsPerMonth: number): Load {
  return { eventsPerMonth, eventsPerSecond: eventsPerMonth / secondsPerMonth };
}

/** Units of one meter per month. */
export interface Quantity {
  /** The meter, which is the key of the price. */
  readonly meter: string;
  readonly quantity: number;
  readonly unit: string;
}

/** The resources that a queue message uses, with the sources of the figures. */
export const perMessage = {
  /** Executions of the forwarder. */
  executions: 1,
  /** Put, get and delete: the maximum, since one get takes up to 16 messages. */
  queueOperations: 3,
  /** The note of delivered events: the maximum unless events arrive late. See `RememberedDuplicates`. */
  tableOperations: 1,
} as const;

/** The resources that an event uses, with the sources of the figures. */
const perEvent = {
  /** Executions of the intake. */
  executions: 1,
  /** Lines with `logDetail: events`; test/relay/log-volume.test.ts. */
  records: 2,
  /** GB through private endpoints: a queue message of 2 KB with its envelope, put and taken, and some small table rows. */
  privateGb: 5e-6,
  /** GB that go to Platform: the catalogue's samples have 1.5 KB on average. */
  egressGb: 1.5e-6,
} as const;

/** Events per second of one instance of each group in the estimate, as measured in the benchmark. */
const eventsPerInstance = 100;
/** Minimum seconds that Azure charges for an active instance (Azure Functions, "Flex Consumption plan"). */
const shortestActivity = 1;
/** KB of one record in the workspace: an assumption. */
const recordKb = 1;
/** Seconds between two lines of a sum, and kinds of lines for delivered events. */
const sums = { seconds: 15, kinds: 2 };
/** Metrics of the host for each of two functions, and seconds between two flushes. */
const aggregates = { metrics: 14, seconds: 30 };
/** Three locations call every 15 minutes. */
const availabilityTests = (3 * secondsPerMonth) / 900;
/** Seconds between two polls of an empty queue. */
const pollSeconds = 2;
/** Days of retention in Application Insights' tables that the price of ingestion includes. */
const daysIncluded = 90;
/** References are read each day and by each new instance: far below the one unit that Azure charges. */
const vaultOperations = 10_000;
/** Functions of a queue of events, forwarder and poison: each has its own instances, and polls a queue. */
const functionsOfQueue = 2;
/** Always-ready instances of each group of functions in a plan that is spread over zones ("Reliability in Azure Functions"). */
const readyInZones = 2;

/** The monthly units of each meter. */
export function usageOf(shape: RelayShape, load: Load): Quantity[] {
  const { eventsPerMonth: events, eventsPerSecond, eventsPerMessage = 1 } = load;
  const messages = events / eventsPerMessage;
  const gb = shape.instanceMemory / 1024;
  const busySeconds = events === 0 ? 0 : Math.min(secondsPerMonth, events / eventsPerSecond);
  const { eventQueues = 1 } = shape;
  const instancesFor = (rate: number) => Math.max(1, Math.ceil(rate / eventsPerInstance));
  const instances = instancesFor(eventsPerSecond);
  const forwarders = eventQueues * instancesFor(eventsPerSecond / eventQueues);
  // Dense traffic keeps instances active all the time; with sparse traffic each execution is a separate active second.
  const activeSeconds = (count: number) => Math.min(events * shortestActivity, busySeconds * count);
  const active = { calls: activeSeconds(instances), forwarders: activeSeconds(forwarders) };
  const readyOfGroup = shape.zoneRedundant ? readyInZones : 0;
  const ready = { calls: Math.max(readyOfGroup, shape.alwaysReady), forwarders: readyOfGroup * eventQueues };
  const allReady = ready.calls + readyOfGroup * functionsOfQueue * eventQueues;
  const share = (always: number, count: number) => Math.min(1, always / count);
  const readyActive =
    active.calls * share(ready.calls, instances) + active.forwarders * share(ready.forwarders, forwarders);
  const lines =
    shape.logDetail === "events"
      ? events * perEvent.records
      : Math.min(events * perEvent.records, (busySeconds / sums.seconds) * sums.kinds * instances);
  const metrics = Math.min(events * aggregates.metrics, (busySeconds / aggregates.seconds) * aggregates.metrics);
  const logGb = ((lines + metrics + availabilityTests) * recordKb) / 1e6;
  const extraMonths = Math.max(0, (shape.logRetentionDays ?? 0) - daysIncluded) / 30;
  const pollingSeconds = shape.zoneRedundant ? secondsPerMonth * eventQueues : active.forwarders;
  return [
    {
      meter: "executions",
      quantity: events * perEvent.executions + messages * perMessage.executions + availabilityTests,
      unit: "executions",
    },
    { meter: "memory on demand", quantity: (active.calls + active.forwarders - readyActive) * gb, unit: "GB-seconds" },
    { meter: "memory always ready, idle", quantity: allReady * gb * secondsPerMonth, unit: "GB-seconds" },
    { meter: "memory always ready, active", quantity: readyActive * gb, unit: "GB-seconds" },
    {
      meter: `queue operations ${shape.redundancy}`,
      quantity: messages * perMessage.queueOperations + (pollingSeconds / pollSeconds) * functionsOfQueue,
      unit: "operations",
    },
    {
      meter: "table operations",
      quantity: shape.duplicateWindowDays > 0 ? messages * perMessage.tableOperations : 0,
      unit: "operations",
    },
    { meter: `queue capacity ${shape.redundancy}`, quantity: 1, unit: "GB" },
    { meter: "log ingestion", quantity: logGb, unit: "GB" },
    { meter: "log retention", quantity: logGb * extraMonths, unit: "GB-months" },
    { meter: "log alerts every 5 minutes", quantity: alertRules.everyFiveMinutes, unit: "rules" },
    { meter: "log alerts every hour", quantity: alertRules.everyHour, unit: "rules" },
    { meter: "metric alerts", quantity: alertRules.onMetrics + (shape.hostStorage ? 1 : 0), unit: "series" },
    { meter: "availability tests", quantity: availabilityTests, unit: "tests" },
    { meter: "vault operations", quantity: vaultOperations, unit: "operations" },
    { meter: "private endpoints", quantity: ((shape.privateEndpoints ?? 0) * secondsPerMonth) / 3600, unit: "hours" },
    { meter: "private endpoint data", quantity: shape.privateEndpoints ? events * perEvent.privateGb : 0, unit: "GB" },
    { meter: "private DNS zones", quantity: shape.privateZones ?? 0, unit: "zones" },
    { meter: "egress", quantity: events * perEvent.egressGb, unit: "GB" },
  ].filter(({ quantity }) => quantity > 0);
}

/** Rules by what Azure charges for them, on metrics for each value of a dimension; a test compares them with those that are declared. */
export const alertRules = { everyFiveMinutes: 10, everyHour: 1, onMetrics: 7 } as const;
