import { type JsonObject, objectOf } from "../../src/platform/web/json.ts";
import {
  conversion,
  credentials,
  event,
  fieldGroup,
  fields,
  flowBody,
  flowing,
  flowService,
  getFlow,
  identityMappings,
  mappingSetBody,
  Platform,
  type RunningFlow,
  schemaRegistry,
} from "./harness.ts";

let platform: Platform;
let flow: RunningFlow;

async function start(options: Parameters<typeof Platform.start>[0] = {}, mappings: JsonObject[] = []): Promise<void> {
  platform = await Platform.start(options);
  flow = await flowing(platform, mappings);
}

afterEach(() => platform.close());

const problem = (status: number, title: string, message: unknown) => ({
  type: "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet",
  status,
  title,
  report: { message },
});

describe("a field that is added to the schema", () => {
  /** Adds a field and a flow that fills it. @returns sends an event to that flow, and gets its receipt */
  async function addField(): Promise<(event_id: string, phone: string | null) => Promise<JsonObject | undefined>> {
    const path = `${schemaRegistry}/tenant/fieldgroups/${encodeURIComponent(flow.fieldGroup)}`;
    const body = fieldGroup({ ...fields, phone: { type: "string" } });
    expect((await platform.call("PUT", path, { body })).status).toBe(200);
    const mapping = { sourceType: "ATTRIBUTE", source: "phone", destination: "_acme.phone" };
    const set = mappingSetBody(flow.schema, [...identityMappings, mapping]);
    const mappingSet = String((await platform.call("POST", `${conversion}/mappingSets`, { body: set })).body.id);
    const made = await platform.call("POST", `${flowService}/flows`, { body: flowBody({ ...flow, mappingSet }) });
    const id = String(made.body.id);
    const inletUrl = String(objectOf((await getFlow(platform, id)).options).inletUrl);
    return async (event_id, phone) => {
      expect((await platform.send(inletUrl, id, event({ event_id, phone }))).status).toBe(200);
      return (await platform.receipts()).find(({ eventId }) => eventId === event_id);
    };
  }

  test("is unknown for fifteen minutes, in which events that fill it are lost", async () => {
    await start();
    const send = await addField();
    platform.pass(899);
    const reason = expect.stringContaining("extraneous key [phone] is not permitted");
    expect(await send("early", "+1")).toMatchObject({ fate: "failed", reason });
    expect(await send("without", null)).toMatchObject({ fate: "delivered" });
    platform.pass(1);
    expect(await send("late", "+1")).toMatchObject({ fate: "delivered" });
  });

  test("with a switch: is known at once", async () => {
    await start({ switches: { schemaCacheSeconds: 0 } });
    expect(await (await addField())("early", "+1")).toMatchObject({ fate: "delivered" });
  });
});

describe("a single event", () => {
  test("is answered before it is mapped, and delivered soon after", async () => {
    await start();
    const answer = await platform.send(flow.inletUrl, flow.flow, event());
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      inletId: flow.inletUrl.slice(-64),
      xactionId: expect.stringMatching(new RegExp(`^${platform.now}:\\d+:\\d+$`)),
      receivedTimeMs: platform.now,
    });
    expect(await platform.receipts()).toEqual([
      {
        eventId: "E1",
        xactionId: answer.body.xactionId,
        inletId: flow.inletUrl.slice(-64),
        flowId: flow.flow,
        time: "2024-05-01T12:00:00.000Z",
        fate: "delivered",
        reason: null,
        warnings: [],
      },
    ]);
    expect(await platform.rows(flow.dataset)).toEqual([{ _id: "E1", timestamp: "2024-05-01T11:59:00.000Z" }]);
  });

  test("may have the flow id in a header, and needs no credentials", async () => {
    await start();
    const answer = await platform.plain(
      "POST",
      new URL(flow.inletUrl).pathname,
      { "Content-Type": "application/json", "x-adobe-flow-id": flow.flow },
      JSON.stringify(event()),
    );
    expect(answer.status).toBe(200);
  });

  test("sent twice makes two rows: the data lake doesn't deduplicate", async () => {
    await start();
    for (let i = 0; i < 2; i++) await platform.send(flow.inletUrl, flow.flow, event());
    expect(await platform.rows(flow.dataset)).toHaveLength(2);
  });

  test.each([
    ["no object", "[]", "application/json"],
    ["no JSON", "{", "application/json"],
    ["not JSON by its type", "{}", "text/plain"],
  ])("that is %s is refused", async (_name, body, type) => {
    await start();
    const path = `${new URL(flow.inletUrl).pathname}?x-adobe-flow-id=${flow.flow}`;
    const answer = await platform.plain("POST", path, { "Content-Type": type }, body);
    expect(answer.status).toBe(400);
    expect(answer.body.title).toBe("Invalid XDM Message Format");
  });

  test("of more than a megabyte is refused with 413", async () => {
    await start();
    const bytes = (padding: number) => event({ padding: "x".repeat(padding) });
    const overhead = JSON.stringify(bytes(0)).length;
    expect((await platform.send(flow.inletUrl, flow.flow, bytes(1_000_000 - overhead))).status).toBe(200);
    const answer = await platform.send(flow.inletUrl, flow.flow, bytes(1_000_001 - overhead));
    expect(answer.status).toBe(413);
    expect(answer.json).toEqual(problem(413, "Payload Too Large", "The payload is larger than 1000000 bytes"));
    const { body } = await platform.plain("GET", "/__local/journal");
    expect(body.refusals).toEqual({ 413: 1 });
  });

  test("of a megabyte in Adobe's other meaning is accepted with a switch", async () => {
    await start({ switches: { maximumRequestBytes: 2 ** 20 } });
    const bytes = (padding: number) => event({ padding: "x".repeat(padding) });
    const overhead = JSON.stringify(bytes(0)).length;
    expect((await platform.send(flow.inletUrl, flow.flow, bytes(2 ** 20 - overhead))).status).toBe(200);
    expect((await platform.send(flow.inletUrl, flow.flow, bytes(2 ** 20 + 1 - overhead))).status).toBe(413);
  });

  test("synchronous validation isn't offered", async () => {
    await start();
    const path = `${new URL(flow.inletUrl).pathname}?syncValidation=true&x-adobe-flow-id=${flow.flow}`;
    expect((await platform.plain("POST", path, { "Content-Type": "application/json" }, "{}")).status).toBe(501);
  });
});

