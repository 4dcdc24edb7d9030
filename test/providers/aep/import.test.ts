import { localCredentials } from "../../../local/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../../local/platform/platform.ts";
import type { PropertyMap } from "../../../providers/kit/values.ts";
import { Aep } from "./aep.ts";
import { ByHand, type Json } from "./by-hand.ts";

// Objects made by hand as Adobe's tutorial “Create a source connection and dataflow for Customer.io” makes them, taken into a
// stack by the id that a user can copy, against the inputs that a program would give.

const { tenantId, ...credential } = localCredentials.platform;
const experienceEvent = "https://ns.adobe.com/xdm/context/experienceevent";
const tenant = `_${tenantId}`;
const fields = ["object_type", "id", "email", "event_id", "cio_id", "metric"];

let platform: PlatformStandIn;
let aep: Aep;
let byHand: ByHand;
/** Of each type: the id to import by, and what a program says of the object. */
const objects: Record<string, { id: string; inputs: PropertyMap }> = {};

beforeAll(async () => {
  let now = Date.parse("2026-01-05T10:00:00.000Z");
  const clock = () => {
    now += 1000;
    return now;
  };
  platform = await startPlatform({ credentials: credential, tenantId, sandboxes: [credential.sandbox], clock });
  aep = await Aep.connect(platform.url, { ...credential });
  byHand = new ByHand(platform.url, credential);
  await makeByHand();
});
afterAll(() => platform.close());

async function makeByHand(): Promise<void> {
  const properties = Object.fromEntries(fields.map((name) => [name, { title: name, type: "string" }]));
  const timestamp = { type: "integer", minimum: -9007199254740992, maximum: 9007199254740992 };
  const definitions = {
    customFields: {
      type: "object",
      properties: { [tenant]: { type: "object", properties: { ...properties, timestamp } } },
    },
  };
  const allOf = [{ $ref: "#/definitions/customFields" }];
  const registry = "/schemaregistry/tenant";
  const group = await byHand.call("POST", `${registry}/fieldgroups`, {
    type: "object",
    title: "Customer.io Event Details",
    description: "",
    "meta:intendedToExtend": [experienceEvent],
    definitions,
    allOf,
  });
  const groupId = String(group.$id);
  objects.FieldGroup = {
    id: String(group["meta:altId"]),
    inputs: { title: "Customer.io Event Details", definitions, allOf },
  };

  const schema = await byHand.call("POST", `${registry}/schemas`, {
    type: "object",
    title: "Customer.io",
    description: "",
    allOf: [{ $ref: experienceEvent }, { $ref: groupId }],
  });
  const schemaId = String(schema.$id);
  objects.Schema = { id: schemaId, inputs: { title: "Customer.io", fieldGroupIds: [groupId] } };

  const sourceProperty = `/${tenant}/email`;
  const descriptor = await byHand.call("POST", `${registry}/descriptors`, {
    "@type": "xdm:descriptorIdentity",
    "xdm:sourceSchema": schemaId,
    "xdm:sourceVersion": 1,
    "xdm:sourceProperty": sourceProperty,
    "xdm:namespace": "Email",
    "xdm:property": "xdm:code",
    "xdm:isPrimary": true,
  });
  const identity = { schemaId, sourceProperty, namespace: "Email", isPrimary: true };
  objects.IdentityDescriptor = { id: String(descriptor["@id"]), inputs: identity };
  await byHand.call("PATCH", `${registry}/schemas/${encodeURIComponent(schemaId)}`, [
    { op: "add", path: "/meta:immutableTags", value: ["union"] },
  ]);
  objects.ProfileEnablement = { id: schemaId, inputs: { schemaId } };

  const datasetId = await byHand.dataset({
    name: "Customer.io events",
    schemaRef: { id: schemaId, contentType: "application/vnd.adobe.xed-full-notext+json; version=1" },
    enableErrorDiagnostics: true,
    tags: { unifiedProfile: ["enabled: true"], unifiedIdentity: ["enabled: true"], "adobe/pqs/table": ["events"] },
  });
  objects.Dataset = { id: datasetId, inputs: { name: "Customer.io events", schemaId, profile: true } };

  const source = await byHand.call("POST", "/flowservice/sourceConnections", {
    name: "Customer.io source connection",
    providerId: "521eee4d-8cbe-4906-bb48-fb6bd4450033",
    connectionSpec: { id: "96479064-7b8a-4d69-b9ed-21c5683837ea", version: "1.0" },
    data: { format: "json" },
  });
  objects.SourceConnection = { id: String(source.id), inputs: { name: "Customer.io source connection" } };
  // Of the other tutorial, “Create an HTTP API streaming connection”.
  const base = await byHand.call("POST", "/flowservice/connections", {
    name: "Base connection",
    connectionSpec: { id: "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", version: "1.0" },
    auth: {
      specName: "Streaming Connection",
      params: {
        sourceId: "Sample connection",
        dataType: "raw",
        name: "Sample connection",
        authenticationRequired: true,
      },
    },
  });
  objects.BaseConnection = { id: String(base.id), inputs: { name: "Base connection" } };
  const target = await byHand.call("POST", "/flowservice/targetConnections", {
    name: "Customer.io target connection",
    connectionSpec: { id: "c604ff05-7f1a-43c0-8e18-33bf874cb11c", version: "1.0" },
    data: {
      format: "json",
      schema: { id: schemaId, version: "application/vnd.adobe.xed-full+json;version=1" },
    },
    params: { dataSetId: datasetId },
  });
  const targetInputs = { name: "Customer.io target connection", datasetId, schemaId };
  objects.TargetConnection = { id: String(target.id), inputs: targetInputs };

  const pairs = [
    ["data.identifiers.cio_id", "cio_id"],
    ["data.identifiers.email", "email"],
    ["event_id", "event_id"],
    ["metric", "metric"],
    ["object_type", "object_type"],
    ["timestamp", "timestamp"],
  ] as const;
  const contentType = "application/vnd.adobe.xed-full+json;version=1";
  const mapping = await byHand.call("POST", "/conversion/mappingSets", {
    outputSchema: { schemaRef: { id: schemaId, contentType } },
    mappings: [
      ...pairs.map(([sourceAttribute, name]) => ({
        destinationXdmPath: `${tenant}.${name}`,
        sourceAttribute,
        identity: false,
        version: 0,
      })),
      { destinationXdmPath: "_id", sourceAttribute: "event_id", identity: false, version: 0 },
      { destinationXdmPath: "timestamp", sourceExpression: "now()", sourceType: "EXPRESSION" },
    ],
  });
  const attribute = (from: string, destination: string) => ({ sourceType: "ATTRIBUTE", source: from, destination });
  objects.MappingSet = {
    id: String(mapping.id),
    inputs: {
      schemaId,
      mappings: [
        attribute("event_id", "_id"),
        { sourceType: "EXPRESSION", source: "now()", destination: "timestamp" },
        ...pairs.map(([from, name]) => attribute(from, `${tenant}.${name}`)),
      ],
    },
  };

  const flow = await byHand.call("POST", "/flowservice/flows", {
    name: "Customer.io dataflow",
    flowSpec: { id: "e77fde5a-22a8-11ed-861d-0242ac120002", version: "1.0" },
    sourceConnectionIds: [source.id],
    targetConnectionIds: [target.id],
    transformations: [{ name: "Mapping", params: { mappingId: mapping.id, mappingVersion: 0 } }],
    options: { errorDiagnosticsEnabled: true },
  });
  for (let look = 0; look < 20; look++) {
    const { items } = await byHand.call<{ items: Json[] }>("GET", `/flowservice/flows/${flow.id}`);
    if (items[0]?.state === "enabled") break;
  }
  objects.Dataflow = {
    id: String(flow.id),
    inputs: {
      name: "Customer.io dataflow",
      sourceConnectionId: String(source.id),
      targetConnectionId: String(target.id),
      mappingSetId: String(mapping.id),
    },
  };
}

