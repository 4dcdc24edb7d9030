import { estimate } from "../../relay/deploy/cost/estimate.ts";
import { knownPrices } from "../../relay/deploy/cost/prices.ts";
import { burstDemand, loadOf, scaleOf, steadyDemand } from "../../relay/deploy/cost/scale.ts";
import { usageOf } from "../../relay/deploy/cost/usage.ts";

const dev = {
  redundancy: "LRS" as const,
  zoneRedundant: false,
  instanceMemory: 2048,
  alwaysReady: 1,
  duplicateWindowDays: 7,
  logDetail: "summary" as const,
  logRetentionDays: 30,
};
const billion = steadyDemand(1_000_000_000);

// Calculated by hand: 10⁹ ÷ 2,592,000 s = 385.8 a second, five times that in the busiest hour.
test("a billion events a month exceed only Platform's limit in the busiest hour", () => {
  const { limits, waiting, hoursToDrain, messagesPerSecond, storagePerSecond, instances } = scaleOf(dev, billion, 1);
  expect(limits[0]).toMatchObject({ name: "Platform", eventsPerSecond: 800 });
  expect(limits.filter(({ share }) => share >= 1).map(({ name }) => name)).toEqual(["Platform"]);
  // (1,929.0 - 800) × 3,600 s
  expect(Math.round(waiting / 1_000)).toBe(4_064);
  // 4,064,444 ÷ (800 - 385.8) a second
  expect(hoursToDrain).toBeCloseTo(2.73, 2);
  expect(messagesPerSecond).toBeCloseTo(1_929.0, 1);
  // Three operations on the queue and one on a table
  expect(storagePerSecond).toBeCloseTo(7_716.0, 1);
  // 1,929 a second × 1.07 ms ÷ a quarter of a core
  expect(instances).toBe(9);
});

test("a million events in an hour exceed no limit", () => {
  const { limits, waiting, instances } = scaleOf(dev, burstDemand(1_000_000, 3_600), 10);
  expect(waiting).toBe(0);
  expect(instances).toBe(2);
  expect(Math.max(...limits.map(({ share }) => share))).toBeLessThan(0.5);
});

test("with a higher limit of Platform, the queue's limit comes first if every event arrives alone", () => {
  const settings = { maximumRequestsPerSecond: 10_000, maximumInstances: 200 };
  expect(scaleOf(dev, billion, 1, settings).limits[0]?.name).toBe("queues");
  expect(scaleOf(dev, billion, 10, settings).limits[0]?.name).not.toBe("queues");
});

test("with several queues, the limit of the account comes first", () => {
  const settings = { maximumRequestsPerSecond: 10_000, maximumInstances: 1_000 };
  const limit = (eventQueues: number, name: string) =>
    scaleOf({ ...dev, eventQueues }, billion, 1, settings).limits.find((one) => one.name === name)?.eventsPerSecond;
  expect([limit(1, "queues"), limit(2, "queues"), limit(3, "queues")]).toEqual([2_000, 4_000, 6_000]);
  // 20,000 requests a second, four for each message
  expect(limit(3, "storage account")).toBe(5_000);
  expect(scaleOf({ ...dev, eventQueues: 2 }, billion, 1, settings).limits[0]?.name).toBe("queues");
  expect(scaleOf({ ...dev, eventQueues: 3 }, billion, 1, settings).limits[0]?.name).toBe("storage account");
});

test("events that arrive faster than Platform accepts them all month never get through", () => {
  expect(scaleOf(dev, burstDemand(10_000_000, 3_600), 1).hoursToDrain).toBe(Number.POSITIVE_INFINITY);
});

test("events that share messages need fewer operations, and cost less", () => {
  const of = (eventsPerMessage: number) =>
    new Map(usageOf(dev, loadOf(billion, eventsPerMessage)).map(({ meter, quantity }) => [meter, quantity]));
  const [alone, shared] = [of(1), of(10)];
  expect(alone.get("table operations")).toBe(1_000_000_000);
  expect(shared.get("table operations")).toBe(100_000_000);
  // One execution of the intake for each event, one of the forwarder for each message
  const executions = (alone.get("executions") ?? 0) - (shared.get("executions") ?? 0);
  expect(executions).toBe(900_000_000);
  const total = (eventsPerMessage: number) => estimate(dev, loadOf(billion, eventsPerMessage), knownPrices).total;
  expect(total(10)).toBeLessThan(total(1));
});
