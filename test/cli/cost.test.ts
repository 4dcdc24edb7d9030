import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { costCommand, costLines } from "../../cli/cost/cost-command.ts";
import { readPrices } from "../../cli/cost/read-prices.ts";
import { StackSource } from "../../cli/stack/source.ts";
import { readState } from "../../cli/stack/state.ts";
import { type PlatformAlert, platformAlerts } from "../../components/relay/monitoring/metric-alerts.ts";
import { relayAlerts } from "../../components/relay/monitoring/relay-alerts.ts";
import { estimate, leversOf } from "../../relay/deploy/cost/estimate.ts";
import { knownPrices } from "../../relay/deploy/cost/prices.ts";
import { alertRules, type Load, type RelayShape, usageOf } from "../../relay/deploy/cost/usage.ts";

const dev: RelayShape = {
  redundancy: "LRS",
  zoneRedundant: false,
  instanceMemory: 2048,
  alwaysReady: 1,
  duplicateWindowDays: 7,
  logDetail: "summary",
  logRetentionDays: 30,
};
const blasts: Load = { eventsPerMonth: 100_000_000, eventsPerSecond: 100 };
const sparse: Load = { eventsPerMonth: 1_000_000, eventsPerSecond: 1_000_000 / (30 * 24 * 3600) };

/** US dollars by meter, to a tenth of a cent. */
function costs(shape: RelayShape, load: Load): Record<string, number> {
  const { meters } = estimate(shape, load, knownPrices);
  return Object.fromEntries(meters.map(({ meter, cost }) => [meter, Number((cost ?? Number.NaN).toFixed(3))]));
}

// Calculated by hand: 100 million events at 100 a second keep one instance of each group active for 1,000,000 seconds.
test("it estimates a hundred million events at a hundred a second, meter by meter", () => {
  expect(costs(dev, blasts)).toEqual({
    // (200,008,640 - 250,000) × $0.40 a million
    executions: 79.903,
    // The forwarder's: (1,000,000 s × 2 GB - 100,000) × $0.000026
    "memory on demand": 49.4,
    // 2 GB × 2,592,000 s × $0.000004
    "memory always ready, idle": 20.736,
    // The intake's: 1,000,000 s × 2 GB × $0.000016
    "memory always ready, active": 32,
    // (300 million and a poll of two queues every two seconds) × $0.004 per 10,000
    "queue operations LRS": 120.4,
    // 100 million × $0.00036 per 10,000
    "table operations": 3.6,
    "queue capacity LRS": 0.045,
    // Below the 5 GB that are free
    "log ingestion": 0,
    // 10 × $1.50 and one at $0.50
    "log alerts every 5 minutes": 15,
    "log alerts every hour": 0.5,
    // 7 × $0.10
    "metric alerts": 0.7,
    // 8,640 × $5.65 / 8,760
    "availability tests": 5.573,
    "vault operations": 0.03,
    egress: Number.NaN,
  });
  expect(estimate(dev, blasts, knownPrices).total).toBeCloseTo(327.89, 0);
});

test("with sparse events each execution is an active second, which makes memory the larger part", () => {
  const found = costs({ ...dev, alwaysReady: 0 }, sparse);
  // (2 million seconds × 2 GB - 100,000) × $0.000026
  expect(found["memory on demand"]).toBe(101.4);
  expect(costs({ ...dev, alwaysReady: 0, instanceMemory: 512 }, sparse)["memory on demand"]).toBe(23.4);
  expect(found).not.toHaveProperty("memory always ready, idle");
});

test("zones keep six instances ready: $124 of 2 GB, $31 of 512 MB, and four more for each further queue", () => {
  const ready = (instanceMemory: number, eventQueues: number) =>
    costs({ ...dev, zoneRedundant: true, instanceMemory, eventQueues }, sparse)["memory always ready, idle"];
  expect([ready(2048, 1), ready(512, 1)]).toEqual([124.416, 31.104]);
  expect(ready(2048, 2)).toBeCloseTo(124.416 + 82.944, 6);
});

