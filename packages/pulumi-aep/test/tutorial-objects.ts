import { setTimeout as wait } from "node:timers/promises";
import type { PropertyMap } from "../../pulumi-provider-kit/src/engine/values.ts";
import type { ByHand, Json } from "./by-hand.ts";

const experienceEvent = "https://ns.adobe.com/xdm/context/experienceevent";
const pairs = [
  ["data.identifiers.cio_id", "cio_id"],
  ["data.identifiers.email", "email"],
  ["event_id", "event_id"],
  ["metric", "metric"],
  ["object_type", "object_type"],
  ["timestamp", "timestamp"],
] as const;

/** An object created by hand: the id that a user can copy, and its inputs in a program. */
export interface MadeByHand {
  readonly id: string;
  readonly inputs: PropertyMap;
}

/** The fields of the tutorial's sample, as the schema editor writes them. */
export function tutorialFields(tenantId: string) {
  const texts = ["object_type", "id", "email", "event_id", "cio_id", "metric"];
  const properties = Object.fromEntries(texts.map((name) => [name, { title: name, type: "string" }]));
  const timestamp = { type: "integer", minimum: -9007199254740992, maximum: 9007199254740992 };
  const ofTenant = { [`_${tenantId}`]: { type: "object", properties: { ...properties, timestamp } } };
  return {
    definitions: { customFields: { type: "object", properties: ofTenant } },
    allOf: [{ $ref: "#/definitions/customFields" }],
  };
}

/** The tutorial's pairs and the two fields that its class requires, as inputs of a program. */
export function tutorialMappings(tenantId: string) {
  const attribute = (source: string, destination: string) => ({
    sourceType: "ATTRIBUTE" as const,
    source,
    destination,
  });
  return [
    attribute("event_id", "_id"),
    { sourceType: "EXPRESSION" as const, source: "now()", destination: "timestamp" },
    ...pairs.map(([source, name]) => attribute(source, `_${tenantId}.${name}`)),
  ];
}

/**
 * One object of each type, created as in Adobe's tutorial “Create a source connection and dataflow for Customer.io”.
 * @returns them by type: `Schema`
 */
export async function makeTutorialObjects(byHand: ByHand, tenantId: string): Promise<Record<string, MadeByHand>> {
  const tenant = `_${tenantId}`;
  const objects: Record<string, MadeByHand> = {};
  const { definitions, allOf } = tutorialFields(tenantId);
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
  objects.MappingSet = { id: String(mapping.id), inputs: { schemaId, mappings: tutorialMappings(tenantId) } };

  const flow = await byHand.call("POST", "/flowservice/flows", {
    name: "Customer.io dataflow",
    flowSpec: { id: "e77fde5a-22a8-11ed-861d-0242ac120002", version: "1.0" },
    sourceConnectionIds: [source.id],
    targetConnectionIds: [target.id],
    transformations: [{ name: "Mapping", params: { mappingId: mapping.id, mappingVersion: 0 } }],
    options: { errorDiagnosticsEnabled: true },
  });
  for (let look = 0; look < 100; look++) {
    const { items } = await byHand.call<{ items: Json[] }>("GET", `/flowservice/flows/${flow.id}`);
    if (items[0]?.state === "enabled") break;
    await wait(50);
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
  return objects;
}
