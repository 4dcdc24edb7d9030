import { CustomerIoSource } from "../../components/customer-io-source.ts";
import { platformAlerts } from "../../components/relay/monitoring/metric-alerts.ts";
import type { CustomerIoSourceArgs } from "../../components/settings/source-arguments.ts";
import { type Measured, type MetricPoint, type MetricRule, notificationsOf, type TestResult } from "./metric-rules.ts";
import { configureWithCredentials, declareBy } from "./stack.ts";

const day = 1440;
const places = ["Amsterdam", "Dublin", "Virginia"];
const names = [...Object.keys(platformAlerts), "availability"];
/** Without a separate account of the host. */
const usual = names.filter((name) => name !== "host-storage-unavailable");

/** The rules of a stack as they are declared, by the names of their alerts. */
async function rulesOf(args: CustomerIoSourceArgs = {}): Promise<Record<string, MetricRule>> {
  configureWithCredentials();
  const { resources } = await declareBy(() => ({ id: new CustomerIoSource("events", args).webhookId }));
  const declared = resources.filter(({ type }) => type === "azure-native:monitor:MetricAlert");
  const nameOf = (runbook: string) => names.find((name) => runbook.endsWith(`#alert-${name}`)) ?? runbook;
  return Object.fromEntries(
    declared.map(({ inputs }) => [nameOf(inputs.actions[0].webHookProperties.runbook), inputs as MetricRule]),
  );
}

let rules: Record<string, MetricRule>;
beforeAll(async () => {
  rules = await rulesOf();
});

/** What Azure measures at a relay whose rules exist from minute 0 on: nothing but what happens at the relay. */
class Azure implements Measured {
  readonly points: MetricPoint[] = [];
  readonly results: TestResult[] = [];
  readonly end: number;

  constructor(end: number) {
    this.end = end;
  }

  /** Requests to the storage in each minute, of which some fail on Azure's side. */
  requests(minutes: readonly [from: number, to: number], each: number, failed: Readonly<Record<string, number>> = {}) {
    for (let minute = minutes[0]; minute < minutes[1]; minute++) {
      const lost = Object.values(failed).reduce((sum, count) => sum + count, 0);
      // What Azure refuses, or what the caller got wrong, does not lower the availability.
      const onAzuresSide = (failed.ServerOtherError ?? 0) + (failed.ServerTimeoutError ?? 0);
      this.points.push({ metric: "Availability", minute, total: (each - onAzuresSide) * 100, count: each });
      for (const [type, count] of Object.entries({ ...failed, Success: each - lost })) {
        this.points.push({ metric: "Transactions", minute, total: count, count, dimensions: { ResponseType: type } });
      }
    }
    return this;
  }

  vault(minutes: readonly [from: number, to: number], answers: Readonly<Record<string, number>>) {
    for (let minute = minutes[0]; minute < minutes[1]; minute++) {
      for (const [status, count] of Object.entries(answers)) {
        this.points.push({
          metric: "ServiceApiResult",
          minute,
          total: count,
          count,
          dimensions: { StatusCode: status },
        });
      }
    }
    return this;
  }

  /** Messages as Azure reports them each hour; it counts them each hour, or once a day. */
  messages(depthAt: (minute: number) => number, countedEvery: 60 | 1440 = 60, firstCount = 0) {
    for (let minute = 0; minute <= this.end; minute += 60) {
      const countedAt = minute - ((minute - firstCount + countedEvery) % countedEvery);
      this.points.push({ metric: "QueueMessageCount", minute, total: depthAt(countedAt), count: 1 });
    }
    return this;
  }

  /** Each place calls every 15 minutes, at a time of its own. */
  tests(passes: (place: string, minute: number) => boolean) {
    for (const [index, place] of places.entries()) {
      for (let minute = index * 5; minute <= this.end; minute += 15) {
        this.results.push({ place, minute, passed: passes(place, minute) });
      }
    }
    return this;
  }

  /** How often each rule has notified. */
  countNotifications(of: Readonly<Record<string, MetricRule>> = rules): Record<string, number> {
    const all = Object.entries(of).map(([name, rule]) => [name, notificationsOf(rule, this, 0, this.end)] as const);
    return Object.fromEntries(all.filter(([, notifications]) => notifications > 0));
  }
}

/** An hour of a relay that is well, to which a trouble is added. */
const well = (end = 120) =>
  new Azure(end)
    .messages(() => 12)
    .tests(() => true)
    .vault([0, 1], { 200: 3 });

test("there is a rule for each alert", () => {
  expect(Object.keys(rules).sort()).toEqual([...usual].sort());
});

test("a separate account of the host has a rule too, with the limits of the events' account", async () => {
  const separate = await rulesOf({ azure: { separateHostStorage: true } });
  expect(Object.keys(separate).sort()).toEqual([...names].sort());
  type Declared = { scopes: string[]; criteria: { allOf: object[] }; windowSize: string; evaluationFrequency: string };
  const [host, events] = ["host-storage-unavailable", "storage-unavailable"].map((name) => {
    return separate[name] as unknown as Declared;
  });
  expect(host?.scopes).toHaveLength(1);
  expect(host?.scopes).not.toEqual(events?.scopes);
  const limits = (rule?: Declared) => [
    rule?.windowSize,
    rule?.evaluationFrequency,
    { ...rule?.criteria.allOf[0], name: "" },
  ];
  expect(limits(host)).toEqual(limits(events));
});

