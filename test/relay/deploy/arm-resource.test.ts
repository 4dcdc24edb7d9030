import { armResource } from "../../../relay/deploy/resources/arm/arm-resource.ts";
import { functionApp } from "../../../relay/deploy/resources/arm/function-app.ts";
import { vaultSecret } from "../../../relay/deploy/resources/arm/vault-secret.ts";
import { type AzureServer, failure, gone, operationOn, type TestOperation, useAzure } from "./azure-server.ts";

const group = "/subscriptions/s/resourceGroups/g";
const account = `${group}/providers/Microsoft.Storage/storageAccounts/a`;
const path = "queueServices/default/queues/events";
const queue = `${account}/${path}`;
const inputs = { parentId: account, path, apiVersion: "2024-01-01", body: { properties: { metadata: { a: "B" } } } };

let azure: AzureServer;
let operation: TestOperation;

useAzure((server) => {
  azure = server;
  operation = operationOn(azure);
});

const listCalls = () => azure.requests.map(({ method, url, json }) => ({ call: `${method} ${url}`, json }));

describe("ArmResource", () => {
  test("it is created by one PUT, which adopts an existing resource", async () => {
    azure.script[`PUT ${queue}`] = [{ status: 200, body: JSON.stringify({ id: queue }) }];
    expect(await armResource.create(operation, inputs)).toEqual({ id: queue, outputs: {} });
    expect(listCalls()).toEqual([{ call: `PUT ${queue}?api-version=2024-01-01`, json: inputs.body }]);
  });

  test("a resource that Azure accepts and finishes later counts as created", async () => {
    azure.script[`PUT ${queue}`] = [{ status: 202, body: "" }];
    expect(await armResource.create(operation, inputs)).toEqual({ id: queue, outputs: {} });
  });

  test("the operation waits while Azure is creating it, and fails if the creation fails", async () => {
    const state = (provisioningState: string) => ({
      status: 200,
      body: JSON.stringify({ properties: { provisioningState } }),
    });
    azure.script[`GET ${queue}`] = [state("Creating"), state("Succeeded"), state("Failed")];
    azure.script[`PUT ${queue}`] = [state("Creating")];
    await armResource.create(operation, inputs);
    expect(listCalls().map(({ call }) => call.split(" ")[0])).toEqual(["PUT", "GET", "GET"]);
    expect(operation.shown).toEqual(["waiting for Azure to create queues events"]);
    const { message } = await failure(armResource.create(operation, inputs));
    expect(message).toContain(`Azure could not create ${queue}: its state is failed. To try again, run: npx pulumi up`);
  });

  test.each([
    ["in the answer to the write", "Failed"],
    ["only later", "Updating"],
  ])("a resource of the network provider that Azure reports as failed %s is written again", async (_, answered) => {
    const endpoint = `${group}/providers/Microsoft.Network/privateEndpoints/queue`;
    const state = (provisioningState: string) => ({ status: 200, body: { properties: { provisioningState } } });
    azure.script[`PUT ${endpoint}`] = [state(answered), state("Updating")];
    azure.script[`GET ${endpoint}`] = [state("Failed"), state("Succeeded")];
    const network = { ...inputs, parentId: group, path: "providers/Microsoft.Network/privateEndpoints/queue" };
    expect(await armResource.create(operation, network)).toMatchObject({ id: endpoint });
    expect(azure.requests.map(({ method }) => method)).toEqual(["PUT", "GET", "PUT", "GET"]);
    expect(operation.shown).toEqual(["Azure could not create privateEndpoints/queue; trying again"]);
  });

  describe("a private network that moves", () => {
    const network = `${group}/providers/Microsoft.Network`;
    const permit = async (id: string, olds: object, news: object, replaces = false) => {
      const change = { olds: { ...inputs, body: olds }, news: { ...inputs, body: news }, replaces, unknown: [] };
      await armResource.permit?.(operation, `${network}/${id}`, change as never);
    };
    const endpoint = (id?: string) => ({ location: "westeurope", properties: { ...(id && { subnet: { id } }) } });
    const net = (prefix: string, more: object[] = []) => ({
      tags: { more: String(more.length) },
      properties: { subnets: [...more, { name: "app", properties: { addressPrefix: prefix } }] },
    });

    test("is refused before the update, with the way to do it", async () => {
      const moved = permit("privateEndpoints/blob", endpoint("/net/subnets/a"), endpoint("/hub/subnets/b"));
      await expect(moved).rejects.toThrow(
        /^Azure can't change the subnet of the private endpoint blob\. .*privateNetwork\.enabled to false, .*networking\.md/,
      );
      await expect(permit("virtualNetworks/net", net("10.0.0.0/25"), net("10.0.1.0/25"))).rejects.toThrow(
        /^Azure can't change the addresses of the subnet app of the virtual network net\. /,
      );
    });

    test("is not confused with other changes", async () => {
      await permit("privateEndpoints/blob", endpoint("/net/subnets/a"), endpoint("/NET/subnets/A"));
      // A preview may not know the subnet yet; in a replacement, Azure gets another endpoint.
      await permit("privateEndpoints/blob", endpoint("/net/subnets/a"), endpoint());
      await permit("privateEndpoints/blob", endpoint("/net/subnets/a"), endpoint("/hub/subnets/b"), true);
      // Somebody added a subnet.
      const added = { name: "more", properties: { addressPrefix: "10.0.0.192/26" } };
      await permit("virtualNetworks/net", net("10.0.0.0/25", [added]), net("10.0.0.0/25"));
      await permit("privateDnsZones/zone/virtualNetworkLinks/net", net("10.0.0.0/25"), net("10.0.1.0/25"));
    });
  });

  test("a namespace that the subscription is not registered for is reported with the command that registers it", async () => {
    const message = "The subscription is not registered to use namespace 'Microsoft.EventGrid'.";
    azure.script[`PUT ${queue}`] = [
      { status: 409, body: JSON.stringify({ error: { code: "MissingSubscriptionRegistration", message } }) },
    ];
    const refused = await failure(armResource.create(operation, inputs));
    expect(refused.message).toContain("namespace 'Microsoft.EventGrid'");
    expect(refused.message).toContain("az provider register --namespace <namespace> --wait");
  });

  test("another conflict is reported at once", async () => {
    const exists = { error: { code: "RoleAssignmentExists", message: "The role assignment already exists." } };
    azure.script[`PUT ${queue}`] = [{ status: 409, body: JSON.stringify(exists) }];
    expect((await failure(armResource.create(operation, inputs))).message).toContain("RoleAssignmentExists");
    expect(azure.requests).toHaveLength(1);
  });

  test("a denial by Azure Policy names the setting that decides it", async () => {
    const info = (path: string) => ({
      policyAssignmentId: "/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/tags",
      policyAssignmentScope: "/subscriptions/s",
      evaluationDetails: { evaluatedExpressions: [{ path: "type" }, { path }] },
    });
    const denyWith = (path: string) => ({
      status: 403,
      body: JSON.stringify({
        error: {
          code: "RequestDisallowedByPolicy",
          message: "Resource 'events' was disallowed by policy.",
          additionalInfo: [{ type: "PolicyViolation", info: info(path) }],
        },
      }),
    });
    azure.script[`PUT ${queue}`] = [denyWith("tags['owner']"), denyWith("properties.allowedCopyScope")];
    const readRefusal = async () => (await failure(armResource.create(operation, inputs))).message;
    expect(await readRefusal()).toContain("npx pulumi config set --path azureTags.owner <value>");
    expect(await readRefusal()).toContain(
      "az policy exemption create --name customerio-aep --policy-assignment /subscriptions/s/",
    );
  });

  test("a change is sent to the id in the state, even if the program now derives another name", async () => {
    const old = `${account}/providers/Microsoft.Authorization/roleAssignments/by-chance`;
    azure.script[`PUT ${old}`] = [{ status: 200, body: "{}" }];
    await armResource.update?.(operation, old, { news: inputs, olds: inputs, outputs: {} });
    expect(azure.requests).toHaveLength(1);
  });

  test("only the properties that the program sets are compared with Azure's", async () => {
    const answers = (metadata: object) => ({
      status: 200,
      body: JSON.stringify({ properties: { metadata, count: 3 } }),
    });
    azure.script[`GET ${queue}`] = [answers({ a: "b", more: 1 }), answers({ a: "other" }), { status: 200, body: "{}" }];
    const read = async () => (await armResource.read(operation, queue, inputs, {}))?.inputs.body;
    // Azure sometimes changes the capitals of ids and words.
    expect(await read()).toEqual(inputs.body);
    expect(await read()).toEqual({ properties: { metadata: { a: "other" } } });
    expect(await read()).toEqual(inputs.body);
  });

  test("it is gone when Azure says so, and deleting it again succeeds", async () => {
    azure.script = { [`GET ${queue}`]: [gone], [`DELETE ${queue}`]: [gone] };
    expect(await armResource.read(operation, queue, inputs, {})).toBeUndefined();
    await armResource.delete(operation, queue, inputs as never);
  });

  test("a proxy's 404 does not count as gone", async () => {
    azure.script[`GET ${queue}`] = [{ status: 404, body: "<html>" }];
    await failure(armResource.read(operation, queue, inputs, {}));
  });
});

