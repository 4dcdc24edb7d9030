import { deflateRawSync, inflateRawSync } from "node:zlib";
import { holdsSecret, holdsUnknown, type PropertyMap, type PropertyValue, Unknown } from "../engine/values.ts";
import { propertiesWhere } from "./metadata.ts";
import type { ResourceDefinition } from "./resource-definition.ts";

/** Begins the text that the state has in place of a packed value. */
const mark = "deflate:";

/**
 * Compresses the inputs that the definition packs, unless they hold a secret. While a part is unknown, so is all of it: the engine refuses an
 * `up` whose inputs differ from those of its plan (`--plan`), except where the plan had an unknown.
 */
export function packInputs(resource: ResourceDefinition<never>, inputs: PropertyMap): PropertyMap {
  return changePacked(resource, inputs, (value) => {
    if (holdsSecret(value)) return value;
    return holdsUnknown(value) ? Unknown.instance : mark + deflateRawSync(JSON.stringify(value)).toString("base64");
  });
}

/** The inputs to pack that a preview knows in part, as the program gave them. */
export function partlyKnown(resource: ResourceDefinition<never>, inputs: PropertyMap): PropertyMap {
  const packed = packedNames(resource);
  return Object.fromEntries(
    Object.entries(inputs).filter(([name, value]) => packed.includes(name) && holdsUnknown(value)),
  );
}

/** The inputs as the program gave them. An earlier version's state has them unpacked. */
export function unpackInputs(resource: ResourceDefinition<never>, inputs: PropertyMap): PropertyMap {
  return changePacked(resource, inputs, (value) =>
    typeof value === "string" && value.startsWith(mark)
      ? JSON.parse(inflateRawSync(Buffer.from(value.slice(mark.length), "base64")).toString())
      : value,
  );
}

function changePacked(
  resource: ResourceDefinition<never>,
  inputs: PropertyMap,
  change: (value: PropertyValue) => PropertyValue,
): PropertyMap {
  const changed = packedNames(resource).flatMap((name) => {
    const value = inputs[name];
    return value === undefined ? [] : [[name, change(value)]];
  });
  return { ...inputs, ...Object.fromEntries(changed) };
}

function packedNames({ inputs }: ResourceDefinition<never>): string[] {
  return propertiesWhere(inputs, (meta) => meta.packed === true);
}
