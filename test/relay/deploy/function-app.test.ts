import { functionApp } from "../../../relay/deploy/resources/arm/function-app.ts";
import { type AzureServer, gone, operationOn, type TestOperation, useAzure } from "./azure-server.ts";

const group = "/subscriptions/s/resourceGroups/g";

let azure: AzureServer;
let operation: TestOperation;

useAzure((server) => {
  azure = server;
  operation = operationOn(azure);
});

const id = `${group}/providers/Microsoft.Web/sites/app`;
const app = { resourceGroupId: group, siteName: "app", body: { kind: "functionapp,linux" } };
const outputs = { hostName: "app.example", scmHostName: "app.scm.example" };
const made = {
  status: 200,
  body: JSON.stringify({
    kind: "functionapp,linux",
    properties: {
      defaultHostName: "app.example",
      hostNameSslStates: [
        { name: "app.example", hostType: "Standard" },
        { name: "app.scm.example", hostType: "Repository" },
      ],
    },
  }),
};

test("it waits until Azure reports the host name", async () => {
  azure.script = {
    [`PUT ${id}`]: [{ status: 202, body: JSON.stringify({ properties: {} }) }],
    [`GET ${id}`]: [gone, { status: 200, body: JSON.stringify({ properties: {} }) }, made],
  };
  expect(await functionApp.create(operation, app)).toEqual({ id, outputs });
});

test("configuration that Azure does not return is not a change", async () => {
  const properties = { httpsOnly: true, siteConfig: { minTlsVersion: "1.2", scmMinTlsVersion: "1.2" } };
  const known = { ...app, body: { properties } };
  const answered = {
    httpsOnly: false,
    siteConfig: { minTlsVersion: null, scmMinTlsVersion: null, numberOfWorkers: 1 },
  };
  azure.script[`GET ${id}`] = [{ status: 200, body: JSON.stringify({ properties: answered }) }];
  azure.script[`GET ${id}/config/web`] = [
    { body: { properties: { numberOfWorkers: 1, ipSecurityRestrictions: [all] } } },
  ];
  const seen = await functionApp.read(operation, id, known, outputs);
  expect(seen?.inputs.body).toEqual({ properties: { ...properties, httpsOnly: false } });
});

test("Azure's null in place of an empty list is not a change, but one in place of a full list is", async () => {
  const bodyWith = (alwaysReady: unknown) => ({
    properties: { functionAppConfig: { scaleAndConcurrency: { alwaysReady } } },
  });
  const outputs = { hostName: "app.example", scmHostName: "app.scm.example" };
  const seenWith = async (sent: unknown, answered: unknown) => {
    azure.script[`GET ${id}`] = [{ status: 200, body: JSON.stringify(bodyWith(answered)) }];
    azure.script[`GET ${id}/config/web`] = [gone];
    const seen = await functionApp.read(operation, id, { ...app, body: bodyWith(sent) }, outputs);
    return seen?.inputs.body;
  };
  const one = [{ name: "http", instanceCount: 1 }];
  expect(await seenWith([], null)).toEqual(bodyWith([]));
  expect(await seenWith([], one)).toEqual(bodyWith(one));
  expect(await seenWith(one, null)).toEqual(bodyWith(null));
});

const all = { ipAddress: "Any", action: "Allow", priority: 2_147_483_647, name: "Allow all" };
const others = { ipAddress: "Any", action: "Deny", priority: 2_147_483_647, name: "Deny all" };
const door = {
  name: "front door",
  priority: 101,
  action: "Allow",
  tag: "ServiceTag",
  ipAddress: "AzureFrontDoor.Backend",
  headers: { "x-azure-fdid": ["0f6d…"] },
};
const office = { name: "caller 1", priority: 100, action: "Allow", ipAddress: "203.0.113.7/32" };
const restrictions = {
  ipSecurityRestrictions: [office, door],
  ipSecurityRestrictionsDefaultAction: "Deny",
  scmIpSecurityRestrictionsUseMain: false,
  scmIpSecurityRestrictions: [office],
  scmIpSecurityRestrictionsDefaultAction: "Deny",
};

