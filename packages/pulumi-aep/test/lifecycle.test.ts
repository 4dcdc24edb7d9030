import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import type { PlatformOptions } from "../../local-cloud/src/platform/state/options.ts";
import { PartialFailure } from "../../pulumi-provider-kit/src/engine/provider.ts";
import { type PropertyMap, reveal, Unknown } from "../../pulumi-provider-kit/src/engine/values.ts";
import { Aep, errorOf } from "./aep.ts";

const { tenantId, ...credential } = localCredentials.platform;

let now: number;
/** Milliseconds that pass with each reading of the clock, so that Platform's six seconds of enabling pass. */
let step: number;
let platform: PlatformStandIn;
let aep: Aep;

async function start(switches: PlatformOptions["switches"] = {}) {
  now = Date.parse("2026-01-05T10:00:00.000Z");
  step = 100;
  const clock = () => {
    now += step;
    return now;
  };
  const sandboxes = ["prod", credential.sandbox];
  platform = await startPlatform({ credentials: credential, tenantId, sandboxes, clock, switches });
  aep = await Aep.connect(platform.url, { ...credential });
}

beforeEach(() => start());
afterEach(() => platform.close());

interface Made {
  readonly type: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly properties: PropertyMap;
}

async function make(type: string, inputs: PropertyMap): Promise<Made> {
  const token = `aep:index:${type}`;
  return { type: token, ...(await aep.create(token, inputs)) };
}

function fieldGroupInputs(fields: PropertyMap): PropertyMap {
  const customerio = { type: "object", properties: { email: { type: "string", title: "Email" }, ...fields } };
  return {
    title: "Customer.io events (fields)",
    definitions: {
      customFields: {
        type: "object",
        properties: { [`_${tenantId}`]: { type: "object", properties: { customerio } } },
      },
    },
    allOf: [{ $ref: "#/definitions/customFields" }],
  };
}

function mappingInputs(schemaId: string, source: string): PropertyMap {
  const attribute = (from: string, destination: string) => ({ sourceType: "ATTRIBUTE", source: from, destination });
  return {
    schemaId,
    mappings: [
      attribute("event_id", "_id"),
      attribute("relay.occurred_at", "timestamp"),
      attribute(source, `_${tenantId}.customerio.email`),
    ],
  };
}

/** One resource of each type, wired as in the program. */
async function makeAll() {
  const group = await make("FieldGroup", fieldGroupInputs({}));
  const schema = await make("Schema", { title: "Customer.io events", fieldGroupIds: [group.id] });
  const sourceProperty = `/_${tenantId}/customerio/email`;
  const descriptor = await make("IdentityDescriptor", { schemaId: schema.id, sourceProperty, namespace: "Email" });
  const dataset = await make("Dataset", { name: "Customer.io events, dev", schemaId: schema.id });
  const source = await make("SourceConnection", { name: "Customer.io", description: "Events." });
  const target = await make("TargetConnection", { name: "Customer.io", datasetId: dataset.id, schemaId: schema.id });
  const mapping = await make("MappingSet", mappingInputs(schema.id, "data.identifiers.email"));
  const flow = await make("Dataflow", {
    name: "Customer.io",
    sourceConnectionId: source.id,
    targetConnectionId: target.id,
    mappingSetId: mapping.id,
  });
  return { group, schema, descriptor, dataset, source, target, mapping, flow };
}

test("everything is created, read without a difference, imported, changed and deleted", async () => {
  expect(await aep.provider.invoke("aep:index:getTenant", {})).toEqual({ tenantId });
  const made = await makeAll();
  const { group, schema, mapping, flow, dataset, source } = made;

  for (const { type, id, inputs, properties } of Object.values(made)) {
    expect(await aep.read(type, id, inputs, properties)).toEqual({ id, inputs, properties });
    const imported = await aep.read(type, id);
    expect((await aep.diff(type, id, imported?.inputs ?? {}, inputs)).detailed).toEqual({});
    expect(reveal(imported?.properties ?? {})).toMatchObject(reveal(properties) as object);
  }
  expect(reveal(flow.properties)).toMatchObject({
    state: "enabled",
    streamingUrl: `${reveal(flow.properties.inletUrl ?? null)}?x-adobe-flow-id=${flow.id}`,
  });

  const more = fieldGroupInputs({ metric: { type: "string", title: "Metric" } });
  const wider = await aep.update(group.type, group.id, group.inputs, more, group.properties);
  expect(wider.version).toBe("1.1");
  const described = { ...schema.inputs, description: "What Customer.io reports." };
  await aep.update(schema.type, schema.id, schema.inputs, described, schema.properties);
  await aep.update(dataset.type, dataset.id, dataset.inputs, { ...dataset.inputs, name: "Renamed" });
  const { description: _, ...plain } = source.inputs;
  await aep.update(source.type, source.id, source.inputs, { ...plain, name: "Renamed" });
  const second = await make("MappingSet", mappingInputs(schema.id, "data.recipient"));
  const news = { ...flow.inputs, mappingSetId: second.id, description: "Second mapping.", enabled: false };
  const changed = await aep.update(flow.type, flow.id, flow.inputs, news, flow.properties);
  expect(changed).toMatchObject({ mappingSetId: second.id, state: "disabled" });
  expect(await aep.read(flow.type, flow.id, news, changed)).toEqual({ id: flow.id, inputs: news, properties: changed });

  for (const { type, id, properties } of [flow, second, ...Object.values(made).reverse()]) {
    await aep.delete(type, id, properties);
    if (type !== mapping.type) expect(await aep.read(type, id)).toBeUndefined();
  }
});

