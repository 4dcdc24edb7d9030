import { armResource } from "../../../relay/deploy/resources/arm/arm-resource.ts";
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

  test("one that exists is not written if there is nothing to send, such as a queue with marks", async () => {
    const empty = { ...inputs, body: { properties: {} } };
    azure.script[`GET ${queue}`] = [
      { status: 200, body: JSON.stringify({ properties: { metadata: { intake: "open" } } }) },
    ];
    expect(await armResource.create(operation, empty)).toEqual({ id: queue, outputs: {} });
    await armResource.update?.(operation, queue, { news: empty, olds: empty, outputs: {} });
    expect(azure.requests.map(({ method }) => method)).toEqual(["GET", "GET"]);
    azure.script = {
      [`GET ${queue}`]: [gone],
      [`PUT ${queue}`]: [{ status: 201, body: JSON.stringify({ id: queue }) }],
    };
    azure.restart();
    await armResource.create(operation, empty);
    expect(listCalls().at(-1)).toEqual({ call: `PUT ${queue}?api-version=2024-01-01`, json: empty.body });
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

  test("a workbook is read with its content, which Azure leaves out otherwise and may write in another way", async () => {
    const bodyWith = (serializedData: string) => ({ properties: { serializedData } });
    const book = {
      ...inputs,
      parentId: group,
      path: "providers/Microsoft.Insights/workbooks/b",
      body: bodyWith('{"version":"1","items":[{"a":1,"b":2}]}'),
    };
    const id = `${book.parentId}/${book.path}`;
    const other = '{"version":"1","items":[]}';
    azure.script[`GET ${id}`] = [other, '{ "items": [{ "b": 2, "a": 1 }], "version": "1" }'].map((content) => ({
      status: 200,
      body: JSON.stringify(bodyWith(content)),
    }));
    expect((await armResource.read(operation, id, book, {}))?.inputs.body).toEqual(bodyWith(other));
    expect((await armResource.read(operation, id, book, {}))?.inputs.body).toEqual(book.body);
    azure.restart();
    await armResource.read(operation, id, book, {});
    expect(listCalls()).toEqual([{ call: `GET ${id}?api-version=2024-01-01&canFetchContent=true`, json: undefined }]);
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