const types = [
  "FieldGroup",
  "Schema",
  "IdentityDescriptor",
  "ProfileEnablement",
  "Dataset",
  "BaseConnection",
  "SourceConnection",
  "TargetConnection",
  "MappingSet",
  "Dataflow",
];

test("every type of resource that is an object of Platform is among them", () => {
  expect(Object.keys(objects).sort()).toEqual(types.toSorted());
  const { resources } = aep.provider.schema() as { resources: object };
  expect(Object.keys(resources).sort()).toEqual([...types, "Ownership"].map((type) => `aep:index:${type}`).sort());
});

test.each(types)("%s: imported by its id, the next preview has no change", async (type) => {
  const token = `aep:index:${type}`;
  const { id, inputs } = objects[type] ?? { id: "", inputs: {} };
  const imported = await aep.read(token, id);
  const wanted = await aep.check(token, inputs);
  expect((await aep.diff(token, imported?.id ?? "", imported?.inputs ?? {}, wanted)).detailed).toEqual({});
  // A refresh right after finds nothing either.
  const refreshed = await aep.read(token, imported?.id ?? "", imported?.inputs, imported?.properties);
  expect(refreshed).toEqual(imported);
});

/** What somebody changes by hand in an object of each type that can be changed in place. */
const drifts: Record<string, (id: string) => Promise<unknown>> = {
  Schema: (id) =>
    byHand.call("PATCH", `/schemaregistry/tenant/schemas/${encodeURIComponent(id)}`, [
      { op: "replace", path: "/title", value: "By hand" },
    ]),
  FieldGroup: (id) =>
    byHand.call("PATCH", `/schemaregistry/tenant/fieldgroups/${id}`, [
      { op: "replace", path: "/description", value: "By hand." },
    ]),
  Dataset: (id) => byHand.call("PATCH", `/catalog/dataSets/${id}`, { name: "By hand", enableErrorDiagnostics: false }),
  SourceConnection: (id) => patchFlowService("sourceConnections", id),
  TargetConnection: (id) => patchFlowService("targetConnections", id),
  Dataflow: (id) => patchFlowService("flows", id),
};

async function patchFlowService(collection: string, id: string): Promise<void> {
  const path = `/flowservice/${collection}/${id}`;
  const { items } = await byHand.call<{ items: Json[] }>("GET", path);
  const steps = [{ op: "replace", path: "/name", value: "By hand" }];
  await byHand.call("PATCH", path, steps, { "If-Match": String(items[0]?.etag) });
}

test.each(Object.keys(drifts))("%s: what is changed by hand is found by refresh and repaired by up", async (type) => {
  const token = `aep:index:${type}`;
  const imported = await aep.read(token, objects[type]?.id ?? "");
  if (!imported) throw new Error(`${type} was not imported.`);
  const { id, inputs, properties } = imported;
  await drifts[type]?.(type === "Schema" ? id : (objects[type]?.id ?? ""));

  const drifted = await aep.read(token, id, inputs, properties);
  expect(drifted?.inputs).not.toEqual(inputs);
  const { detailed } = await aep.diff(token, id, drifted?.inputs ?? {}, inputs);
  expect(Object.values(detailed).filter((kind) => kind.endsWith("-replace"))).toEqual([]);
  expect(detailed).not.toEqual({});

  const repaired = await aep.update(token, id, drifted?.inputs ?? {}, inputs, drifted?.properties);
  expect((await aep.read(token, id, inputs, repaired))?.inputs).toEqual(inputs);
});
