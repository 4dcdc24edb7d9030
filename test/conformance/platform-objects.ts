import { connectionSpecs, flowSpecs } from "../../packages/pulumi-aep/src/resources/flow-service/sources.ts";
import type { PropertyMap } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { fieldGroupOf, platformSubjects } from "../subjects/platform.ts";
import { resolveReferences } from "../subjects/subject.ts";
import type { Driver, Made } from "./driver.ts";
import { tenantId } from "./world.ts";

export function fieldGroupInputs(title: string, fields: readonly string[] = ["email"]): PropertyMap {
  const types = Object.fromEntries(fields.map((name) => [name, { type: "string", title: name }]));
  return fieldGroupOf(tenantId, title, types) as PropertyMap;
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

const subjects = platformSubjects(tenantId);

/** The types whose objects Platform lists. They have no owner here. */
const made = subjects.filter(({ list }) => list !== undefined);

/** Additional inputs that the calls need: a dataset gets rows, and is deleted nevertheless. */
const more: Readonly<Record<string, PropertyMap>> = { dataset: { forceDestroy: true } };

/** One object of each type by the name of its subject. */
export interface PlatformObjects {
  readonly fields: Made;
  readonly schema: Made;
  readonly email: Made;
  readonly dataset: Made;
  readonly source: Made;
  readonly target: Made;
  readonly mapping: Made;
  readonly flow: Made;
  readonly [name: string]: Made;
}

/** One object of each type, wired as in the program; titles and names begin with `name`. */
export async function makeAll(aep: Driver, name: string): Promise<PlatformObjects> {
  const objects: Record<string, Made> = {};
  for (const subject of made) {
    const { ownership: _, ...inputs } = subject.inputs;
    const own = resolveReferences(inputs, (reference) => {
      const other = objects[reference.name];
      return reference.property === "id" ? other?.id : other?.properties[reference.property];
    });
    for (const key of ["title", "name"]) if (key in own) own[key] = `${name}, ${subject.name}`;
    objects[subject.name] = await aep.make(subject.type, { ...own, ...more[subject.name] } as PropertyMap);
  }
  return objects as unknown as PlatformObjects;
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
  for (const object of Object.values(objects).toReversed()) await aep.delete(object);
}
