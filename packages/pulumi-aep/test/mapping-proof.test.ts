import { directMappings } from "../../../events/direct-mapping.ts";
import { answerOf, Line } from "../../../test/crash-safety/line.ts";
import { fieldGroupOf } from "../../../test/subjects/platform.ts";
import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import type { PlatformSwitches } from "../../local-cloud/src/platform/state/options.ts";
import { samples } from "../../pulumi-customerio/src/events/samples.ts";
import type { PropertyMap } from "../../pulumi-provider-kit/src/engine/values.ts";
import { Aep, errorOf } from "./aep.ts";

// A mapping set is created only if Platform's own preview accepts it; tested with the stand-in and its switches.
const { tenantId, ...credential } = localCredentials.platform;
const records = samples.map(({ event }) => JSON.stringify(event));

let platform: PlatformStandIn;
let line: Line;
let aep: Aep;
let schemaId: string;

async function start(switches: Partial<PlatformSwitches> = {}): Promise<void> {
  const sandboxes = ["prod", credential.sandbox];
  platform = await startPlatform({ credentials: credential, tenantId, sandboxes, switches });
  line = await Line.open(answerOf(platform));
  aep = await Aep.connect(line.url, { ...credential });
  const fields = await aep.create("aep:index:FieldGroup", fieldsOf());
  schemaId = (await aep.create("aep:index:Schema", { title: "Events", fieldGroupIds: [fields.id] })).id;
}

afterEach(async () => {
  await line.close();
  await platform.close();
});

function fieldsOf(): PropertyMap {
  const inputs = fieldGroupOf(tenantId, "Customer.io fields", { email: { type: "string", title: "Email" } });
  const customerio = { type: "object", properties: { transactional_message_id: { type: "string" } } };
  const properties = { [`_${tenantId}`]: { type: "object", properties: { customerio } } };
  return { ...inputs, definitions: { customFields: { type: "object", properties } } } as PropertyMap;
}

const mappings = directMappings(tenantId).filter(({ destination }) =>
  /^(_id|timestamp)$|transactional_message_id$/.test(destination),
);
const make = (given: object[] = mappings) =>
  aep.create("aep:index:MappingSet", { schemaId, mappings: given as never, samples: records });
const creations = () => line.calls.filter((call) => /^POST .*\/mappingSets$/.test(call));

test("a mapping that works for every kind of event is created", async () => {
  await start();
  expect((await make()).properties.version).toBe(0);
});

test("a mapping that fails is refused with field and reason, and no set is created", async () => {
  await start({ arithmetic: "fails" });
  const { message } = await errorOf(make());
  expect(message).toMatch(/^Platform can't map sample events with this mapping, so the mapping set was not created/);
  expect(message).toContain(`  - timestamp from iif(contains_key(`);
  expect(message).toContain(`The operator * is not supported (${records.length} of ${records.length} events)`);
  expect(creations()).toEqual([]);
});

test("a number in a text field is refused if Platform does not convert it", async () => {
  await start();
  const plain = {
    sourceType: "ATTRIBUTE",
    source: "timestamp",
    destination: `_${tenantId}.customerio.transactional_message_id`,
  };
  const { message } = await errorOf(make([...mappings.slice(0, 2), plain]));
  expect(message).toContain("does not fit the XDM type string");
  expect(creations()).toEqual([]);
});

test("a mapping without the required fields of a record is refused", async () => {
  await start();
  const { message } = await errorOf(
    make([...mappings.slice(0, 1), { sourceType: "EXPRESSION", source: "nullify()", destination: "timestamp" }]),
  );
  expect(message).toContain("timestamp stays empty, and Platform refuses a record without it");
});

test("if a preview returns one object, as the API description says, each record is previewed separately", async () => {
  await start();
  const answer = JSON.stringify({ data: { _id: "e1", timestamp: "2026-01-01T00:00:00.000Z" }, errors: [] });
  line.fault = (call) => (call.endsWith("/mappingSets/preview") ? { status: 200, body: answer } : undefined);
  line.startOperation();
  await make();
  expect(line.operationCalls.filter((call) => call.endsWith("/preview"))).toHaveLength(records.length);
});

test("without a preview in Platform, a warning says that nothing was checked", async () => {
  await start();
  line.fault = (call) => (call.endsWith("/mappingSets/preview") ? { status: 405, body: "{}" } : undefined);
  await make();
  expect(aep.progress).toContainEqual(expect.stringMatching(/^the mapping was not tried on sample events/));
  expect(creations()).toHaveLength(1);
});