/** What a refresh sees, and what the next update sends. */
async function refreshSite(siteConfig: object, answered: { web: object; app?: object }) {
  const known = { ...app, body: { properties: { siteConfig } } };
  azure.script = {
    [`GET ${id}`]: [{ body: { properties: answered.app ?? {} } }],
    [`GET ${id}/config/web`]: [{ body: { properties: answered.web } }],
    [`PUT ${id}`]: [made],
  };
  const seen = await functionApp.read(operation, id, known, outputs);
  const olds = seen?.inputs ?? known;
  await functionApp.update?.(operation, id, { news: known, olds, outputs });
  return { seen: olds.body.properties, sent: azure.requests.findLast(({ method }) => method === "PUT")?.json };
}

test("access rules as the program wrote them are not a change, in the form that Azure returns", async () => {
  const web = {
    ...restrictions,
    ipSecurityRestrictions: [{ ...office, tag: "Default", headers: null, subnetMask: null }, door, others],
    scmIpSecurityRestrictions: [{ ...office, tag: "Default" }, others],
  };
  expect((await refreshSite(restrictions, { web })).seen).toEqual({ siteConfig: restrictions });
});

test("access rules that somebody has changed are a change, and the next update writes the program's", async () => {
  const theirs = { ...office, name: "mine", ipAddress: "198.51.100.0/24" };
  const web = { ...restrictions, ipSecurityRestrictions: [theirs, door, others] };
  const { seen, sent } = await refreshSite(restrictions, { web });
  expect(seen).toEqual({ siteConfig: { ...restrictions, ipSecurityRestrictions: [theirs, door] } });
  expect(sent).toEqual({ properties: { siteConfig: restrictions } });
});

test("rules that the program does not have are a change, and so is an app that nobody can call; the next update opens it", async () => {
  const web = { ipSecurityRestrictions: [office, others], scmIpSecurityRestrictions: [all] };
  const found = await refreshSite({ minTlsVersion: "1.2" }, { web, app: { publicNetworkAccess: "Disabled" } });
  expect(found.seen).toEqual({
    siteConfig: {
      minTlsVersion: "1.2",
      ipSecurityRestrictions: [office],
      ipSecurityRestrictionsDefaultAction: "Deny",
    },
    publicNetworkAccess: "Disabled",
  });
  expect(found.sent).toEqual({
    properties: {
      siteConfig: { minTlsVersion: "1.2", ipSecurityRestrictions: [], ipSecurityRestrictionsDefaultAction: "Allow" },
      publicNetworkAccess: "Enabled",
    },
  });
});

test("an app that leaves its network is sent without one", async () => {
  azure.script[`PUT ${id}`] = [made];
  const olds = { ...app, body: { properties: { virtualNetworkSubnetId: "/subnets/app" } } };
  await functionApp.update?.(operation, id, { news: { ...app, body: { properties: {} } }, olds, outputs });
  expect(azure.requests[0]?.json).toMatchObject({ properties: { virtualNetworkSubnetId: null } });
});

test("removed access restrictions are sent as empty, once", async () => {
  azure.script[`PUT ${id}`] = [made];
  const bodyOf = (siteConfig: object) => ({ ...app, body: { properties: { siteConfig } } });
  const restricted = bodyOf({
    minTlsVersion: "1.2",
    ipSecurityRestrictions: [{ ipAddress: "203.0.113.7/32" }],
    ipSecurityRestrictionsDefaultAction: "Deny",
  });
  const free = bodyOf({ minTlsVersion: "1.2" });
  await functionApp.update?.(operation, id, { news: free, olds: restricted, outputs });
  await functionApp.update?.(operation, id, { news: free, olds: free, outputs });
  expect(azure.requests.map(({ json }) => json)).toEqual([
    {
      properties: {
        siteConfig: {
          minTlsVersion: "1.2",
          ipSecurityRestrictions: [],
          ipSecurityRestrictionsDefaultAction: "Allow",
        },
      },
    },
    free.body,
  ]);
});

test("deleting it keeps its plan", async () => {
  azure.script[`DELETE ${id}`] = [{ status: 200 }];
  await functionApp.delete(operation, id, app);
  expect(azure.requests).toMatchObject([
    { method: "DELETE", url: `${id}?api-version=2024-04-01&deleteEmptyServerFarm=false` },
  ]);
});
