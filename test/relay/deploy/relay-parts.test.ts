import { requirePresent } from "../../../relay/deploy/resources/relay-parts.ts";
import { type AzureServer, failure, gone, operationOn, useAzure } from "./azure-server.ts";

const group = "/subscriptions/s/resourceGroups/g";
const vault = `${group}/providers/Microsoft.KeyVault/vaults/v`;
const alert = `${group}/providers/Microsoft.Insights/scheduledQueryRules/late`;
const parts = { vault: { id: vault, apiVersion: "2024-11-01" }, late: { id: alert, apiVersion: "2025-01-01-preview" } };

let azure: AzureServer;

useAzure((server) => {
  azure = server;
});

const there = { status: 200, body: "{}" };

test("each part is read once, with its own API version", async () => {
  azure.script = { [`GET ${vault}`]: [there], [`GET ${alert}`]: [there] };
  await requirePresent(operationOn(azure), parts);
  expect(azure.requests.map(({ url }) => url).sort()).toEqual([
    `${alert}?api-version=2025-01-01-preview`,
    `${vault}?api-version=2024-11-01`,
  ]);
});

test("a missing part is named, with the command that recreates it", async () => {
  azure.script = { [`GET ${vault}`]: [there], [`GET ${alert}`]: [gone] };
  const { message } = await failure(requirePresent(operationOn(azure), parts));
  expect(message).toContain("npx pulumi up --refresh");
  expect(message).toContain("state has: late (scheduledQueryRules/late). ");
});

test("a part that Azure does not show at once is not gone", async () => {
  azure.script = { [`GET ${vault}`]: [gone, there], [`GET ${alert}`]: [there] };
  await requirePresent(operationOn(azure), parts);
});

test.each([
  ["a refusal", { status: 403, body: JSON.stringify({ error: { code: "AuthorizationFailed", message: "no" } }) }],
  ["a proxy's page", { status: 404, body: "<html>" }],
])("%s does not count as gone", async (_case, answer) => {
  azure.script = { [`GET ${vault}`]: [answer], [`GET ${alert}`]: [there] };
  await requirePresent(operationOn(azure), parts);
});
