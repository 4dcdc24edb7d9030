import * as pulumi from "@pulumi/pulumi";
import { CustomerIoSource } from "../../components/customer-io-source.ts";
import { type CustomerIoSourceArgs, SourceArguments } from "../../components/settings/source-arguments.ts";
import { configureWithCredentials, declareBy } from "./stack.ts";

let warnings: string[];
beforeEach(() => {
  warnings = [];
  jest.spyOn(pulumi.log, "warn").mockImplementation(async (text) => void warnings.push(text));
  configureWithCredentials();
});
afterEach(() => jest.restoreAllMocks());

async function budgets(args: CustomerIoSourceArgs) {
  const { resources } = await declareBy(() => ({ id: new CustomerIoSource("events", args).webhookId }));
  return {
    budgets: resources.filter(({ type }) => type === "customerio-aep:index:Budget").map(({ inputs }) => inputs),
    guarded: Object.keys(resources.find(({ type }) => type === "customerio-aep:index:RelayGuard")?.inputs.parts),
  };
}

const about = () => warnings.filter((text) => text.includes("monthlyBudget"));

test("a budget is declared only if the settings ask for it", async () => {
  const found = await budgets({});
  expect(found.budgets).toEqual([]);
  expect(found.guarded).not.toContain("budget");
});

test("it is on the relay's group, and notifies those who get the alerts", async () => {
  const found = await budgets({ monthlyBudget: 250, alertEmails: ["oncall@example.com"] });
  expect(found.budgets).toEqual([
    {
      resourceGroupId: "events-relay-id",
      budgetName: expect.stringMatching(/^events-relay[0-9a-f]{8}$/),
      amount: 250,
      actionGroupIds: ["events-relay-monitoring-people-id"],
    },
  ]);
  expect(found.guarded).toContain("budget");
  expect(about()).toEqual([]);
});

test("existing action groups are notified instead", async () => {
  const actionGroupIds = ["/subscriptions/s/resourceGroups/ops/providers/Microsoft.Insights/actionGroups/oncall"];
  const found = await budgets({ monthlyBudget: 1, azureExisting: { actionGroupIds } });
  expect(found.budgets).toMatchObject([{ amount: 1, actionGroupIds }]);
  expect(about()).toEqual([]);
});

test("a preview warns of a budget that would notify nobody", async () => {
  await budgets({ monthlyBudget: 250 });
  expect(about()).toEqual([
    "monthlyBudget is set, but nobody would be notified. Give an address: set the argument alertEmails[0] to <address>",
  ]);
});

test.each([[-1], ["250"], [Number.POSITIVE_INFINITY]])("it refuses %p as an amount", (monthlyBudget) => {
  const given = new SourceArguments({ monthlyBudget: monthlyBudget as number });
  expect(() => given.read()).toThrow(/monthlyBudget is invalid/);
});
