import { credentials, flowService, newFlow, Platform, sourceConnection, targetConnection, wire } from "./harness.ts";
import { expectFlowProblem } from "./problems.ts";

let platform: Platform;

beforeEach(async () => {
  platform = await Platform.start();
});
afterEach(() => platform.close());

async function restart(options: Parameters<typeof Platform.start>[0]): Promise<void> {
  await platform.close();
  platform = await Platform.start(options);
}

describe("specifications", () => {
  test("an unknown one is refused with 404, or with 400 as Adobe's page of errors has it", async () => {
    await restart({ switches: { goneFlowObject: 400 } });
    const unknown = await platform.call("GET", `${flowService}/connectionSpecs/none`);
    const message =
      "The requested connectionSpecs resource none is not found. Verify the resource ID before trying again.";
    expectFlowProblem(unknown, "1439-400", message, "Resource not found");
  });

  test("include the Customer.io source and the generic streaming flow", async () => {
    const source = await platform.call("GET", `${flowService}/connectionSpecs/96479064-7b8a-4d69-b9ed-21c5683837ea`);
    expect(source.body.items).toEqual([expect.objectContaining({ name: "customerio", version: "1.0" })]);
    const flow = await platform.call("GET", `${flowService}/flowSpecs/e77fde5a-22a8-11ed-861d-0242ac120002`);
    expect(flow.body.items).toEqual([expect.objectContaining({ name: "GenericStreamingAEP" })]);
    const list = await platform.call("GET", `${flowService}/connectionSpecs?property=name==customerio`);
    expect(list.body.items).toHaveLength(1);
    const unknown = await platform.call("GET", `${flowService}/connectionSpecs/none`);
    expectFlowProblem(
      unknown,
      "1439-404",
      "The requested connectionSpecs resource none is not found. Verify the resource ID before trying again.",
      "Resource not found",
    );
  });

  test("hide the Customer.io source from an org without it", async () => {
    await restart({ switches: { customerIoSource: "not-entitled" } });
    const path = `${flowService}/connectionSpecs/96479064-7b8a-4d69-b9ed-21c5683837ea`;
    expect((await platform.call("GET", path)).status).toBe(404);
    const created = await platform.call("POST", `${flowService}/sourceConnections`, { body: sourceConnection() });
    expectFlowProblem(
      created,
      "1100-400",
      "The request could not be processed. Error from flow provider: Not entitled to this operation.",
    );
  });
});

describe("the HTTP API source", () => {
  const httpSpec = { id: "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", version: "1.0" };
  const base = {
    name: "Events",
    connectionSpec: httpSpec,
    auth: { specName: "Streaming Connection", params: { dataType: "raw", authenticationRequired: true } },
  };

  test("is hidden from an organization without it", async () => {
    await restart({ switches: { httpApiSource: "not-entitled" } });
    expect((await platform.call("GET", `${flowService}/connectionSpecs/${httpSpec.id}`)).status).toBe(404);
    expectFlowProblem(
      await platform.call("POST", `${flowService}/connections`, { body: base }),
      "1100-400",
      "The request could not be processed. Error from flow provider: Not entitled to this operation.",
    );
  });

  test.each([
    ["required", 401],
    ["optional", 200],
  ] as const)("has an inlet that takes a token; the organization is %s", async (inletOrganization, status) => {
    await restart({ switches: { inletOrganization } });
    const wiring = await wire(platform);
    const { body } = await platform.call("POST", `${flowService}/connections`, { body: base });
    const source = { name: "Events", connectionSpec: httpSpec, baseConnectionId: String(body.id) };
    const made = await platform.call("POST", `${flowService}/sourceConnections`, { body: source });
    const flow = await newFlow(platform, wiring, {
      flowSpec: { id: "c1a19761-d2c7-4702-b9fa-fe91f0613e81", version: "1.0" },
      sourceConnectionIds: [String(made.body.id)],
    });
    const { items } = (await platform.call("GET", `${flowService}/connections/${String(body.id)}`)).body;
    const [shown] = items as [{ auth: { params: { inletUrl: string } } }];
    const post = (headers: Record<string, string>) => {
      const path = `${new URL(shown.auth.params.inletUrl).pathname}?x-adobe-flow-id=${flow}`;
      const usual = { "Content-Type": "application/json", Authorization: `Bearer ${platform.token}` };
      return platform.plain("POST", path, { ...usual, ...headers }, "{}");
    };
    expect((await post({})).status).toBe(status);
    expect((await post({ "x-gw-ims-org-id": credentials.orgId })).status).toBe(200);
    expect((await post({ "x-gw-ims-org-id": "other@AdobeOrg" })).status).toBe(401);
    expect((await post({ Authorization: "" })).status).toBe(401);
  });
});

