import { appServicePlan } from "../../../relay/deploy/resources/arm/app-service-plan.ts";
import { type AzureServer, failure, gone, operationOn, type TestOperation, useAzure } from "./azure-server.ts";

const group = "/subscriptions/s/resourceGroups/g";
const id = `${group}/providers/Microsoft.Web/serverfarms/plan1`;
const siteId = `${group}/providers/Microsoft.Web/sites/plan1`;
const body = { location: "West Europe", sku: { name: "FC1" }, properties: { reserved: true } };
const plan = { resourceGroupId: group, planName: "plan1", body };

let azure: AzureServer;
let operation: TestOperation;

useAzure((server) => {
  azure = server;
  operation = operationOn(azure);
});

const answers = (provisioningState?: string) => ({
  status: 200,
  body: JSON.stringify({ ...body, location: "westeurope", properties: { reserved: true, provisioningState } }),
});
const siteOn = (serverFarmId: string) => ({ status: 200, body: JSON.stringify({ properties: { serverFarmId } }) });
const listCalls = () => azure.requests.map(({ method, url }) => `${method} ${url.split("?")[0]}`);

test("it is created by one PUT, and waits until Azure has finished", async () => {
  azure.script = {
    [`GET ${id}`]: [answers("InProgress"), answers("Succeeded")],
    [`PUT ${id}`]: [{ status: 202, body: "{}" }],
  };
  expect(await appServicePlan.create(operation, plan)).toEqual({ id, outputs: { location: "westeurope" } });
  expect(listCalls()).toEqual([`PUT ${id}`, `GET ${id}`, `GET ${id}`]);
});

test("a failed creation in Azure is an error", async () => {
  azure.script = { [`PUT ${id}`]: [answers("Failed")] };
  expect((await failure(appServicePlan.create(operation, plan))).message).toContain("npx pulumi up");
});

test("a region without zones is refused, with the setting to change", async () => {
  const message = "Zone redundancy is not supported in the region";
  const refused = { status: 400, body: JSON.stringify({ Code: "BadRequest", Message: message }) };
  azure.script = { [`PUT ${id}`]: [refused] };
  const zonal = { ...plan, body: { ...body, properties: { reserved: true, zoneRedundant: true } } };
  const said = (await failure(appServicePlan.create(operation, zonal))).message;
  expect(said).toContain(message);
  expect(said).toContain("npx pulumi config set --path azure.zoneRedundant false");
  expect((await failure(appServicePlan.create(operation, plan))).message).not.toContain("azure.zoneRedundant");
});

test("a region in Azure's spelling is not a change", async () => {
  azure.script[`GET ${id}`] = [answers()];
  expect((await appServicePlan.read(operation, id, plan, undefined))?.inputs).toEqual(plan);
});

describe("deleted", () => {
  test("it deletes an app of its name that the state does not know, and says so", async () => {
    azure.script = {
      [`GET ${siteId}`]: [siteOn(id.replace("serverfarms", "serverFarms"))],
      [`DELETE ${siteId}`]: [{ status: 200 }],
      [`DELETE ${id}`]: [{ status: 200 }],
    };
    await appServicePlan.delete(operation, id, plan);
    expect(listCalls()).toEqual([`GET ${siteId}`, `DELETE ${siteId}`, `DELETE ${id}`]);
    expect(operation.shown).toEqual(["deletes the function app plan1, which an interrupted run of this stack created"]);
  });

  test.each([
    ["there is none", gone],
    ["it runs on another plan", siteOn(`${id}2`)],
  ])("it does not delete an app: %s", async (_case, found) => {
    azure.script = { [`GET ${siteId}`]: [found], [`DELETE ${id}`]: [{ status: 200 }] };
    await appServicePlan.delete(operation, id, plan);
    expect(listCalls()).toEqual([`GET ${siteId}`, `DELETE ${id}`]);
    expect(operation.shown).toEqual([]);
  });

  test("it does not delete an app of another name, and shows Azure's refusal", async () => {
    const refused = {
      Code: "Conflict",
      Message: "Server farm 'plan1' cannot be deleted because it has web app(s) other.",
    };
    azure.script = {
      [`GET ${siteId}`]: [gone],
      [`DELETE ${id}`]: [{ status: 409, body: JSON.stringify(refused) }],
    };
    expect((await failure(appServicePlan.delete(operation, id, plan))).message).toContain("web app(s) other");
  });
});
