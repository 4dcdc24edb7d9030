import type { PathStep } from "adobe-data-prep";
import { isObject, type Json } from "../json.ts";

/**
 * The value at a path, or undefined if the path doesn't exist; null counts as existing. With `[*]` it is the array of the values
 * at the rest of the path, null where an item lacks it.
 */
export function readPath(source: Json | undefined, steps: readonly PathStep[]): Json | undefined {
  let value = source;
  for (const [position, step] of steps.entries()) {
    if (step.kind === "items") {
      const rest = steps.slice(position + 1);
      return Array.isArray(value) ? value.map((item) => readPath(item, rest) ?? null) : undefined;
    }
    if (step.kind === "item") value = Array.isArray(value) ? value[step.index] : undefined;
    else value = isObject(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}
