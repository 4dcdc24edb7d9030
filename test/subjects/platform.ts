import type { PropertyMap } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { Reference } from "../engine/engine.ts";
import type { Inputs, Subject, VendorList } from "./subject.ts";

const foundation = "/data/foundation";
const identityMap = "https://ns.adobe.com/xdm/context/identitymap";

type Item = Record<string, unknown>;

function itemsById(items: unknown, id: string): (readonly [string, Item])[] {
  return ((items ?? []) as Item[]).map((item) => [String(item[id]), item]);
}

function registryList(container: string, accept: string, id: string): VendorList {
  return {
    path: `${foundation}/schemaregistry/tenant/${container}`,
    headers: { Accept: accept },
    items: (answer) => itemsById(answer.results ?? answer["xdm:descriptorIdentity"], id),
  };
}

function flowServiceList(collection: string): VendorList {
  return { path: `${foundation}/flowservice/${collection}`, items: (answer) => itemsById(answer.items, "id") };
}

const ownership = new Reference("ownership");
const schemaId = new Reference("schema");

/** A field group of the tenant with these fields. */
export function fieldGroupOf(tenantId: string, title: string, fields: PropertyMap): Inputs {
  const customerio = { type: "object", properties: fields };
  return {
    title,
    definitions: {
      customFields: {
        type: "object",
        properties: { [`_${tenantId}`]: { type: "object", properties: { customerio } } },
      },
    },
    allOf: [{ $ref: "#/definitions/customFields" }],
  };
}

