import type { JsonObject } from "../../src/platform/web/json.ts";
import {
  conversion,
  flowBody,
  flowService,
  getFlow,
  identityMappings,
  mappingSetBody,
  newFlow,
  Platform,
  schema,
  schemaRegistry,
  type Wiring,
  wire,
} from "./harness.ts";
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

describe("creating a flow", () => {
  let wiring: Wiring;
  beforeEach(async () => {
    wiring = await wire(platform);
  });

  const create = (changes: JsonObject) =>
    platform.call("POST", `${flowService}/flows`, { body: flowBody(wiring, changes) });
  const mapping = (mappingId: string, mappingVersion = 0) => ({
    transformations: [{ name: "Mapping", params: { mappingId, mappingVersion } }],
  });

  test("returns id, etag and location", async () => {
    const answer = await create({});
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.body)).toEqual(["id", "etag"]);
    expect(answer.headers.get("location")).toBe(`/flows/${String(answer.body.id)}`);
  });

  test("refuses an empty body", async () => {
    for (const body of [undefined, {}, []]) {
      expectFlowProblem(
        await platform.call("POST", `${flowService}/flows`, { body }),
        "1405-400",
        "The request body cannot be null or empty. Please provide a request body and try again.",
      );
    }
  });

  test("refuses a state", async () => {
    expectFlowProblem(
      await create({ state: "enabled" }),
      "1410-400",
      "`State` is not allowed in the create flow request.",
    );
  });

  test("refuses unknown specs and connections", async () => {
    expectFlowProblem(await create({ flowSpec: { id: "none", version: "1.0" } }), "1413-400", /spec ID/);
    expectFlowProblem(
      await create({ sourceConnectionIds: ["none"] }),
      "1101-404",
      /does not exist/,
      "Resource not found",
    );
    expectFlowProblem(await create({ targetConnectionIds: [] }), "1101-404", /does not exist/, "Resource not found");
  });

  test("refuses mappings that don't exist, by id or by version", async () => {
    expectFlowProblem(
      await create(mapping("0".repeat(32))),
      "1419-400",
      `Error while validating mapping with id ${"0".repeat(32)}, version 0. This could be because of inadequate permissions on mapped fields. Please check your mapping or contact your admin.`,
    );
    expectFlowProblem(
      await create(mapping(wiring.mappingSet, 1)),
      "1412-400",
      "Invalid Mapping Version in request. Please provide correct mapping version.",
    );
  });

  test("refuses a transformation of another name, and options out of range", async () => {
    expectFlowProblem(await create({ transformations: [{ name: "mapping", params: {} }] }), "1100-400", /mapping/);
    expectFlowProblem(await create({ options: { partialIngestionPercent: 0 } }), "1100-400", /option spec/);
  });

  test("refuses dataset and mapping of different schemas", async () => {
    const other = await platform.call("POST", `${schemaRegistry}/tenant/schemas`, {
      body: schema(wiring.fieldGroup, "Other"),
    });
    const set = await platform.call("POST", `${conversion}/mappingSets`, {
      body: mappingSetBody(String(other.body.$id), identityMappings),
    });
    const id = String(set.body.id);
    expectFlowProblem(
      await create(mapping(id)),
      "1425-400",
      `Error while matching schema in target dataset ${wiring.dataset} with schema in mapping ${id}. Schema with same id and version must be used in both mapping and target dataset.`,
    );
  });
});

