import { askHealth } from "../../../relay/deploy/resources/relay-health.ts";
import { type AzureServer, failure, operationOn, siteId, type TestOperation, useAzure } from "./azure-server.ts";

let azure: AzureServer;
let operation: TestOperation;
useAzure((server) => {
  azure = server;
  operation = operationOn(azure);
});

const forbidden = { status: 403, headers: { "x-ms-forbidden-ip": "192.0.2.1" }, body: "<html>Ip Forbidden</html>" };
// At the end of the list: another place would take the right away from someone else.
const remedy = "npx pulumi config set --path 'allowedCallers.operators[<place>]' 192.0.2.1, then npx pulumi up";

test("a relay that does not accept calls from this machine says so, with the address and the setting", async () => {
  azure.script["GET /health"] = [forbidden];
  const health = await askHealth(operation.client, `https://${azure.host}/health`, operation.signal);
  expect(health).toMatchObject({ status: 403, detail: expect.stringContaining(remedy) });
});

test("other refusals have no such remedy", async () => {
  azure.script["GET /health"] = [{ status: 403, body: "stopped" }];
  azure.script[`GET ${siteId}`] = [{ status: 403, body: { error: { code: "AuthorizationFailed", message: "no" } } }];
  const health = await askHealth(operation.client, `https://${azure.host}/health`, operation.signal);
  expect(JSON.stringify(health)).not.toContain("allowedCallers");
  const error = await failure(operation.client.armGet(siteId, "2024-04-01", operation.signal));
  expect(error.message).not.toContain("allowedCallers");
});

test.each([
  ["Microsoft.Authorization/locks/write", "the role Locks Contributor has"],
  ["Microsoft.Consumption/budgets/write", "the role Contributor has"],
  ["Microsoft.OperationalInsights/workspaces/read", "the role Reader has"],
  ["Microsoft.Network/virtualNetworks/subnets/join/action", "the role Network Contributor has"],
  ["Microsoft.ManagedIdentity/userAssignedIdentities/write", "the role Contributor has"],
  ["Microsoft.Web/sites/write", "Website Contributor on the function app"],
])("a refusal for lack of the right %s names a role that has it", async (action, role) => {
  const message = `The client 'c' does not have authorization to perform action '${action}' over scope '${siteId}'.`;
  azure.script[`PUT ${siteId}`] = [{ status: 403, body: { error: { code: "AuthorizationFailed", message } } }];
  const error = await failure(operation.client.armPut(siteId, "2024-04-01", {}, operation.signal));
  expect(error.message).toContain(role);
});

test("a refusal by Azure Policy without details is not explained by a lack of rights", async () => {
  const body = { error: { code: "RequestDisallowedByPolicy", message: "Resource 'r' was disallowed by policy." } };
  azure.script[`PUT ${siteId}`] = [{ status: 403, body }];
  const error = await failure(operation.client.armPut(siteId, "2024-04-01", {}, operation.signal));
  expect(error.message).toContain("was disallowed by policy");
  expect(error.message).not.toContain("Your Azure login lacks");
});
