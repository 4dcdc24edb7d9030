import type { z } from "zod";
import { differences } from "../engine/difference.ts";
import type { DiffResult, PropertyDiffKind } from "../engine/provider.ts";
import { holdsUnknown, type PropertyMap } from "../engine/values.ts";
import { propertiesWhere } from "./metadata.ts";
import type { ResourceDefinition } from "./resource-definition.ts";
import { creationInputs, plainInputs, withoutUndefined } from "./resource-values.ts";

/** Decides what a change of a resource's inputs leads to. */
export function resourceDifference(
  resource: ResourceDefinition<never>,
  given: PropertyMap,
  wanted: PropertyMap,
): DiffResult {
  const ignored = new Set(creationInputs(resource));
  const [olds, news] = [given, wanted].map((inputs) =>
    Object.fromEntries(Object.entries(inputs).filter(([name]) => !ignored.has(name))),
  ) as [PropertyMap, PropertyMap];
  const normal = (inputs: PropertyMap): PropertyMap =>
    resource.normalize && !holdsUnknown(inputs)
      ? withoutUndefined(resource.normalize(plainInputs(resource, inputs)))
      : inputs;
  const comparable = !holdsUnknown(news);
  const [before, after] = comparable ? [normal(olds), normal(news)] : [olds, news];
  const replacing = new Set(propertiesWhere(resource.inputs, (meta) => meta.replaces === true));
  const detailed: Record<string, PropertyDiffKind> = {};
  for (const { path, kind } of differences(before, after, "")) {
    const property = path.split(/[.[]/)[0] ?? path;
    // If the state lacks a required input, another version or provider created the object and did not require it.
    const isNew =
      kind === "add" &&
      path === property &&
      !(resource.inputs.shape[property] as z.ZodType).safeParse(undefined).success;
    detailed[path] = !resource.update || (replacing.has(property) && !isNew) ? `${kind}-replace` : kind;
  }
  return { detailed, deleteBeforeReplace: resource.deleteBeforeReplace ?? false };
}

export function isReplacement(kind: PropertyDiffKind): boolean {
  return kind.endsWith("-replace");
}