describe("no alert is raised", () => {
  test("by a quiet day: the host polls, a request fails now and then, and a place loses its network for a while", () => {
    const azure = new Azure(2 * day).messages(() => 0).vault([300, 302], { 200: 3, 401: 3 });
    for (let hour = 0; hour < 48; hour++) {
      azure
        .requests([hour * 60, hour * 60 + 59], 60)
        .requests([hour * 60 + 59, hour * 60 + 60], 60, { ServerTimeoutError: 1 });
    }
    azure.tests((place, minute) => place !== "Virginia" || minute < 600 || minute > 720);
    expect(azure.countNotifications()).toEqual({});
  });

  // 3 million events, of which at least 20 share a message while writes are under way.
  test.each([60, 1440] as const)("by a blast of 3 million events, with messages counted every %p minutes", (every) => {
    const depth = (minute: number) => (minute < 600 || minute > 700 ? 0 : 150_000 - (minute - 600) * 1_500);
    const azure = new Azure(2 * day).messages(depth, every, 600).tests(() => true);
    azure
      .requests([0, 600], 60)
      .requests([600, 700], 60_000, { ServerBusyError: 6 })
      .requests([700, 2 * day], 60);
    expect(azure.countNotifications()).toEqual({});
  });

  test("by a first deployment whose roles propagate for half an hour, up to five minutes before its rules exist", () => {
    const azure = well().vault([-40, -5], { 403: 20 }).vault([-5, 0], { 200: 3 });
    azure.requests([-40, -5], 60, { AuthorizationError: 30 }).requests([-5, 120], 60);
    expect(azure.countNotifications()).toEqual({});
    // A longer look back would find what happened before.
    const longer = { "vault-refuses": { ...(rules["vault-refuses"] as MetricRule), windowSize: "PT15M" } };
    expect(azure.countNotifications(longer)).toEqual({ "vault-refuses": 1 });
  });

  test("by an update that restarts the app while a place calls", () => {
    const azure = new Azure(120).messages(() => 0).requests([0, 120], 60);
    expect(azure.tests((place, minute) => !(place === "Dublin" && minute === 65)).countNotifications()).toEqual({});
  });

  test("by someone who polls /health for an hour", () => {
    expect(well().requests([0, 120], 600, { AuthorizationError: 0 }).countNotifications()).toEqual({});
  });

  test("by what strangers send to the storage without a right to", () => {
    expect(
      well().requests([0, 120], 600, { AuthorizationError: 500, ClientOtherError: 40 }).countNotifications(),
    ).toEqual({});
  });

  test("by metrics that Azure does not deliver", () => {
    expect(new Azure(2 * day).countNotifications()).toEqual({});
  });

  test("by other callers that a shared vault refuses", async () => {
    const vaultId = "/subscriptions/s/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/shared";
    const shared = await rulesOf({ azureExisting: { vaultId } });
    expect(Object.keys(shared).sort()).toEqual(usual.filter((name) => name !== "vault-refuses").sort());
  });
});

describe("an alert is raised, once", () => {
  test("by a storage that fails requests", () => {
    const azure = well().requests([0, 60], 60).requests([60, 75], 60, { ServerOtherError: 20 }).requests([75, 120], 60);
    expect(azure.countNotifications()).toEqual({ "storage-unavailable": 1 });
  });

  test("by a storage that throttles", () => {
    const azure = well().requests([0, 60], 600).requests([60, 90], 20_000, { ServerBusyError: 900 });
    expect(azure.countNotifications()).toEqual({ "storage-throttled": 1 });
    const account = well().requests([60, 90], 20_000, { ClientAccountRequestThrottlingError: 900 });
    expect(account.countNotifications()).toEqual({ "storage-throttled": 1 });
  });

  test.each([60, 1440] as const)("by a queue that only grows, counted every %p minutes", (every) => {
    // 30 events a second, each in a message of its own.
    const azure = new Azure(2 * day).messages((minute) => Math.max(0, minute) * 60 * 30, every).tests(() => true);
    expect(azure.countNotifications()).toEqual({ "queue-depth": 1 });
  });

  test("by a vault that refuses the relay, even if it asks only once a day", () => {
    expect(
      well(2 * day)
        .vault([700, 701], { 403: 1 })
        .countNotifications(),
    ).toEqual({ "vault-refuses": 1 });
  });

  test("by an app that does not start, whatever the cause", () => {
    const azure = new Azure(180).messages(() => 0).requests([0, 180], 10);
    expect(azure.tests((_place, minute) => minute < 60 || minute > 110).countNotifications()).toEqual({
      availability: 1,
    });
  });

  test("by a storage that is down, which the relay's health check and the metric both show", () => {
    const azure = new Azure(180)
      .messages(() => 0)
      .requests([0, 60], 60)
      .requests([60, 110], 60, { ServerTimeoutError: 60 });
    expect(azure.tests((_place, minute) => minute < 60 || minute > 110).countNotifications()).toEqual({
      availability: 1,
      "storage-unavailable": 1,
    });
  });

  test("and again by a second problem after the first has passed", () => {
    const azure = well(240)
      .requests([0, 30], 60)
      .requests([30, 45], 60, { ServerOtherError: 60 })
      .requests([45, 150], 60);
    expect(azure.requests([150, 165], 60, { ServerOtherError: 60 }).countNotifications()).toEqual({
      "storage-unavailable": 2,
    });
  });
});