test("a dataflow that Platform is still deleting is neither taken over nor kept, and what it uses goes after it", async () => {
  await platform.close();
  await start({ flowDeletion: "finalizes" });
  const { flow, target, source } = await makeAll();
  step = 1000;
  await aep.delete(flow.type, flow.id, flow.properties);
  expect(await aep.read(flow.type, flow.id, flow.inputs, flow.properties)).toBeUndefined();

  const next = await aep.create(flow.type, flow.inputs);
  expect(next.id).not.toBe(flow.id);
  expect(next.properties.state).toBe("enabled");
  await aep.delete(flow.type, next.id, next.properties);
  await aep.delete(target.type, target.id, target.properties);
  await aep.delete(source.type, source.id, source.properties);
  expect(await aep.read(source.type, source.id)).toBeUndefined();
});

test("a second stack with the same titles gets an error that names the owner, already in its preview", async () => {
  const group = await make("FieldGroup", fieldGroupInputs({}));
  const second = await Aep.connect(platform.url, { ...credential });
  const command = `npx pulumi import aep:index:FieldGroup thing ${group.id}`;
  const foreseen = await errorOf(
    second.preview("aep:index:FieldGroup", { ...fieldGroupInputs({}), ownership: Unknown.instance }),
  );
  expect(foreseen.message).toContain('The title "Customer.io events (fields)" is taken in the sandbox.');
  // With --replace, the engine asks for a creation without a word of the object that has the title.
  expect(foreseen.message).toContain("what --replace creates needs another title");
  expect(foreseen.message).toContain(command);
  const { message } = await errorOf(
    second.create("aep:index:FieldGroup", { ...fieldGroupInputs({}), ownership: "0123456789abcdef" }),
  );
  expect(message).toContain("Object titles must be unique.");
  expect(message).toContain(command);
});

test("a wrong sandbox makes nothing look gone", async () => {
  const group = await make("FieldGroup", fieldGroupInputs({}));
  const elsewhere = await Aep.connect(platform.url, { ...credential, sandbox: "typo" });
  await expect(elsewhere.read(group.type, group.id, group.inputs, group.properties)).rejects.toThrow(
    "npx pulumi config set aep:sandbox <name>",
  );
});

test("a wrong secret and an unknown organization are reported with the setting", async () => {
  const wrongSecret = await Aep.connect(platform.url, { ...credential, clientSecret: "wrong" });
  await expect(wrongSecret.provider.invoke("aep:index:getTenant", {})).rejects.toThrow(
    "npx pulumi config set --secret aep:clientSecret",
  );
  const wrongOrg = await Aep.connect(platform.url, { ...credential, orgId: "FFFF@AdobeOrg" });
  await expect(wrongOrg.provider.invoke("aep:index:getTenant", {})).rejects.toThrow("Check that the setting aep:orgId");
});

test("fields that stored data has can't be taken out, and the schema can't go before its dataset", async () => {
  const { group, schema } = await makeAll();
  const news = fieldGroupInputs({ email: { type: "boolean" } });
  const { message } = await errorOf(aep.update(group.type, group.id, group.inputs, news));
  expect(message).toContain(
    `The change removes fields, or gives them another type or fewer values (_${tenantId}.customerio.email).`,
  );
  expect((await errorOf(aep.delete(schema.type, schema.id, schema.properties))).message).toContain(
    "Platform keeps a schema as long as a dataset uses it: first delete those datasets.",
  );
});

test("a dataflow that is stopped while it is enabled is finished by the next update", async () => {
  step = 0;
  const making = errorOf(makeAll());
  while (aep.progress.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  aep.stop.abort();
  const error = await making;
  if (!(error instanceof PartialFailure)) throw error;
  expect(error.message).toContain("Run npx pulumi up again to continue.");

  step = 100;
  const next = await Aep.connect(platform.url, { ...credential });
  const finished = await next.update("aep:index:Dataflow", error.id, error.inputs, error.inputs, error.properties);
  expect(finished.state).toBe("enabled");
});

test("a field group added by an update with a lost answer is deleted by one destroy after the next up", async () => {
  const first = await make("FieldGroup", fieldGroupInputs({}));
  const second = await make("FieldGroup", { ...fieldGroupInputs({}), title: "More fields" });
  const schema = await make("Schema", { title: "Customer.io events", fieldGroupIds: [first.id] });
  const both = { ...schema.inputs, fieldGroupIds: [first.id, second.id] };
  const fault = { target: "gateway", path: "/tenant/schemas", effect: { kind: "reset" }, afterwards: true, calls: 1 };
  const fail = (request: object) =>
    fetch(`${platform.url}/__local/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });

  /** Deletes in the order of the state's dependencies, which only a successful update writes. */
  const destroy = async (order: readonly Made[]) => {
    for (const { type, id, properties } of order) await aep.delete(type, id, properties);
  };
  await fail(fault);
  await aep.update(schema.type, schema.id, schema.inputs, both).catch(() => undefined);
  const { message } = await errorOf(destroy([second]));
  expect(message).toContain("npx pulumi up records in the state what the schema uses; then run the command again.");
  await aep.update(schema.type, schema.id, schema.inputs, both);
  await destroy([schema, second, first]);
  const census = await fetch(`${platform.url}/__local/census`);
  expect(Object.values((await census.json()) as object).filter((count) => count > 0)).toEqual([]);
});