/** The types of the package `aep`, each after those to which it refers. */
export function platformSubjects(tenantId: string): readonly Subject[] {
  const email = { type: "string", title: "Email" };
  const fields = (more: PropertyMap) => fieldGroupOf(tenantId, "Customer.io fields (dev)", { email, ...more });
  const mappings = (expression: string) => [
    { sourceType: "ATTRIBUTE", source: "event_id", destination: "_id" },
    { sourceType: "ATTRIBUTE", source: "relay.occurred_at", destination: "timestamp" },
    { sourceType: "EXPRESSION", source: expression, destination: `_${tenantId}.customerio.email` },
  ];
  const schema = {
    title: "Customer.io events (dev)",
    fieldGroupIds: [new Reference("fields"), identityMap],
    ownership,
  };
  return [
    {
      type: "aep:index:Ownership",
      name: "ownership",
      inputs: { dataset: { forceDestroy: false } },
      unswept: "its life is part of every other one, since they refer to it",
      change: (inputs) => ({ ...inputs, dataset: { forceDestroy: true } }),
      imported: {
        id: "9f1c3b5d7e8a0246",
        where: "the description of an object that it owns, such as a dataflow: the first digits in [Pulumi …]",
      },
    },
    {
      type: "aep:index:FieldGroup",
      name: "fields",
      inputs: { ...fields({}), ownership },
      change: (inputs) => ({ ...inputs, ...fields({ metric: { type: "string" } }), description: "More." }),
      list: registryList("fieldgroups", "application/vnd.adobe.xed+json", "$id"),
      imported: {
        id: "https://ns.adobe.com/acme/mixins/0f3c5d7e9b1a2c4d6e8f0a1b2c3d4e5f60718293a4b5c6d7",
        where: "Experience Platform > Schemas > Field groups > the field group > API usage",
      },
    },
    {
      type: "aep:index:Schema",
      name: "schema",
      inputs: schema,
      change: (inputs) => ({ ...inputs, title: "Customer.io events (dev), renamed", description: "Events." }),
      list: registryList("schemas", "application/vnd.adobe.xed+json", "$id"),
      imported: {
        id: "https://ns.adobe.com/acme/schemas/7d6c5b4a392817060f5e4d3c2b1a0f8e6d4c2a1b9e7d5c3f",
        where: "Experience Platform > Schemas > the schema > API usage",
      },
    },
    {
      type: "aep:index:IdentityDescriptor",
      name: "email",
      inputs: { schemaId, sourceProperty: `/_${tenantId}/customerio/email`, namespace: "Email" },
      change: (inputs) => ({ ...inputs, isPrimary: true }),
      replaces: true,
      list: registryList("descriptors", "application/vnd.adobe.xdm+json", "@id"),
      imported: {
        id: "5c9d1e7f3a2b4c6d8e0f1a2b3c4d5e6f70819203",
        where: "Schema Registry API: GET /tenant/descriptors; no screen shows it",
      },
    },
    {
      type: "aep:index:ProfileEnablement",
      name: "profile",
      inputs: { schemaId },
      change: () => ({ schemaId: new Reference("other") }),
      changeNeeds: [{ type: "aep:index:Schema", name: "other", inputs: { ...schema, title: "Other" } }],
      replaces: true,
      lasts: (object) => object.startsWith("aep:index:FieldGroup ") || object.includes('"union"'),
      imported: {
        id: "https://ns.adobe.com/acme/schemas/4d2b8e0a6c1f3957b2e4d6a8c0f1e3b5a7d9c1e3f5b7a9d1",
        where: "Experience Platform > Schemas > the schema > Schema ID",
      },
    },
    {
      type: "aep:index:Dataset",
      name: "dataset",
      inputs: { name: "Customer.io events (dev)", schemaId, tags: { team: ["crm"], stage: ["test"] }, ownership },
      change: (inputs) => ({
        ...inputs,
        name: "Renamed",
        description: "Events.",
        errorDiagnostics: false,
        tags: { team: ["crm", "data"] },
      }),
      list: {
        path: `${foundation}/catalog/dataSets?limit=100`,
        items: (answer) => Object.entries(answer as Record<string, Item>),
      },
      imported: { id: "63ef2cbd0a1b2c3d4e5f6071", where: "Experience Platform > Datasets > the dataset > Dataset ID" },
    },
    {
      type: "aep:index:BaseConnection",
      name: "endpoint",
      inputs: { name: "Customer.io endpoint (dev)", ownership },
      change: (inputs) => ({ ...inputs, name: "Renamed", description: "Events." }),
      list: flowServiceList("connections"),
      imported: {
        id: "b7d9e1f3-4a5c-4e6d-8f70-1a2b3c4d5e6f",
        where: "Flow Service API: GET /sourceConnections/<id>, baseConnectionId",
      },
    },
    {
      type: "aep:index:SourceConnection",
      name: "source",
      inputs: { name: "Customer.io (dev)", ownership },
      change: (inputs) => ({ ...inputs, name: "Renamed", description: "Events." }),
      list: flowServiceList("sourceConnections"),
      imported: {
        id: "f2c4e6a8-0b1d-4f3a-8c5e-7d9b1a3c5e7f",
        where: "Flow Service API: GET /flows/<id>, sourceConnectionIds",
      },
    },
    {
      type: "aep:index:TargetConnection",
      name: "target",
      inputs: { name: "Customer.io (dev)", datasetId: new Reference("dataset"), schemaId, ownership },
      change: (inputs) => ({ ...inputs, name: "Renamed", description: "Events." }),
      list: flowServiceList("targetConnections"),
      imported: {
        id: "a1b3c5d7-2e4f-4a6b-9c8d-0e1f2a3b4c5d",
        where: "Flow Service API: GET /flows/<id>, targetConnectionIds",
      },
    },
    {
      type: "aep:index:MappingSet",
      name: "mapping",
      inputs: { schemaId, mappings: mappings("lower(data.identifiers.email)"), ownership },
      change: (inputs) => ({ ...inputs, mappings: mappings("lower(data.recipient)") }),
      replaces: true,
      list: {
        path: `${foundation}/conversion/mappingSets?limit=100&start=0`,
        items: (answer) => itemsById(answer.data, "id"),
      },
      imported: {
        id: "3b5d7f9a1c2e4f60718293a4b5c6d7e8",
        where: "Flow Service API: GET /flows/<id>, mappingId of transformations",
      },
    },
    {
      type: "aep:index:Dataflow",
      name: "flow",
      inputs: {
        name: "Customer.io (dev)",
        sourceConnectionId: new Reference("source"),
        targetConnectionId: new Reference("target"),
        mappingSetId: new Reference("mapping"),
        mappingSetVersion: new Reference("mapping", "version"),
        ownership,
      },
      change: (inputs) => ({ ...inputs, name: "Renamed", description: "From the relay.", enabled: false }),
      list: flowServiceList("flows"),
      imported: {
        id: "d8a6f005-3c5e-4b7d-9f1a-2b4c6d8e0f12",
        where: "Experience Platform > Sources > Dataflows > the dataflow > Dataflow ID",
      },
    },
    {
      type: "aep:index:DatasetGuard",
      name: "guard",
      inputs: { datasetId: new Reference("dataset") },
      change: (inputs) => ({ ...inputs, forceDestroy: true }),
      imported: { id: "63ef2cbd0a1b2c3d4e5f6071", where: "Experience Platform > Datasets > the dataset > Dataset ID" },
    },
  ];
}