describe("enabling", () => {
  test("takes time: no inlet until then, and a new etag afterwards", async () => {
    await restart({ activationSeconds: 6 });
    const wiring = await wire(platform);
    const createdAt = platform.now;
    const created = await platform.call("POST", `${flowService}/flows`, { body: flowBody(wiring) });
    const id = String(created.body.id);
    platform.pass(5);
    expect(await getFlow(platform, id)).toMatchObject({
      state: "enabling",
      etag: created.body.etag,
      createdAt,
      updatedAt: createdAt,
      options: {},
    });
    platform.pass(60);
    const enabled = await getFlow(platform, id);
    expect(enabled).toMatchObject({
      id,
      name: "Customer.io",
      state: "enabled",
      version: enabled.etag,
      createdAt,
      updatedAt: createdAt + 6000,
      options: { inletUrl: expect.stringMatching(/\/collection\/[0-9a-f]{64}$/) },
      lastOperation: { started: 0, updated: 0, operation: "enable" },
      sandboxName: "dev",
      runs: `/runs?property=flowId==${id}`,
      inheritedAttributes: {
        properties: { isSourceFlow: true },
        sourceConnections: [
          { id: wiring.source, connectionSpec: { id: "96479064-7b8a-4d69-b9ed-21c5683837ea", version: "1.0" } },
        ],
        targetConnections: [
          { id: wiring.target, connectionSpec: { id: "c604ff05-7f1a-43c0-8e18-33bf874cb11c", version: "1.0" } },
        ],
      },
    });
    expect(enabled.etag).not.toBe(created.body.etag);
    const seconds = Math.floor((createdAt + 6000) / 1000).toString(16);
    expect(enabled.etag).toMatch(new RegExp(`^"[0-9a-f]{8}-0000-0200-0000-${seconds}0000"$`));
  });

  test("until then changes are refused, unless a switch allows them", async () => {
    await restart({ activationSeconds: 6 });
    const flow = await newFlow(platform, await wire(platform));
    const path = `${flowService}/flows/${flow}`;
    const { etag } = await getFlow(platform, flow);
    const patch = { body: [{ op: "replace", path: "/name", value: "x" }], headers: { "If-Match": String(etag) } };
    expectFlowProblem(
      await platform.call("PATCH", path, patch),
      "1420-400",
      "The current state enabling cannot be updated.",
    );
    expectFlowProblem(
      await platform.call("POST", `${path}/action?op=disable`),
      "1421-400",
      "The current state enabling cannot be transitioned.",
    );
    expectFlowProblem(
      await platform.call("DELETE", path),
      "1458-400",
      "Operation delete cannot be applied in state enabling.",
    );
    await restart({ activationSeconds: 6, switches: { transitionalStates: "allowed" } });
    const other = await newFlow(platform, await wire(platform));
    expect((await platform.call("DELETE", `${flowService}/flows/${other}`)).status).toBe(204);
  });

  test("by action is later, with the same inlet, and disabling is immediate", async () => {
    await restart({ activationSeconds: 6, warmUpSeconds: 0 });
    const flow = await newFlow(platform, await wire(platform));
    platform.pass(6);
    const before = await getFlow(platform, flow);
    const action = (op: string) => platform.call("POST", `${flowService}/flows/${flow}/action?op=${op}`);
    expectFlowProblem(
      await action("enable"),
      "1422-400",
      "The action enable cannot be applied on the current state enabled. Please update the action and try again.",
    );
    const disabled = await action("DISABLE");
    expect(disabled.json).toEqual({ id: flow, etag: expect.any(String) });
    expect(disabled.body.etag).not.toBe(before.etag);
    expect(await getFlow(platform, flow)).toMatchObject({ state: "disabled", options: before.options });
    expectFlowProblem(await action("disable"), "1422-400", /current state disabled/);
    expect((await action("enable")).status).toBe(200);
    expect(await getFlow(platform, flow)).toMatchObject({ state: "enabling" });
    platform.pass(6);
    expect(await getFlow(platform, flow)).toMatchObject({ state: "enabled", options: before.options });
  });
});

test("options are kept, but the inlet's URL is the service's own", async () => {
  const options = { errorDiagnosticsEnabled: true, inletUrl: "http://elsewhere" };
  const flow = await newFlow(platform, await wire(platform), { options });
  expect((await getFlow(platform, flow)).options).toEqual({
    errorDiagnosticsEnabled: true,
    inletUrl: expect.stringMatching(new RegExp(`^${platform.url}/collection/`)),
  });
});

