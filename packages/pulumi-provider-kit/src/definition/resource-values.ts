import type { z } from "zod";
import { holdsSecret, type PropertyMap, reveal, Secret, Unknown } from "../engine/values.ts";
import { metadata, propertiesWhere } from "./metadata.ts";
import { unpackInputs } from "./packed-inputs.ts";
import type { ResourceDefinition } from "./resource-definition.ts";

/** Marks values as secret if the schema says so, or if the program passed them as secret. */
export function markSecrets(values: PropertyMap, schema: z.ZodObject, given: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const property = schema.shape[name] as z.ZodType | undefined;
      const secret = (property && metadata(property).secret) || (given[name] !== undefined && holdsSecret(given[name]));
      return [name, secret && !(value instanceof Secret) ? new Secret(reveal(value)) : value];
    }),
  );
}

export function mergeOutputs(
  resource: ResourceDefinition<never>,
  inputs: PropertyMap,
  outputs: Record<string, unknown>,
): PropertyMap {
  return { ...repeatedInputs(resource, inputs), ...markSecrets(withoutUndefined(outputs), resource.outputs, {}) };
}

/** The inputs that the outputs repeat. */
export function repeatedInputs({ inputOnly = [] }: ResourceDefinition<never>, inputs: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => !inputOnly.includes(name)));
}

export function withoutUndefined(object: Record<string, unknown>): PropertyMap {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as PropertyMap;
}

/** Inputs in the definition's form. State from an older version may lack a required input; it is passed unchanged. */
export function plainInputs(resource: ResourceDefinition<never>, inputs: PropertyMap): Record<string, unknown> {
  const plain = reveal(unpackInputs(resource, inputs)) as Record<string, unknown>;
  const parsed = resource.inputs.safeParse(plain);
  return parsed.success ? parsed.data : plain;
}

export function outputsOf(resource: ResourceDefinition<never>, state: PropertyMap): Record<string, unknown> {
  const plain = reveal(state) as Record<string, unknown>;
  return Object.fromEntries(Object.keys(resource.outputs.shape).map((name) => [name, plain[name]]));
}

/** A preview's outputs: before a create all are unknown, before an update only those that it may change. */
export function unknownOutputs(resource: ResourceDefinition<never>, state: PropertyMap, all: boolean): PropertyMap {
  const changing = new Set(propertiesWhere(resource.outputs, (meta) => all || meta.volatile === true));
  return Object.fromEntries(
    Object.keys(resource.outputs.shape).map((name) => {
      const stable = changing.has(name) ? undefined : state[name];
      return [name, stable ?? Unknown.instance];
    }),
  );
}

/** Inputs that matter only on creation. */
export function creationInputs(resource: ResourceDefinition<never>): string[] {
  return propertiesWhere(resource.inputs, (meta) => meta.creation === true);
}