test("each queue has forwarders of its own, which are active and poll while events arrive", () => {
  const dense = { eventsPerMonth: 100_000_000, eventsPerSecond: 38.6 };
  const of = (eventQueues: number, meter: string) =>
    usageOf({ ...dev, alwaysReady: 0, eventQueues }, dense).find((one) => one.meter === meter)?.quantity ?? 0;
  // One instance for calls, and one for each queue, all month
  const month = dense.eventsPerMonth / dense.eventsPerSecond;
  for (const queues of [1, 2, 4]) {
    expect(of(queues, "memory on demand")).toBeCloseTo((1 + queues) * 2 * month, 0);
    expect(of(queues, "queue operations LRS") - 3 * dense.eventsPerMonth).toBeCloseTo(queues * month, 0);
  }
});

test("a line for each event is most of the bill: 200 million records of 1 KB", () => {
  const events: RelayShape = { ...dev, logDetail: "events" };
  expect(costs(events, blasts)["log ingestion"]).toBeCloseTo((200.5 - 5) * 2.99, -1);
  const [first] = leversOf(events, blasts, knownPrices);
  expect(first?.change).toBe("logDetail summary");
  expect(first?.saves).toBeGreaterThan(500);
  expect(leversOf(dev, blasts, knownPrices).map(({ change }) => change)).not.toContain("logDetail summary");
});

test("logs kept longer than the time included in ingestion cost more each month", () => {
  const logRetentionCost = (logRetentionDays: number | undefined) =>
    costs({ ...dev, logDetail: "events", logRetentionDays }, blasts)["log retention"];
  expect([logRetentionCost(90), logRetentionCost(undefined)]).toEqual([undefined, undefined]);
  expect(logRetentionCost(180)).toBeCloseTo(200.5 * 3 * 0.13, 0);
});

test("the estimate has as many alert rules as are declared", () => {
  const rules = Object.values(relayAlerts({ expectsEvents: true, silenceHours: 24 }));
  const every = (frequency: string) => rules.filter(({ every }) => every === frequency).length;
  const declared = { everyFiveMinutes: every("PT5M"), everyHour: every("PT1H") };
  expect({ "alertRules in relay/deploy/cost/usage.ts": alertRules }).toMatchObject({
    "alertRules in relay/deploy/cost/usage.ts": declared,
  });
  const ofOneAccount = Object.values<PlatformAlert>(platformAlerts).filter(({ scope }) => scope !== "hostStorage");
  const series = ofOneAccount.map(({ dimension }) => dimension?.values.length ?? 1);
  // And the one of the availability test.
  expect(series.reduce((sum, count) => sum + count, 1)).toBe(alertRules.onMetrics);
  expect(costs({ ...dev, hostStorage: true }, blasts)["metric alerts"]).toBeCloseTo((alertRules.onMetrics + 1) * 0.1);
});

test("every known price says where, when and by whom it was seen", () => {
  for (const [meter, { region, date, source }] of Object.entries(knownPrices)) {
    expect([meter, region, source].every((text) => text.length > 3)).toBe(true);
    expect(date).toMatch(/^20\d\d(-\d\d){0,2}$/);
  }
});

