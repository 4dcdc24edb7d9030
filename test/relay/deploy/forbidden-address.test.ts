import { askHealth } from "../../../relay/deploy/resources/relay-health.ts";
import { type AzureServer, failure, operationOn, siteId, type TestOperation, useAzure } from "./azure-server.ts";

let azure: AzureServer;
let operation: TestOperation;
useAzure((server) => {
  azure = server;
  operation = operationOn(azure);
});

const forbidden = { status: 403, headers: { "x-ms-forbidden-ip": "192.0.2.1" }, body: "<html>Ip Forbidden</html>" };
const remedy = "npx pulumi config set --path 'allowedCallers.operators[0]' 192.0.2.1, then npx pulumi up";

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
