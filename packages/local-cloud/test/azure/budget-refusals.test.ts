import { ArmError } from "../../src/azure/arm/arm-error.ts";
import { typeOfId } from "../../src/azure/arm/resource-id.ts";
import { type Resource, Subscription } from "../../src/azure/arm/subscription.ts";
import { refuseResource } from "../../src/azure/refusals/refusals.ts";
import { defaultAzureSwitches } from "../../src/azure/switches.ts";

const group = "/subscriptions/s/resourceGroups/g";
const id = `${group}/providers/Microsoft.Consumption/budgets/b`;
const actionGroup = `${group}/providers/Microsoft.Insights/actionGroups/people`;
const subscription = new Subscription({ subscriptionId: "s", tenantId: "t" });

function resourceOf(id: string, inputs: object = {}): Resource {
  const found = typeOfId(id);
  if (!found) throw new Error(`no type for ${id}`);
  return { id, type: found.type, name: id.split("/").at(-1) ?? "", inputs: inputs as Resource["inputs"], outputs: {} };
}

beforeAll(() => {
  for (const there of [group, actionGroup]) subscription.put(resourceOf(there));
  jest.useFakeTimers({ now: new Date("2026-11-28T20:00:00Z") });
});
afterAll(() => jest.useRealTimers());

const notification = {
  enabled: true,
  operator: "GreaterThan",
  threshold: 80,
  thresholdType: "Actual",
  contactEmails: [],
  contactGroups: [actionGroup],
};
const from = (startDate: string) => ({ timePeriod: { startDate } });
const usual = {
  category: "Cost",
  amount: 100,
  timeGrain: "Monthly",
  ...from("2026-11-01T00:00:00Z"),
  notifications: { actual: notification },
};

function refusal(change: object, existing?: object): string {
  try {
    const { type, name, inputs } = resourceOf(id, { ...usual, ...change });
    const present = existing && resourceOf(id, { ...usual, ...existing });
    refuseResource({ id, type, name, inputs, existing: present }, subscription, defaultAzureSwitches);
    return "accepted";
  } catch (error) {
    if (!(error instanceof ArmError)) throw error;
    return error.detail;
  }
}

test.each([
  ["2026-11-01T00:00:00Z", {}, "accepted"],
  ["2026-12-01T00:00:00Z", {}, "accepted"],
  ["2027-11-01T00:00:00Z", {}, "accepted"],
  ["2026-11-02T00:00:00Z", {}, "first of a month"],
  ["2026-11-01T01:00:00Z", {}, "first of a month"],
  ["soon", {}, "first of a month"],
  ["2026-10-01T00:00:00Z", {}, "present time grain period"],
  ["2026-10-01T00:00:00Z", { timeGrain: "Quarterly" }, "accepted"],
  ["2026-01-01T00:00:00Z", { timeGrain: "Annually" }, "accepted"],
  ["2027-12-01T00:00:00Z", {}, "twelve months"],
])("a new budget from %s on, %j: %s", (startDate, change, answer) => {
  expect(refusal({ ...change, ...from(startDate) })).toContain(answer);
});

test("the start date of a budget can't be changed; any other part can, however old it is", () => {
  const old = from("2025-03-01T00:00:00.000Z");
  expect(refusal({ ...from("2025-03-01T00:00:00Z"), amount: 200 }, old)).toBe("accepted");
  expect(refusal({}, old)).toBe("Start date of budgets cannot be updated. Please delete and create a new budget.");
});

test.each([
  [{ amount: 0 }, "greater than zero"],
  [{ category: "Usage" }, "category"],
  [{ timeGrain: "Weekly" }, "time grain"],
  [{ notifications: Object.fromEntries([1, 2, 3, 4, 5, 6].map((key) => [`n${key}`, notification])) }, "up to five"],
  [{ notifications: { n: { ...notification, threshold: 1001 } } }, "between 0 and 1000"],
  [{ notifications: { n: { ...notification, operator: "LessThan" } } }, "operator"],
  [{ notifications: { n: { ...notification, thresholdType: "Guessed" } } }, "threshold type"],
  [{ notifications: { n: { ...notification, contactGroups: [] } } }, "contact email or a contact group"],
  [{ notifications: { n: { ...notification, contactGroups: ["people"] } } }, "was not found"],
])("%j is refused: %s", (change, answer) => {
  expect(refusal(change)).toContain(answer);
});