describe("the command", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "cost-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const resource = (type: string, inputs: object) => ({ type, urn: `u::p::${type}::r`, id: "id", inputs, outputs: {} });
  const resources = [
    resource("azure-native:storage:StorageAccount", { sku: { name: "Standard_GZRS" } }),
    resource("azure-native:operationalinsights:Workspace", { retentionInDays: 120 }),
    resource("azure-native:web:WebAppApplicationSettings", {
      properties: { LOG_DETAIL: "events", DUPLICATE_WINDOW_DAYS: "0", EVENT_QUEUES: "2" },
    }),
    resource("customerio-aep:index:AppServicePlan", { body: { properties: { zoneRedundant: true } } }),
    resource("customerio-aep:index:FunctionApp", {
      body: {
        properties: {
          functionAppConfig: {
            scaleAndConcurrency: { instanceMemoryMB: 512, alwaysReady: [{ name: "http", instanceCount: 3 }] },
          },
        },
      },
    }),
  ];
  const source = () =>
    new StackSource({
      name: "events",
      target: { stack: "dev" },
      component: undefined,
      providers: new Map(),
      settings: {},
      members: readState(JSON.stringify({ deployment: { resources } })),
    });

  async function run(values: object) {
    const lines: string[] = [];
    const context = { print: (...more: string[]) => lines.push(...more) };
    const given = { "events-per-month": 3_000_000, "events-per-second": undefined, prices: undefined, ...values };
    const result = await costCommand.run(source(), given, context as never);
    return { ...result, text: lines.join("\n") };
  }

  test("it reads the stack's settings, and names an unknown price, which is not in the total", async () => {
    const { json, text, ending } = await run({});
    expect(ending).toBe("well");
    const by = Object.fromEntries(json.meters.map(({ meter, ...more }) => [meter, more]));
    expect(by).not.toHaveProperty("table operations");
    // Three for calls, and two for each of the two functions of a queue: 11 of half a GB.
    expect(by["memory always ready, idle"]?.quantity).toBe(11 * 0.5 * 2_592_000);
    expect(by["queue operations GZRS"]).not.toHaveProperty("cost");
    expect(text).toMatch(/queue operations GZRS .* \? {2}no price is known: give one with --prices/);
    expect(json.total).toBeCloseTo(
      json.meters.reduce((sum, { cost = 0 }) => sum + cost, 0),
      6,
    );
    expect(costCommand.json.parse(json)).toEqual(json);
  });

  test("prices from a file replace the known ones, and add unknown ones", async () => {
    const file = path.join(folder, "ours.json");
    const ours = { region: "Norway East", date: "2026-11-01", source: "our contract" };
    await writeFile(file, JSON.stringify({ egress: { amount: 0.1, ...ours }, executions: { amount: 0, ...ours } }));
    const { json, text } = await run({ prices: file });
    const by = Object.fromEntries(json.meters.map(({ meter, cost }) => [meter, cost]));
    expect([by.executions, by.egress]).toEqual([0, expect.closeTo(0.45, 6)]);
    expect(text).toContain("Norway East, 2026-11-01: our contract");
  });

  test.each([
    ["none.json", undefined, "there is no file"],
    ["text.json", "not JSON", "is not JSON"],
    ["wrong.json", '{"egress":{"amount":-1}}', "is invalid"],
  ])("a file that can't be used is refused: %s", async (name, text, words) => {
    const file = path.join(folder, name);
    if (text !== undefined) await writeFile(file, text);
    await expect(readPrices(file)).rejects.toThrow(words);
  });

  test("each saving is the difference between two estimates", () => {
    const lines = costLines(estimate(dev, blasts, knownPrices), leversOf(dev, blasts, knownPrices));
    expect(lines.filter((line) => line.includes(" less with "))[0]).toContain("instanceMemory 512");
  });
});

test("a private network costs by the hour of an endpoint, the gigabyte through them, and the zone", () => {
  const privateRelay = { ...dev, privateEndpoints: 5, privateZones: 4 };
  const [before, after] = [costs(dev, blasts), costs(privateRelay, blasts)];
  // 30 days of 24 hours of five endpoints at a cent.
  expect(after["private endpoints"]).toBeCloseTo(36);
  expect(after["private DNS zones"]).toBeCloseTo(2);
  expect(after["private endpoint data"]).toBeGreaterThan(0);
  expect(before).not.toHaveProperty("private endpoints");
  expect(before).not.toHaveProperty("private endpoint data");
});
