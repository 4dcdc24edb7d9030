import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import type { PropertyMap } from "../../pulumi-provider-kit/src/engine/values.ts";
import { Secret } from "../../pulumi-provider-kit/src/engine/values.ts";
import { Aep, errorOf } from "./aep.ts";
import { ByHand } from "./by-hand.ts";

// Objects that the engine's state lacks after a kill: here, everything of a stack except its ownership.

const { tenantId, ...credential } = localCredentials.platform;
const type = "aep:index:Ownership";

let platform: PlatformStandIn;
let now = Date.parse("2026-01-05T10:00:00.000Z");

beforeEach(async () => {
  const clock = () => {
    now += 1000;
    return now;
  };
  const sandboxes = [credential.sandbox];
  const switches = { deleteMappingSet: "204", deleteSchemaWithDescriptors: "refused" } as const;
  platform = await startPlatform({ credentials: credential, tenantId, sandboxes, clock, switches });
});
afterEach(() => platform.close());

const version1 = "application/vnd.adobe.xed+json;version=1";

/** A provider as in a new process, without any memory. */
const provider = () => Aep.connect(platform.url, { ...credential });

/** One object of each kind, in the order of creation. */
async function makeAll(aep: Aep, ownership: string | undefined) {
  const made: { type: string; id: string; inputs: PropertyMap; properties: PropertyMap }[] = [];
  const make = async (kind: string, given: PropertyMap) => {
    const inputs = ownership === undefined || kind === "IdentityDescriptor" ? given : { ...given, ownership };
    const resource = await aep.create(`aep:index:${kind}`, inputs);
    made.push({ type: `aep:index:${kind}`, ...resource });
    return resource;
  };
  const fields = { type: "object", properties: { email: { type: "string" } } };
  const definitions = {
    customFields: {
      type: "object",
      properties: { [`_${tenantId}`]: { type: "object", properties: { customerio: fields } } },
    },
  };
  const group = await make("FieldGroup", {
    title: "Customer.io fields",
    definitions,
    allOf: [{ $ref: "#/definitions/customFields" }],
  });
  const schema = await make("Schema", { title: "Customer.io", fieldGroupIds: [group.id] });
  const sourceProperty = `/_${tenantId}/customerio/email`;
  await make("IdentityDescriptor", { schemaId: schema.id, sourceProperty, namespace: "Email" });
  const dataset = await make("Dataset", { name: "Customer.io", schemaId: schema.id });
  await make("BaseConnection", { name: "Endpoint" });
  const source = await make("SourceConnection", { name: "Customer.io" });
  const target = await make("TargetConnection", { name: "Lake", datasetId: dataset.id, schemaId: schema.id });
  const mapping = await make("MappingSet", {
    schemaId: schema.id,
    mappings: [
      { sourceType: "ATTRIBUTE", source: "event_id", destination: "_id" },
      { sourceType: "ATTRIBUTE", source: "occurred_at", destination: "timestamp" },
    ],
  });
  const flow = await make("Dataflow", {
    name: "Customer.io",
    sourceConnectionId: source.id,
    targetConnectionId: target.id,
    mappingSetId: mapping.id,
  });
  return { made, flow };
}

async function schemaId(byHand: ByHand): Promise<string> {
  const accept = { Accept: "application/vnd.adobe.xed-id+json" };
  const path = "/schemaregistry/tenant/schemas";
  const { results } = await byHand.call<{ results: { $id: string }[] }>("GET", path, undefined, accept);
  return results[0]?.$id ?? "";
}

/** The objects in Platform, and how many of each. */
async function census(): Promise<Record<string, number>> {
  const answer = await fetch(`${platform.url}/__local/census`);
  const counts = Object.entries((await answer.json()) as Record<string, number>);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

const everything = {
  fieldGroups: 1,
  schemas: 1,
  descriptors: 1,
  datasets: 1,
  mappingSets: 1,
  connections: 1,
  sourceConnections: 1,
  targetConnections: 1,
  flows: 1,
};

test("its deletion deletes all objects with its mark, in the order that Platform accepts, and reports them", async () => {
  const first = await provider();
  const { id } = await first.create(type, {});
  await makeAll(first, id);
  expect(await census()).toEqual(everything);

  const next = await provider();
  await next.delete(type, id);
  expect(await census()).toEqual({});
  expect(next.progress.filter((line) => line.startsWith("deletes "))).toHaveLength(9);
});

test("objects with another mark, or none, are not touched", async () => {
  const first = await provider();
  await makeAll(first, "0123456789abcdef");
  const { id } = await first.create(type, {});
  const byHand = new ByHand(platform.url, credential);
  await byHand.dataset({ name: "Orders", schemaRef: { id: await schemaId(byHand), contentType: version1 } });
  await (await provider()).delete(type, id);
  expect(await census()).toEqual({ ...everything, datasets: 2 });
});

test("objects in the state are not touched: the program may have dropped only its ownership", async () => {
  const first = await provider();
  const { id } = await first.create(type, {});
  const { made } = await makeAll(first, id);
  const next = await provider();
  for (const { type: of, id: held, inputs } of made) {
    const { ownership: _dropped, ...news } = inputs;
    expect((await next.diff(of, held, inputs, news)).detailed).toEqual({});
  }
  await next.delete(type, id);
  expect(await census()).toEqual(everything);
});

test("a dataset with data stays, with everything that it needs", async () => {
  const first = await provider();
  const { id } = await first.create(type, {});
  const { flow } = await makeAll(first, id);
  const event = { event_id: "E1", occurred_at: "2026-01-05T10:00:00.000Z" };
  const headers = { "content-type": "application/json" };
  now += 3_600_000;
  const url = String(flow.properties.streamingUrl instanceof Secret ? flow.properties.streamingUrl.value : "");
  expect((await fetch(url, { method: "POST", headers, body: JSON.stringify(event) })).status).toBe(200);
  await fetch(`${platform.url}/__local/idle`, { method: "POST" });

  const next = await provider();
  await next.delete(type, id);
  // The endpoint does not exist.
  expect(await census()).toEqual({ ...everything, connections: undefined });
  expect(next.progress.filter((line) => line.includes("is in use")).map((line) => line.match(/:(\w+)\)/)?.[1])).toEqual(
    ["Dataflow", "MappingSet", "TargetConnection", "SourceConnection", "Dataset", "Schema", "FieldGroup"],
  );
});

test("deleting an owned object first deletes objects that refer to it and are not in the state", async () => {
  const first = await provider();
  const { id } = await first.create(type, {});
  const { made } = await makeAll(first, id);
  const [group, schema] = made;
  if (!group || !schema) throw new Error("nothing was made");
  const next = await provider();
  for (const { type: of, id: known, properties } of made.slice(3).toReversed()) {
    await next.delete(of, known, properties);
  }
  expect(await census()).toEqual({ fieldGroups: 1, schemas: 1, descriptors: 1 });
  await next.delete(group.type, group.id, group.properties);
  expect(await census()).toEqual({});
});

test("its id is recognized by its form", async () => {
  const aep = await provider();
  expect(await aep.read(type, "0123456789abcdef")).toMatchObject({ id: "0123456789abcdef", inputs: {} });
  expect((await errorOf(aep.read(type, "Customer.io"))).message).toContain(
    '"Customer.io" is not the id of an ownership',
  );
});
