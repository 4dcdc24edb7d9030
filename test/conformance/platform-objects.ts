import { connectionSpecs, flowSpecs } from "../../packages/pulumi-aep/src/resources/flow-service/sources.ts";
import type { PropertyMap } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import type { Driver, Made } from "./driver.ts";
import { tenantId } from "./world.ts";

export function fieldGroupInputs(title: string, fields: readonly string[] = ["email"]): PropertyMap {
  const properties = Object.fromEntries(fields.map((name) => [name, { type: "string", title: name }]));
  const customerio = { type: "object", properties };
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

export function mappingInputs(schemaId: string, source = "data.identifiers.email"): PropertyMap {
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

export interface PlatformObjects {
  readonly group: Made;
  readonly schema: Made;
  readonly descriptor: Made;
  readonly dataset: Made;
  readonly source: Made;
  readonly target: Made;
  readonly mapping: Made;
  readonly flow: Made;
}

/** One object of each type, wired as the program does it. */
export async function makeAll(aep: Driver, name: string): Promise<PlatformObjects> {
  const make = (type: string, inputs: PropertyMap) => aep.make(`aep:index:${type}`, inputs);
  const group = await make("FieldGroup", fieldGroupInputs(`${name}, fields`));
  const schema = await make("Schema", { title: name, fieldGroupIds: [group.id] });
  const sourceProperty = `/_${tenantId}/customerio/email`;
  const descriptor = await make("IdentityDescriptor", { schemaId: schema.id, sourceProperty, namespace: "Email" });
  // It gets rows, and goes all the same.
  const dataset = await make("Dataset", { name, schemaId: schema.id, forceDestroy: true });
  const source = await make("SourceConnection", { name });
  const target = await make("TargetConnection", { name, datasetId: dataset.id, schemaId: schema.id });
  const mapping = await make("MappingSet", mappingInputs(schema.id));
  const flow = await make("Dataflow", {
    name,
    sourceConnectionId: source.id,
    targetConnectionId: target.id,
    mappingSetId: mapping.id,
  });
  return { group, schema, descriptor, dataset, source, target, mapping, flow };
}

/** The objects of an HTTP API source, on the schema and dataset of others. */
export async function makeHttpSource(aep: Driver, { target, mapping }: PlatformObjects, name: string) {
  const base = await aep.make("aep:index:BaseConnection", { name });
  const http = { connectionSpecId: connectionSpecs.http, baseConnectionId: base.id };
  const source = await aep.make("aep:index:SourceConnection", { name, ...http });
  const flow = await aep.make("aep:index:Dataflow", {
    name,
    sourceConnectionId: source.id,
    targetConnectionId: target.id,
    mappingSetId: mapping.id,
    flowSpecId: flowSpecs.http,
  });
  return { base, source, flow };
}

/** Deletes in the order that Platform accepts. */
export async function deleteAll(aep: Driver, objects: PlatformObjects): Promise<void> {
  const { group, schema, descriptor, dataset, source, target, mapping, flow } = objects;
  for (const made of [flow, mapping, target, source, dataset, descriptor, schema, group]) await aep.delete(made);
}