describe("connections", () => {
  test("are created, read, listed, changed with their etag, and deleted", async () => {
    const path = `${flowService}/sourceConnections`;
    const created = await platform.call("POST", path, { body: sourceConnection() });
    expect(created.status).toBe(201);
    expect(created.json).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      etag: expect.stringMatching(/^"[0-9a-f]{8}-0000-0200-0000-[0-9a-f]{8}0000"$/),
    });
    const { id, etag } = created.body;
    const read = await platform.call("GET", `${path}/${String(id)}`);
    expect(read.body.items).toEqual([
      expect.objectContaining({
        id,
        etag,
        version: etag,
        name: "Customer.io",
        state: "enabled",
        data: { format: "json" },
      }),
    ]);
    const list = await platform.call("GET", `${path}?property=name==Customer.io`);
    expect(list.body).toMatchObject({ items: [{ id }], _links: {} });

    const body = [{ op: "add", path: "/description", value: "Mine" }];
    const patched = await platform.call("PATCH", `${path}/${String(id)}`, {
      body,
      headers: { "If-Match": String(etag) },
    });
    expect(patched.json).toEqual({ id, etag: expect.any(String) });
    expect(patched.body.etag).not.toBe(etag);
    const spec = [{ op: "replace", path: "/connectionSpec/id", value: "x" }];
    expectFlowProblem(
      await platform.call("PATCH", `${path}/${String(id)}`, {
        body: spec,
        headers: { "If-Match": String(patched.body.etag) },
      }),
      "1414-400",
      "The connection spec of a connection cannot be updated.",
    );
    expect((await platform.call("DELETE", `${path}/${String(id)}`)).status).toBe(204);
    expect((await platform.call("GET", `${path}/${String(id)}`)).status).toBe(404);
    expect((await platform.call("DELETE", `${path}/${String(id)}`)).status).toBe(404);
  });

  test.each([
    [{ connectionSpec: { id: "none", version: "1.0" } }, "1413-400", /spec ID provided is {2}invalid/],
    [{ connectionSpec: { id: "96479064-7b8a-4d69-b9ed-21c5683837ea", version: "9.0" } }, "1413-400", /spec ID/],
    [{ data: { format: "delimited" } }, "1100-400", /json/],
    [{ baseConnectionId: "none" }, "1101-404", /Resource with given id does not exist/],
  ])("a source connection with %j is refused", async (changes, code, message) => {
    const body = { ...sourceConnection(), ...changes };
    const answer = await platform.call("POST", `${flowService}/sourceConnections`, { body });
    expectFlowProblem(answer, code, message, code === "1101-404" ? "Resource not found" : undefined);
  });

  test("a target connection needs a dataset that exists", async () => {
    const { schema: id } = await wire(platform);
    const body = targetConnection(id, "none");
    const answer = await platform.call("POST", `${flowService}/targetConnections`, { body });
    expectFlowProblem(answer, "1100-400", /The dataset 'none' does not exist/);
  });

  test("a flow prevents the deletion of its connections and their base connection", async () => {
    const wiring = await wire(platform);
    const base = await platform.call("POST", `${flowService}/connections`, { body: sourceConnection() });
    const baseConnectionId = String(base.body.id);
    const source = await platform.call("POST", `${flowService}/sourceConnections`, {
      body: { ...sourceConnection(), baseConnectionId },
    });
    const flow = await newFlow(platform, wiring, { sourceConnectionIds: [String(source.body.id)] });
    const tryDelete = async (kind: string, id: string) => platform.call("DELETE", `${flowService}/${kind}/${id}`);
    expectFlowProblem(
      await tryDelete("sourceConnections", String(source.body.id)),
      "1447-400",
      `Found active flows containing id ${String(source.body.id)}.`,
    );
    expectFlowProblem(
      await tryDelete("targetConnections", wiring.target),
      "1447-400",
      `Found active flows containing id ${wiring.target}.`,
    );
    expectFlowProblem(await tryDelete("connections", baseConnectionId), "1418-400", /cannot be deleted/);
    expect((await platform.call("DELETE", `${flowService}/flows/${flow}`)).status).toBe(204);
    for (const [kind, id] of [
      ["sourceConnections", String(source.body.id)],
      ["targetConnections", wiring.target],
      ["connections", baseConnectionId],
    ]) {
      expect((await tryDelete(String(kind), String(id))).status).toBe(204);
    }
  });
});
