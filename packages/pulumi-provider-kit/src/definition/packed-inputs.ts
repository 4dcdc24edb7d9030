import { deflateRawSync, inflateRawSync } from "node:zlib";
import { holdsSecret, holdsUnknown, type PropertyMap, type PropertyValue } from "../engine/values.ts";
import { propertiesWhere } from "./metadata.ts";
import type { ResourceDefinition } from "./resource-definition.ts";

/** Begins the text that the state has in place of a packed value. */
const mark = "deflate:";

/** Compresses the inputs that the definition packs, if they are known and hold no secret. */
export function packInputs(resource: ResourceDefinition<never>, inputs: PropertyMap): PropertyMap {
  return changePacked(resource, inputs, (value) =>
    holdsUnknown(value) || holdsSecret(value) ? value : mark + deflateRawSync(JSON.stringify(value)).toString("base64"),
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
  const packed = propertiesWhere(resource.inputs, (meta) => meta.packed === true);
  const changed = packed.flatMap((name) => {
    const value = inputs[name];
    return value === undefined ? [] : [[name, change(value)]];
  });
  return { ...inputs, ...Object.fromEntries(changed) };
}