describe("unknown inlets and flows", () => {
  test("by default they are refused", async () => {
    await start();
    const inlet = "0".repeat(64);
    const unknown = await platform.send(`${platform.url}/collection/${inlet}`, flow.flow, event());
    expect(unknown.json).toEqual(problem(404, "Unknown inlet", `inletId: [${inlet}] not found`));
    const prefix = `inletId: [${flow.inletUrl.slice(-64)}] imsOrgId: [${credentials.orgId}]`;
    expect((await platform.send(flow.inletUrl, "none", event())).json).toEqual(
      problem(400, "Invalid XDM Message Format", `${prefix} The flow none does not belong to this inlet`),
    );
    expect((await platform.send(flow.inletUrl, undefined, event())).json).toEqual(
      problem(400, "Invalid XDM Message Format", `${prefix} Message has no flow id (x-adobe-flow-id)`),
    );
    expect(await platform.receipts()).toEqual([]);
  });

  test("with switches: another status, or 200 and lost", async () => {
    await start({ switches: { unknownInlet: 400, unknownFlow: "dropped", missingFlowId: "dropped" } });
    expect((await platform.send(`${platform.url}/collection/0`, flow.flow, event())).status).toBe(400);
    expect((await platform.send(flow.inletUrl, "none", event())).status).toBe(200);
    expect((await platform.send(flow.inletUrl, undefined, event())).status).toBe(200);
    expect((await platform.receipts()).map((receipt) => [receipt.flowId, receipt.fate, receipt.reason])).toEqual([
      ["none", "dropped", "The flow none does not belong to this inlet"],
      [null, "dropped", "Message has no flow id (x-adobe-flow-id)"],
    ]);
    expect(await platform.rows(flow.dataset)).toEqual([]);
  });

  test("deleting a flow deletes its inlet", async () => {
    await start();
    await platform.call("DELETE", `${flowService}/flows/${flow.flow}`);
    expect((await platform.send(flow.inletUrl, flow.flow, event())).status).toBe(404);
  });
});

