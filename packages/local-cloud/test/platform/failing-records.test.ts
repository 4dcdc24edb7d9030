import type { JsonObject } from "../../src/platform/web/json.ts";
import { event, flowing, Platform, type RunningFlow, schemaRegistry } from "./harness.ts";

let platform: Platform;
let flow: RunningFlow;

async function start(options: Parameters<typeof Platform.start>[0], wanted: JsonObject[]): Promise<void> {
  platform = await Platform.start(options);
  flow = await flowing(platform, wanted);
}

afterEach(() => platform.close());

const mappings = [
  { sourceType: "ATTRIBUTE", source: "email", destination: "_acme.email" },
  { sourceType: "ATTRIBUTE", source: "count", destination: "_acme.count" },
  { sourceType: "EXPRESSION", source: 'concat(to_integer(metric), "")', destination: "_acme.metric" },
];
const complete = { email: "a@example.com", count: 1, metric: "1" };

async function fateOf(changes: JsonObject): Promise<JsonObject> {
  await platform.send(flow.inletUrl, flow.flow, event({ ...complete, ...changes }));
  return (await platform.receipts()).at(-1) ?? {};
}

describe("what fails a record", () => {
  test("an attribute that doesn't exist, but not one that is null", async () => {
    await start({}, mappings);
    expect(await fateOf({ email: null })).toMatchObject({ fate: "delivered", warnings: [] });
    expect(await platform.rows(flow.dataset)).toEqual([
      { _id: "E1", timestamp: "2024-05-01T11:59:00.000Z", _acme: { count: 1, metric: "1" } },
    ]);
    expect(await fateOf({ email: undefined })).toMatchObject({
      fate: "failed",
      reason: "MAPPER-3700-400: _acme.email: The attribute email does not exist in the source data",
    });
  });

  test("with a switch a missing attribute leaves its target empty", async () => {
    await start({ switches: { missingSourceAttribute: "leaves-empty" } }, mappings);
    expect(await fateOf({ email: undefined })).toMatchObject({ fate: "delivered" });
  });

  test.each([
    ["fails-record", "failed"],
    ["converts", "delivered"],
  ] as const)("a number for a text field: %s", async (numberInTextField, fate) => {
    await start({ switches: { numberInTextField } }, mappings);
    expect(await fateOf({ email: 42 })).toMatchObject({ fate });
  });

  test.each([
    ["fails-record", "failed"],
    ["taken", "delivered"],
  ] as const)("an identity that identifies nobody: %s", async (unusableIdentity, fate) => {
    const source = 'to_map("Email", to_array(false, to_object("id", email, "primary", true)))';
    const identityMap = { sourceType: "EXPRESSION", source, destination: "identityMap" };
    await start({ switches: { unusableIdentity } }, [identityMap]);
    expect(await fateOf({ email: "anonymous" })).toMatchObject({ fate });
    expect(await fateOf({ email: "ada@example.org" })).toMatchObject({ fate: "delivered" });
  });

  test("a mismatch of types; a transformation error only nulls its column, with a warning", async () => {
    await start({}, mappings);
    expect(await fateOf({ count: "many" })).toMatchObject({
      fate: "failed",
      reason: 'MAPPER-3700-400: _acme.count: _acme.count: "many" does not fit the XDM type integer',
    });
    expect(await fateOf({ metric: "opened" })).toMatchObject({
      fate: "delivered",
      warnings: ['_acme.metric: "opened" is not a number'],
    });
  });

  test.each([
    [{ event_id: null }, "#: required key [_id] not found"],
    [{ occurred_at: null }, "#: required key [timestamp] not found"],
    [{ occurred_at: "2024-05-01T12:00:01.000Z" }, "#/timestamp: [2024-05-01T12:00:01.000Z] is not in the past"],
  ])("%j", async (changes, reason) => {
    await start({}, mappings);
    expect(await fateOf(changes)).toMatchObject({ fate: "failed", reason: `INGEST-1212-400: ${reason}` });
  });

  test("a time that the mapping took from its clock is in the past, however long it takes", async () => {
    let time = Date.parse("2024-05-01T12:00:00.000Z");
    const source = `dformat(timestamp(), "yyyy-MM-dd'T'HH:mm:ss.SSSX")`;
    const mapped = { sourceType: "EXPRESSION", source, destination: "timestamp" };
    await start({ clock: () => (time += 5) }, [...mappings, mapped]);
    expect(await fateOf({})).toMatchObject({ fate: "delivered" });
  });

  test("epoch seconds for a date-time, and an invalid date", async () => {
    await start({}, mappings);
    expect(await fateOf({ occurred_at: 1714564740 })).toMatchObject({
      fate: "failed",
      reason: "MAPPER-3700-400: timestamp: timestamp: 1714564740 does not fit the XDM type date-time",
    });
    expect(await fateOf({ occurred_at: "yesterday" })).toMatchObject({ fate: "failed" });
  });

  test("a primary identity that is missing or empty", async () => {
    await start({}, mappings);
    await platform.call("POST", `${schemaRegistry}/tenant/descriptors`, {
      body: {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": flow.schema,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/_acme/email",
        "xdm:namespace": "Email",
        "xdm:property": "xdm:code",
        "xdm:isPrimary": true,
      },
    });
    const reason = "INGEST-1212-400: #: required key [_acme/email] not found: it is the primary identity";
    expect(await fateOf({ email: null })).toMatchObject({ fate: "failed", reason });
    expect(await fateOf({ email: "" })).toMatchObject({ fate: "failed", reason });
    expect(await fateOf({})).toMatchObject({ fate: "delivered" });
  });
});