describe("changing a flow", () => {
  test("a deletion that finalizes takes a while: the flow can't be changed, and holds its connections", async () => {
    await restart({ activationSeconds: 6, switches: { flowDeletion: "finalizes" } });
    const wiring = await wire(platform);
    const flow = await newFlow(platform, wiring);
    const path = `${flowService}/flows/${flow}`;
    platform.pass(6);
    expect((await platform.call("DELETE", path)).status).toBe(204);
    const leaving = await getFlow(platform, flow);
    expect(leaving).toMatchObject({ state: "delete-finalizing", lastOperation: { operation: "delete" } });
    const state = "state delete-finalizing";
    expectFlowProblem(
      await platform.call("DELETE", path),
      "1458-400",
      `Operation delete cannot be applied in ${state}.`,
    );
    const body = [{ op: "replace", path: "/name", value: "x" }];
    const patch = { body, headers: { "If-Match": String(leaving.etag) } };
    expectFlowProblem(await platform.call("PATCH", path, patch), "1420-400", `The current ${state} cannot be updated.`);
    const target = `${flowService}/targetConnections/${wiring.target}`;
    expectFlowProblem(await platform.call("DELETE", target), "1447-400", /active flows/);
    platform.pass(6);
    expect((await platform.call("GET", path)).status).toBe(404);
    expect((await platform.call("DELETE", target)).status).toBe(204);
  });

  async function prepareFlow(): Promise<{ wiring: Wiring; flow: string; etag: string; path: string }> {
    const wiring = await wire(platform);
    const flow = await newFlow(platform, wiring);
    const etag = String((await getFlow(platform, flow)).etag);
    return { wiring, flow, etag, path: `${flowService}/flows/${flow}` };
  }

  test("needs the current etag with its inner quotes", async () => {
    const { path, etag, flow } = await prepareFlow();
    const body = [{ op: "replace", path: "/name", value: "Renamed" }];
    expectFlowProblem(
      await platform.call("PATCH", path, { body }),
      "1403-400",
      "The header 'If-Match' is missing in the request. Please provide the header and try again.",
      "Header is missing",
    );
    const bare = etag.replaceAll('"', "");
    expectFlowProblem(
      await platform.call("PATCH", path, { body, headers: { "If-Match": bare } }),
      "1404-412",
      `The supplied version '${bare}' does not match the current version on entity '${etag}'. Please ensure that the supplied version matches the current version on entity and try again.`,
      "Version not matching",
    );
    const patched = await platform.call("PATCH", path, { body, headers: { "If-Match": etag } });
    expect(patched.status).toBe(200);
    expect(patched.body.id).toBe(flow);
    expect(await getFlow(platform, flow)).toMatchObject({ name: "Renamed", etag: patched.body.etag });
    const stale = await platform.call("PATCH", path, { body, headers: { "If-Match": etag } });
    expect(stale.status).toBe(412);
  });

  test("replaces the mapping at /transformations/0", async () => {
    const { path, etag, flow, wiring } = await prepareFlow();
    const set = await platform.call("POST", `${conversion}/mappingSets`, {
      body: mappingSetBody(wiring.schema, identityMappings),
    });
    const value = { name: "Mapping", params: { mappingId: String(set.body.id), mappingVersion: 0 } };
    const body = [{ op: "replace", path: "/transformations/0", value }];
    expect((await platform.call("PATCH", path, { body, headers: { "If-Match": etag } })).status).toBe(200);
    expect((await getFlow(platform, flow)).transformations).toEqual([value]);
    const fresh = String((await getFlow(platform, flow)).etag);
    const unknown = [{ op: "replace", path: "/transformations/0/params/mappingId", value: "none" }];
    expectFlowProblem(
      await platform.call("PATCH", path, { body: unknown, headers: { "If-Match": fresh } }),
      "1419-400",
      /id none/,
    );
  });

  test.each([
    [[], "1405-400", /request body cannot be null or empty/],
    [
      [{ op: "move", path: "/name", from: "/x" }],
      "1434-400",
      "Unsupported operation 'move' received. Please use one of the supported operation types and try again.",
    ],
    [
      [{ op: "replace", path: "/sourceConnectionIds/0", value: "x" }],
      "1455-400",
      'An error has occurred while validating patch instructions: Missing field "sourceConnectionIds/0".',
    ],
    [[{ op: "replace", path: "/transformations/3", value: {} }], "1455-400", /Missing field "3"/],
    [[{ op: "add", path: "/name" }], "1455-400", /Missing field "value"/],
  ])("the patch %j is refused", async (body, code, message) => {
    const { path, etag } = await prepareFlow();
    expectFlowProblem(await platform.call("PATCH", path, { body, headers: { "If-Match": etag } }), code, message);
  });

  test("a description that was never given may be replaced", async () => {
    const { path, etag, flow } = await prepareFlow();
    const body = [{ op: "REPLACE", path: "/description", value: "Now" }];
    await platform.call("PATCH", path, { body, headers: { "If-Match": etag } });
    expect((await getFlow(platform, flow)).description).toBe("Now");
  });

  test("a deleted flow is gone", async () => {
    const { path, flow } = await prepareFlow();
    expect((await platform.call("DELETE", path)).status).toBe(204);
    for (const method of ["GET", "DELETE"]) {
      expectFlowProblem(
        await platform.call(method, path),
        "1439-404",
        `The requested flows resource ${flow} is not found. Verify the resource ID before trying again.`,
        "Resource not found",
      );
    }
  });
});