describe("an ArmResource of Azure's network provider", () => {
  const inputs = {
    parentId: group,
    path: "providers/Microsoft.Network/virtualNetworks/net",
    apiVersion: "2024-05-01",
    body: { location: "westeurope" },
  };
  const id = `${group}/${inputs.path}`;
  const answer = (provisioningState: string) => ({ status: 200, body: { properties: { provisioningState } } });

  test("is done once Azure has created it", async () => {
    azure.script = {
      [`GET ${id}`]: [gone, answer("Updating"), answer("Succeeded")],
      [`PUT ${id}`]: [{ status: 202 }],
    };
    await armResource.create(operation, inputs);
    expect(azure.requests.filter(({ method }) => method === "GET")).toHaveLength(3);
  });

  test("is written again if Azure could not create it, a few times", async () => {
    azure.script = {
      [`GET ${id}`]: [answer("Updating"), answer("Failed"), answer("Updating"), answer("Succeeded")],
      [`PUT ${id}`]: [{ status: 201 }],
    };
    await armResource.create(operation, inputs);
    const puts = () => azure.requests.filter(({ method }) => method === "PUT");
    expect(puts()).toHaveLength(2);
    expect(operation.clock.sleeps).toContain(15_000);
    azure.script[`GET ${id}`] = [answer("Failed")];
    azure.restart();
    const error = await failure(armResource.create(operation, inputs));
    expect(error.message).toMatch(/^Azure says Failed of .*npx pulumi up$/);
    expect(puts()).toHaveLength(4);
  });

  test("is gone only when Azure says so, and Azure may need time to free it", async () => {
    const inUse = { status: 400, body: { error: { code: "InUseSubnetCannotBeDeleted", message: "in use" } } };
    azure.script = { [`DELETE ${id}`]: [inUse, { status: 202 }], [`GET ${id}`]: [answer("Deleting"), gone] };
    await armResource.delete(operation, id, inputs as never);
    expect(azure.requests.map(({ method }) => method)).toEqual(["DELETE", "DELETE", "GET", "DELETE", "GET"]);
  });
});

