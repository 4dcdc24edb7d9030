import type { PlatformSwitches } from "../state/options.ts";
import { isObject, type Json, type JsonObject, objectOf } from "../web/json.ts";
import { coerceToField, TypeMismatch } from "./coerce.ts";
import { compileExpression } from "./language/expression.ts";
import { type Path, readPath, showPath, valueAt } from "./language/path.ts";
import { Unreadable } from "./language/unreadable.ts";
import type { MappingItem } from "./mapping-item.ts";
import { type EvaluationContext, MissingAttribute, TransformError, type Value } from "./value.ts";

/** A compiled mapping: its source can be evaluated, and its destination is a field of the schema. */
export interface CompiledMapping {
  readonly item: MappingItem;
  readonly read: (context: EvaluationContext) => Value;
  readonly destination: Path;
  readonly field: JsonObject;
}

/** A problem of one mapping with one record, in the form of the API description's TransformErrorInfo. */
interface MappingIssue extends JsonObject {
  source: string;
  destination: string;
  exception: string;
  columnName: string;
  sourceType: string;
}

export interface MappedRecord {
  readonly row: JsonObject;
  /** Transformation errors: each nulled its column. */
  readonly warnings: readonly MappingIssue[];
  /** Errors that fail the record: an attribute that doesn't exist, an XDM type mismatch. */
  readonly failures: readonly MappingIssue[];
}

/** Compiles a mapping for its target schema; throws Unreadable. */
export function compileMapping(item: MappingItem, schema: JsonObject): CompiledMapping {
  const destination = readPath(item.destination);
  return { item, read: reader(item), destination, field: fieldOf(schema, destination) };
}

function reader({ sourceType, source }: MappingItem): CompiledMapping["read"] {
  if (sourceType === "STATIC") return () => source;
  if (sourceType === "EXPRESSION") return compileExpression(source);
  const path = readPath(source);
  return (context) => {
    const value = valueAt(context.source, path);
    if (value === undefined) throw new MissingAttribute(source);
    return value;
  };
}

function fieldOf(schema: JsonObject, destination: Path): JsonObject {
  let field = schema;
  for (const step of destination) {
    const next: Json | undefined =
      typeof step === "string" ? (objectOf(field.properties)[step] ?? field.additionalProperties) : field.items;
    if (!isObject(next)) throw new Unreadable(`The schema has no field ${showPath(destination)}`);
    field = next;
  }
  return field;
}

export type MappingRules = Pick<PlatformSwitches, "missingSourceAttribute" | "numberInTextField" | "arithmetic">;

/**
 * Maps one record. A transformation error nulls its column and is a warning; a reference to an attribute that doesn't exist and
 * a mismatch of types are errors (monitor-streaming page). A null leaves the target empty.
 */
export function mapRecord(
  mappings: readonly CompiledMapping[],
  context: EvaluationContext,
  rules: MappingRules,
): MappedRecord {
  const row: JsonObject = {};
  const warnings: MappingIssue[] = [];
  const failures: MappingIssue[] = [];
  // Parents before children, so that a mapped object doesn't overwrite values that were mapped into it.
  const ordered = [...mappings].sort((left, right) => left.destination.length - right.destination.length);
  for (const mapping of ordered) {
    try {
      const value = mapping.read({ ...context, arithmetic: rules.arithmetic });
      const target = { field: mapping.field, path: mapping.item.destination, rules };
      if (value !== null) place(row, mapping.destination, value, target);
    } catch (error) {
      if (error instanceof MissingAttribute) {
        if (rules.missingSourceAttribute === "fails-record") failures.push(issue(mapping.item, error));
      } else if (error instanceof TypeMismatch) failures.push(issue(mapping.item, error));
      else if (error instanceof TransformError) warnings.push(issue(mapping.item, error));
      else throw error;
    }
  }
  return { row: objectOf(prune(row)), warnings, failures };
}

function issue({ source, destination, sourceType }: MappingItem, { message }: Error): MappingIssue {
  return { source, destination, exception: message, columnName: destination, sourceType };
}

/** Where a value goes, and how it may be changed for that. */
interface Target {
  readonly field: JsonObject;
  /** As the mapping names it. */
  readonly path: string;
  readonly rules: MappingRules;
}

/** Puts a value at the rest of a path; `[*]` distributes an array over the items. */
function place(container: Json | undefined, [step, ...rest]: Path, value: Value, target: Target): Json {
  if (step === undefined) return coerceToField(value, target.field, target.path, target.rules);
  if (typeof step === "string") {
    const object = isObject(container) ? container : {};
    object[step] = place(object[step], rest, value, target);
    return object;
  }
  const array = Array.isArray(container) ? container : [];
  if (typeof step === "number") {
    while (array.length <= step) array.push(null);
    array[step] = place(array[step], rest, value, target);
    return array;
  }
  if (!Array.isArray(value)) throw new TypeMismatch(target.path, value, "array");
  for (const [index, item] of value.entries()) array[index] = place(array[index], rest, item, target);
  return array;
}

/** Removes nulls. */
function prune(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map((item) => prune(item) ?? null);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null && item !== undefined)
      .map(([name, item]) => [name, prune(item)]),
  );
}