describe("a flow that isn't ready", () => {
  test("loses events that arrive before it is enabled and warm", async () => {
    platform = await Platform.start({ activationSeconds: 6, warmUpSeconds: 300 });
    const making = flowing(platform);
    const unready = await making;
    const { state } = await getFlow(platform, unready.flow);
    expect(state).toBe("enabling");
    platform.pass(6);
    const { options } = await getFlow(platform, unready.flow);
    const { inletUrl } = options as { inletUrl: string };
    expect((await platform.send(inletUrl, unready.flow, event({ event_id: "early" }))).status).toBe(200);
    platform.pass(299);
    expect((await platform.send(inletUrl, unready.flow, event({ event_id: "cool" }))).status).toBe(200);
    platform.pass(1);
    expect((await platform.send(inletUrl, unready.flow, event({ event_id: "warm" }))).status).toBe(200);
    expect((await platform.receipts()).map((receipt) => [receipt.eventId, receipt.fate])).toEqual([
      ["early", "dropped"],
      ["cool", "dropped"],
      ["warm", "delivered"],
    ]);
  });

  test("the warm-up lasts as long as the activation by default", async () => {
    platform = await Platform.start({ activationSeconds: 10 });
    const unready = await flowing(platform);
    platform.pass(10);
    const { inletUrl } = (await getFlow(platform, unready.flow)).options as { inletUrl: string };
    platform.pass(9);
    await platform.send(inletUrl, unready.flow, event({ event_id: "1" }));
    platform.pass(1);
    await platform.send(inletUrl, unready.flow, event({ event_id: "2" }));
    expect((await platform.receipts()).map((receipt) => receipt.fate)).toEqual(["dropped", "delivered"]);
  });

  test("with a switch nothing is lost before it is enabled", async () => {
    platform = await Platform.start({ warmUpSeconds: 300, switches: { beforeEnabled: "ingested" } });
    flow = await flowing(platform);
    await platform.send(flow.inletUrl, flow.flow, event());
    expect((await platform.receipts())[0]).toMatchObject({ fate: "delivered" });
  });

  async function remap(): Promise<void> {
    const { etag, transformations } = await getFlow(platform, flow.flow);
    const [transformation] = transformations as JsonObject[];
    const body = [
      {
        op: "replace",
        path: "/transformations/0",
        value: { ...transformation, params: { mappingId: flow.mappingSet } },
      },
    ];
    const headers = { "If-Match": String(etag) };
    expect((await platform.call("PATCH", `${flowService}/flows/${flow.flow}`, { body, headers })).status).toBe(200);
  }

  test.each([
    ["warms-up", "dropped"],
    ["keeps-running", "delivered"],
  ] as const)("after a change of its mapping, when it %s, events are %s", async (afterMappingChange, fate) => {
    await start({ warmUpSeconds: 30, switches: { afterMappingChange } });
    platform.pass(30);
    await remap();
    await platform.send(flow.inletUrl, flow.flow, event({ event_id: "1" }));
    platform.pass(30);
    await platform.send(flow.inletUrl, flow.flow, event({ event_id: "2" }));
    expect((await platform.receipts()).map((receipt) => receipt.fate)).toEqual([fate, "delivered"]);
  });

  test.each([
    ["dropped", 200],
    ["refused", 400],
  ] as const)("a disabled flow: %s with %i", async (disabledFlow, status) => {
    await start({ switches: { disabledFlow } });
    await platform.call("POST", `${flowService}/flows/${flow.flow}/action?op=disable`);
    expect((await platform.send(flow.inletUrl, flow.flow, event())).status).toBe(status);
    expect(await platform.rows(flow.dataset)).toEqual([]);
  });
});

describe("batches and envelopes", () => {
  const batch = (messages: unknown) =>
    platform.plain(
      "POST",
      `/collection/batch/${flow.inletUrl.slice(-64)}`,
      { "Content-Type": "application/json" },
      JSON.stringify({ messages }),
    );
  const envelope = (entity: JsonObject, header: JsonObject = {}) => ({
    header: { imsOrgId: credentials.orgId, datasetId: flow.dataset, flowId: flow.flow, ...header },
    body: { xdmMeta: {}, xdmEntity: entity },
  });
  const row = { _id: "X1", timestamp: "2024-05-01T11:00:00Z" };

  test("get 207, with an answer for each message", async () => {
    await start();
    const answer = await batch([envelope(row), envelope(row, { imsOrgId: "other@AdobeOrg" }), event()]);
    expect(answer.status).toBe(207);
    const prefix = `inletId: [${flow.inletUrl.slice(-64)}] imsOrgId: [${credentials.orgId}]`;
    expect(answer.json).toEqual({
      inletId: flow.inletUrl.slice(-64),
      batchId: expect.any(String),
      receivedTimeMs: platform.now,
      responses: [
        { xactionId: `${String(answer.body.batchId)}:0` },
        { statusCode: 400, message: `${prefix} Message has an absent or wrong ims org in the header` },
        { statusCode: 400, message: `${prefix} Message has unknown xdm format` },
      ],
    });
    expect(await platform.rows(flow.dataset)).toEqual([row]);
  });

  test("get 207 even if all messages fail, and 400 without messages", async () => {
    await start();
    expect((await batch([1])).status).toBe(207);
    expect((await batch(undefined)).status).toBe(400);
  });

  test("with a switch a batch may contain raw events", async () => {
    await start({ switches: { rawEventsInBatch: "accepted" } });
    const path = `/collection/batch/${flow.inletUrl.slice(-64)}?x-adobe-flow-id=${flow.flow}`;
    const body = JSON.stringify({ messages: [event({ event_id: "1" }), event({ event_id: "2" })] });
    expect((await platform.plain("POST", path, { "Content-Type": "application/json" }, body)).status).toBe(207);
    expect(await platform.rows(flow.dataset)).toHaveLength(2);
  });

  test("a single envelope is accepted unchanged and checked", async () => {
    await start();
    expect((await platform.send(flow.inletUrl, undefined, envelope(row))).status).toBe(200);
    const extraneous = { ...row, person: {}, _id: 1 };
    await platform.send(flow.inletUrl, undefined, envelope(extraneous));
    expect((await platform.receipts()).map((receipt) => [receipt.fate, receipt.reason])).toEqual([
      ["delivered", null],
      [
        "failed",
        "INGEST-1212-400: #/_id: expected type: String, found: Long; #: extraneous key [person] is not permitted",
      ],
    ]);
  });
});