describe("VaultSecret", () => {
  const vaultId = `${group}/providers/Microsoft.KeyVault/vaults/v`;
  const id = `${vaultId}/secrets/key`;
  const uri = "https://v.vault.azure.net/secrets/key/1";

  test("it is written and identified by its version; no message contains its value", async () => {
    azure.script[`PUT ${id}`] = [
      { status: 200, body: JSON.stringify({ properties: { secretUriWithVersion: uri } }) },
      { status: 400, body: JSON.stringify({ error: { code: "BadRequest", message: "no" } }) },
    ];
    const secret = { vaultId, name: "key", value: "s3cret" };
    expect(await vaultSecret.create(operation, secret)).toEqual({ id, outputs: { uriWithVersion: uri } });
    const error = await failure(vaultSecret.create(operation, secret));
    expect(error.message).not.toContain("s3cret");
  });

  test.each([
    ["the version that the stack wrote", { secretUriWithVersion: uri, attributes: { enabled: true } }, "s3cret"],
    ["another version", { secretUriWithVersion: "https://v.vault.azure.net/secrets/key/2" }, ""],
    ["a disabled version", { secretUriWithVersion: uri, attributes: { enabled: false } }, ""],
  ])("a refresh finds %s", async (_, properties, value) => {
    azure.script[`GET ${id}`] = [{ status: 200, body: JSON.stringify({ properties }) }];
    const known = { vaultId, name: "key", value: "s3cret" };
    expect(await vaultSecret.read(operation, id, known, { uriWithVersion: uri })).toEqual({
      inputs: { ...known, value },
      outputs: { uriWithVersion: properties.secretUriWithVersion },
    });
  });

  test("a change of its expiry date alone keeps the version that the stack wrote", async () => {
    const found = { status: 200, body: { properties: { secretUriWithVersion: uri } } };
    azure.script = { [`GET ${id}`]: [found], [`PATCH ${id}`]: [found] };
    expect(await extend()).toEqual({ uriWithVersion: uri });
    expect(azure.requests.map(({ method }) => method)).toEqual(["GET", "PATCH"]);
  });

  test("tags that the program has no longer are removed", async () => {
    const found = { status: 200, body: { properties: { secretUriWithVersion: uri } } };
    azure.script = { [`GET ${id}`]: [found], [`PATCH ${id}`]: [found] };
    const news = { vaultId, name: "key", value: "s3cret" };
    const olds = { ...news, tags: { owner: "me" } };
    await vaultSecret.update?.(operation, id, { news, olds, outputs: { uriWithVersion: uri } });
    expect(azure.requests.at(-1)?.json).toEqual({ tags: {}, properties: {} });
  });

  test.each([
    ["another version", { secretUriWithVersion: "https://v.vault.azure.net/secrets/key/2" }],
    ["a disabled version", { secretUriWithVersion: uri, attributes: { enabled: false } }],
    ["none", undefined],
  ])(
    "it writes its value again if the vault has %s: the relay must not get a value that is not the stack's",
    async (_, properties) => {
      const third = "https://v.vault.azure.net/secrets/key/3";
      azure.script = {
        [`GET ${id}`]: [properties ? { status: 200, body: { properties } } : gone],
        [`PUT ${id}`]: [{ status: 200, body: { properties: { secretUriWithVersion: third } } }],
      };
      expect(await extend()).toEqual({ uriWithVersion: third });
      expect(azure.requests.at(-1)?.json).toMatchObject({ properties: { value: "s3cret" } });
      expect(operation.shown).toEqual([expect.stringContaining('writes the secret "key" again')]);
    },
  );

  /** Updates the secret by another expiry date. */
  function extend() {
    const olds = { vaultId, name: "key", value: "s3cret", expiresAt: "2027-01-01T00:00:00.000Z" };
    const news = { ...olds, expiresAt: "2027-04-01T00:00:00.000Z" };
    return vaultSecret.update?.(operation, id, { news, olds, outputs: { uriWithVersion: uri } });
  }

  test("it is deleted only with its vault: otherwise its name would stay taken, and an Owner may not delete it", async () => {
    await vaultSecret.delete(operation, id, { vaultId, name: "key", value: "s3cret" });
    expect(azure.requests).toEqual([]);
  });

  test("in a vault that stays, it is disabled, unless it is gone", async () => {
    const secret = { vaultId, name: "key", value: "s3cret", disableWhenDeleted: true };
    const found = { status: 200, body: JSON.stringify({ properties: { secretUriWithVersion: uri } }) };
    azure.script = { [`GET ${id}`]: [found, gone], [`PATCH ${id}`]: [found] };
    await vaultSecret.delete(operation, id, secret);
    expect(azure.requests.map(({ method }) => method)).toEqual(["GET", "PATCH"]);
    expect(azure.requests[1]?.json).toEqual({ properties: { attributes: { enabled: false } } });
    await vaultSecret.delete(operation, id, secret);
    expect(azure.requests).toHaveLength(3);
  });
});

describe("FunctionApp", () => {
  const id = `${group}/providers/Microsoft.Web/sites/app`;
  const app = { resourceGroupId: group, siteName: "app", body: { kind: "functionapp,linux" } };
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
    expect(await functionApp.create(operation, app)).toEqual({
      id,
      outputs: { hostName: "app.example", scmHostName: "app.scm.example" },
    });
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
    const outputs = { hostName: "app.example", scmHostName: "app.scm.example" };
    const seen = await functionApp.read(operation, id, known, outputs);
    expect(seen?.inputs.body).toEqual({ properties: { ...properties, httpsOnly: false } });
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
    const outputs = { hostName: "app.example", scmHostName: "app.scm.example" };
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
    const outputs = { hostName: "app.example", scmHostName: "app.scm.example" };
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
    const outputs = { hostName: "app.example", scmHostName: "app.scm.example" };
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
    expect(listCalls()).toMatchObject([{ call: `DELETE ${id}?api-version=2024-04-01&deleteEmptyServerFarm=false` }]);
  });
});
