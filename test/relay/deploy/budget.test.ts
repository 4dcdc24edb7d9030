import { budget } from "../../../relay/deploy/resources/arm/budget.ts";
import { type AzureServer, gone, operationOn, type TestOperation, useAzure } from "./azure-server.ts";

const group = "/subscriptions/s/resourceGroups/g";
const id = `${group}/providers/Microsoft.Consumption/budgets/relay`;
const people = `${group}/providers/Microsoft.Insights/actionGroups/people`;
const inputs = { resourceGroupId: group, budgetName: "relay", amount: 250, actionGroupIds: [people] };

let azure: AzureServer;
let operation: TestOperation;

useAzure((server) => {
  azure = server;
  operation = operationOn(azure);
});

const putBodies = () => azure.requests.filter(({ method }) => method === "PUT").map(({ json }) => json as Body);
interface Body {
  properties: { amount: number; timePeriod: object; notifications: Record<string, object> };
}
/** As Azure answers, with more than was sent: an end ten years later, and a start without milliseconds. */
function answer(properties: object) {
  const timePeriod = { startDate: "2025-03-01T00:00:00Z", endDate: "2035-03-01T00:00:00Z" };
  return { status: 200, body: JSON.stringify({ id, properties: { amount: 250, timePeriod, ...properties } }) };
}
const firstOfThisMonth = () => {
  const now = new Date(operation.client.clock.now());
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth())).toISOString();
};

test("a new budget begins with the current month, and notifies of what is spent and of the forecast", async () => {
  azure.script = { [`GET ${id}`]: [gone], [`PUT ${id}`]: [{ status: 201, body: "{}" }] };
  const startDate = firstOfThisMonth();
  expect(startDate).toMatch(/-01T00:00:00\.000Z$/);
  expect(await budget.create(operation, inputs)).toEqual({ id, outputs: { startDate } });
  const [{ properties }] = putBodies() as [Body];
  expect(properties).toMatchObject({ category: "Cost", timeGrain: "Monthly", amount: 250, timePeriod: { startDate } });
  expect(Object.values(properties.notifications)).toEqual(
    [
      { threshold: 80, thresholdType: "Actual" },
      { threshold: 100, thresholdType: "Actual" },
      { threshold: 100, thresholdType: "Forecasted" },
    ].map((part) => expect.objectContaining({ ...part, enabled: true, contactGroups: [people] })),
  );
});

test("one that exists keeps its start date, however long ago: after a killed run, and at every change", async () => {
  azure.script = { [`GET ${id}`]: [answer({})], [`PUT ${id}`]: [{ status: 200, body: "{}" }] };
  const outputs = { startDate: "2025-03-01T00:00:00.000Z" };
  expect(await budget.create(operation, inputs)).toEqual({ id, outputs });
  expect(await budget.update?.(operation, id, { news: { ...inputs, amount: 300 }, olds: inputs, outputs })).toEqual(
    outputs,
  );
  expect(putBodies().map(({ properties: { timePeriod, amount } }) => ({ timePeriod, amount }))).toEqual([
    { timePeriod: outputs, amount: 250 },
    { timePeriod: outputs, amount: 300 },
  ]);
});

test("an amount or notifications that someone has changed are drift; what Azure adds is not", async () => {
  azure.script = { [`GET ${id}`]: [gone], [`PUT ${id}`]: [{ status: 201, body: "{}" }] };
  const { outputs } = await budget.create(operation, inputs);
  const { notifications } = (putBodies() as [Body])[0].properties;
  const added = Object.fromEntries(
    Object.entries(notifications).map(([key, value]) => [key, { ...value, locale: "en-us" }]),
  );
  azure.restart();
  azure.script = {
    [`GET ${id}`]: [
      answer({ notifications: added, currentSpend: { amount: 12 } }),
      answer({ notifications: added, amount: 9000 }),
      answer({ notifications: { ...added, actual80: { ...added.actual80, enabled: false } } }),
      gone,
    ],
  };
  const read = async () => (await budget.read(operation, id, inputs, outputs))?.inputs;
  expect(await read()).toEqual(inputs);
  expect(await read()).toEqual({ ...inputs, amount: 9000 });
  expect(await read()).toEqual({ ...inputs, actionGroupIds: [] });
  expect(await read()).toBeUndefined();
});

test("deleting it twice succeeds", async () => {
  azure.script = { [`DELETE ${id}`]: [{ status: 200, body: "" }, gone] };
  for (let time = 0; time < 2; time++) await budget.delete(operation, id, { ...inputs, startDate: "" } as never);
  expect(azure.requests).toHaveLength(2);
});
