import { relayShapeOf } from "../../cli/cost/relay-shape.ts";
import { StackSource } from "../../cli/stack/source.ts";
import { readState } from "../../cli/stack/state.ts";
import { CustomerIoSource } from "../../components/customer-io-source.ts";
import { azureName, compactStem } from "../../components/relay/azure/azure-names.ts";
import { describeCost, type EstimatedCost } from "../../components/relay/relay-cost.ts";
import type { CustomerIoSourceArgs } from "../../components/settings/source-arguments.ts";
import { estimate } from "../../relay/deploy/cost/estimate.ts";
import { knownPrices } from "../../relay/deploy/cost/prices.ts";
import { evenLoad } from "../../relay/deploy/cost/usage.ts";
import { configureWithCredentials, declareBy } from "./stack.ts";

const hostAccount = azureName("storageAccount", `${compactStem("events-relay")}host`);

/** What the program says, and what `customerio-aep cost` says of the state that it leaves. */
async function bothEstimates(args: CustomerIoSourceArgs) {
  configureWithCredentials();
  const program = () => ({ cost: new CustomerIoSource("events", args).estimatedCost });
  const { resources, outputs } = await declareBy(program);
  const state = resources.map(({ type, name, inputs }) => {
    // All app settings are a secret, since one is.
    const shown = inputs.properties?.value ? { ...inputs, properties: inputs.properties.value } : inputs;
    const component = name === hostAccount ? "customerio-aep:index:HostStorage$" : "";
    return { type, urn: `u::p::$${component}${type}::${name}`, id: name, inputs: shown, outputs: {} };
  });
  const source = new StackSource({
    name: "events",
    target: { stack: "dev" },
    component: undefined,
    providers: new Map(),
    settings: {},
    members: readState(JSON.stringify({ deployment: { resources: state } })),
  });
  const command = estimate(relayShapeOf(source), evenLoad(Number(args.monthlyEvents ?? 0)), knownPrices);
  return { output: (outputs as { cost: EstimatedCost | null }).cost, command };
}

const inCents = (amount: number) => Math.round(amount * 100) / 100;

test.each<CustomerIoSourceArgs>([
  { monthlyEvents: 3_000_000 },
  { monthlyEvents: 50_000_000, environment: "prod", privateNetwork: { enabled: true }, logDetail: "events" },
  { monthlyEvents: 1_000_000, azure: { storageRedundancy: "RAGZRS" }, instanceMemory: 512, logRetentionDays: 365 },
])("the output and the command estimate the same for %j", async (args) => {
  const { output, command } = await bothEstimates(args);
  expect(output).toMatchObject({ currency: "USD", eventsPerMonth: args.monthlyEvents, total: inCents(command.total) });
  expect(output?.meters.map(({ meter, quantity, cost }) => [meter, quantity, cost])).toEqual(
    command.meters.map(({ meter, quantity, cost }) => [
      meter,
      inCents(quantity),
      cost === undefined ? undefined : inCents(cost),
    ]),
  );
  for (const { cost, priceDate, priceRegion } of output?.meters ?? []) {
    expect([priceDate !== undefined, priceRegion !== undefined]).toEqual([cost !== undefined, cost !== undefined]);
  }
});

test("without events, it is the cost of an idle relay", async () => {
  const { output } = await bothEstimates({});
  const of = (meter: string) => output?.meters.find((one) => one.meter === meter)?.quantity;
  expect(output?.eventsPerMonth).toBe(0);
  expect(output?.total).toBeGreaterThan(20);
  expect([of("table operations"), of("egress"), of("memory always ready, idle")]).toEqual([
    undefined,
    undefined,
    5_184_000,
  ]);
});

test("the program's own output is one line", async () => {
  const { output } = await bothEstimates({ monthlyEvents: 3_000_000 });
  expect(describeCost(output)).toMatch(
    /^\$\d+\.\d\d a month for 3,000,000 events: [a-z][\w ;,.()-]+ \(list prices seen 20\d\d(-\d\d)?( to 20\d\d-\d\d)?.*\)$/,
  );
  for (const { meter, cost } of output?.meters ?? []) {
    if (cost === undefined || cost > 0) expect(describeCost(output)).toContain(meter);
  }
  expect(describeCost(null)).toBeNull();
});

test("without a relay, there is no estimate", async () => {
  configureWithCredentials();
  const program = () => ({ cost: new CustomerIoSource("events", { delivery: "direct" }).estimatedCost });
  jest.spyOn(console, "warn").mockImplementation(() => undefined);
  expect((await declareBy(program)).outputs).toEqual({ cost: null });
  jest.restoreAllMocks();
});
