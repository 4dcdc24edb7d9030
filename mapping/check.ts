import { parseExpression, parsePath, pathProblem } from "adobe-data-prep";
import { attributeText } from "../events/direct-mapping.ts";
import type { EventMapping } from "../events/mapping.ts";
import { type CheckedSource, checkAttribute, checkExpression } from "./check-source.ts";
import { type Customization, customizeMapping } from "./customize.ts";
import { findMisfit } from "./fit.ts";
import { guessPath } from "./meant.ts";
import type { SchemaField, SchemaFields } from "./schema-fields.ts";
import { type MappingPair, removes, resolveDestination } from "./settings.ts";
import { type SourceFields, sourceFields } from "./source-fields.ts";

/** A mistake in the setting `mapping`, or something that it lacks. */
export interface MappingProblem {
  /** The part of the setting, as a path for `pulumi config set --path`: `mapping.set[0].source`. */
  readonly path: string;
  readonly reason: string;
  /** How to fix it: set another value (the one that was probably meant, if any), use an expression instead of a source, or remove it. */
  readonly remedy:
    | { readonly do: "set"; readonly value?: string }
    | { readonly do: "express"; readonly value: string }
    | { readonly do: "remove" };
}

export interface MappingCheck extends Customization {
  /** The automatic mapping, without the setting. */
  readonly automatic: readonly EventMapping[];
  /** The fields of the target schema. */
  readonly schema: SchemaFields;
  /** Path of the field that is the schema's primary identity, if a field is: Platform refuses records without it. */
  readonly primaryIdentity?: string | undefined;
}

/** Finds all mistakes in the resulting mapping, without asking Platform. */
export function findMappingProblems(check: MappingCheck): MappingProblem[] {
  const { settings, delivery = "relay" } = check;
  const sources = sourceFields(delivery);
  return [
    ...settings.remove.flatMap((entry, index) => removeProblems(entry, index, check)),
    ...settings.set.flatMap((pair, index) => pairProblems(pair, index, check, sources)),
    ...automaticProblems(check, sources),
    ...coverageProblems(check),
  ];
}

/** Warns of sources in the setting that this package does not know, although they may be right. */
export function findMappingWarnings({
  settings,
  delivery = "relay",
}: Pick<Customization, "settings" | "delivery">): string[] {
  const sources = sourceFields(delivery);
  return settings.set.flatMap((pair, index) => {
    const { warning } = sourceOf(pair, sources).checked;
    return warning === undefined ? [] : [`mapping.set[${index}].source: ${warning}`];
  });
}

function removeProblems(entry: string, index: number, check: MappingCheck): MappingProblem[] {
  const { automatic, settings, tenantId } = check;
  const path = `mapping.remove[${index}]`;
  const whole = resolveDestination(entry, tenantId);
  const setInstead = settings.set.findIndex(({ destination }) => resolveDestination(destination, tenantId) === whole);
  if (setInstead !== -1) {
    const reason = `"${entry}" is set by mapping.set[${setInstead}], which replaces the automatic mapping anyway`;
    return [{ path, reason, remedy: { do: "remove" } }];
  }
  if (automatic.some(({ destination }) => removes(whole, destination))) return [];
  const meant = guessPath(
    whole,
    automatic.map(({ destination }) => destination),
  );
  return [{ path, reason: `the automatic mapping does not fill "${entry}"`, remedy: toSet(meant) }];
}

function pairProblems(pair: MappingPair, index: number, check: MappingCheck, sources: SourceFields): MappingProblem[] {
  const path = `mapping.set[${index}]`;
  const destination = resolveDestination(pair.destination, check.tenantId);
  const field = fieldAt(destination, check.schema);
  const { checked, part } = sourceOf(pair, sources);
  const problems: MappingProblem[] = [
    ...destinationProblems(pair, index, destination, check),
    ...checked.mistakes.map((reason) => ({ path: `${path}.${part}`, reason, remedy: remedyOf(checked) })),
  ];
  if (field === undefined || checked.mistakes.length > 0) return problems;
  const found = findMisfit(
    checked.kinds,
    field,
    pair.expression ?? attributeText(pair.source ?? ""),
    part === "source",
  );
  if (found) {
    const reason = `${part === "source" ? pair.source : "it"} ${found.reason} (${destination})`;
    const remedy = part === "source" ? remedyOf({ expression: found.instead }) : toSet(found.instead);
    problems.push({ path: `${path}.${part}`, reason, remedy });
  }
  return [...problems, ...valueProblems(pair, `${path}.expression`, field)];
}

function remedyOf({ instead, expression }: { instead?: string | undefined; expression?: string | undefined }) {
  return expression === undefined ? toSet(instead) : ({ do: "express", value: expression } as const);
}

function sourceOf(pair: MappingPair, sources: SourceFields): { checked: CheckedSource; part: "source" | "expression" } {
  return pair.expression === undefined
    ? { checked: checkAttribute(pair.source ?? "", sources), part: "source" }
    : { checked: checkExpression(pair.expression, sources), part: "expression" };
}

function destinationProblems(
  pair: MappingPair,
  index: number,
  destination: string,
  { schema, settings, tenantId }: MappingCheck,
): MappingProblem[] {
  const path = `mapping.set[${index}].destination`;
  const unreadable = pathProblem(destination);
  if (unreadable !== undefined) return [{ path, reason: unreadable, remedy: toSet() }];
  const first = settings.set.findIndex((other) => resolveDestination(other.destination, tenantId) === destination);
  if (first < index) {
    const reason = `"${pair.destination}" is set by mapping.set[${first}] already, and a field can have only one value`;
    return [{ path: `mapping.set[${index}]`, reason, remedy: { do: "remove" } }];
  }
  if (fieldAt(destination, schema) !== undefined) return [];
  return [
    { path, reason: `the schema has no field "${destination}"`, remedy: toSet(guessPath(destination, schema.paths)) },
  ];
}

/** Checks a fixed text for a field that accepts only certain texts. */
function valueProblems({ expression }: MappingPair, path: string, { values }: SchemaField): MappingProblem[] {
  if (expression === undefined || values === undefined) return [];
  const parsed = parseExpression(expression);
  if (parsed.kind !== "literal" || typeof parsed.value !== "string" || values.includes(parsed.value)) return [];
  const reason = `the field takes only ${values.map((value) => `"${value}"`).join(", ")}`;
  return [{ path, reason, remedy: toSet() }];
}

/** Checks the automatic mapping. It fits the schema that this package creates, but may not fit an existing one. */
function automaticProblems(check: MappingCheck, sources: SourceFields): MappingProblem[] {
  const { automatic, schema, settings } = check;
  const kept = customizeMapping(automatic, { ...check, settings: { ...settings, set: [] } }).filter(
    ({ destination }) =>
      !settings.set.some((pair) => resolveDestination(pair.destination, check.tenantId) === destination),
  );
  const path = `mapping.remove[${settings.remove.length}]`;
  const missing = destinationsOf(kept).filter((destination) => fieldAt(destination, schema) === undefined);
  const unfit = kept.flatMap(({ sourceType, source, destination }) => {
    const field = fieldAt(destination, schema);
    const isAttribute = sourceType === "ATTRIBUTE";
    const { kinds } = isAttribute ? checkAttribute(source, sources) : checkExpression(source, sources);
    const found = field && findMisfit(kinds, field, isAttribute ? attributeText(source) : source, isAttribute);
    if (!found) return [];
    const reason = `"${destination}" is filled with ${source}, which ${found.reason}`;
    return [{ path, reason, remedy: toSet(destination) }];
  });
  if (missing.length === 0) return unfit;
  const reason = `the schema lacks fields that events fill; add them to the schema or leave them out: ${missing.join(", ")}`;
  return [{ path, reason, remedy: toSet(missing.length === 1 ? missing[0] : commonObject(missing)) }, ...unfit];
}

/** `_acme.customerio.*`, if all paths are in one object. */
function commonObject(paths: readonly string[]): string | undefined {
  const objects = new Set(paths.map((path) => path.split(".").slice(0, -1).join(".")));
  const [object] = objects;
  return objects.size === 1 && object ? `${object}.*` : undefined;
}

function coverageProblems(check: MappingCheck): MappingProblem[] {
  const { automatic, primaryIdentity, schema, settings, tenantId } = check;
  const mapped = destinationsOf(customizeMapping(automatic, check));
  const withAll = destinationsOf(
    customizeMapping(automatic, { ...check, settings: { ...settings, identifiers: "all" } }),
  );
  const isCovered = (path: string) => mapped.some((other) => other === path || path.startsWith(`${other}.`));
  const uncovered = (path: string, why: string): MappingProblem => {
    const reason = `nothing is mapped to "${path}", ${why}`;
    if (withAll.includes(path)) return { path: "mapping.identifiers", reason, remedy: toSet("all") };
    const removed = settings.remove.findIndex((entry) => removes(resolveDestination(entry, tenantId), path));
    return removed === -1
      ? { path: `mapping.set[${settings.set.length}].destination`, reason, remedy: toSet(path) }
      : { path: `mapping.remove[${removed}]`, reason, remedy: { do: "remove" } };
  };
  const required = schema.requiredPaths(mapped).filter((path) => !isCovered(path));
  const problems = required.map((path) => uncovered(path, "without which Platform refuses every record"));
  if (primaryIdentity !== undefined && !isCovered(primaryIdentity) && !required.includes(primaryIdentity)) {
    const why = "which is the schema's primary identity: Platform refuses every record without it";
    problems.push(uncovered(primaryIdentity, why));
  }
  return problems;
}

function destinationsOf(mappings: readonly EventMapping[]): string[] {
  return mappings.map(({ destination }) => destination);
}

function fieldAt(destination: string, schema: SchemaFields): SchemaField | undefined {
  return pathProblem(destination) === undefined ? schema.field(parsePath(destination)) : undefined;
}

function toSet(value?: string): MappingProblem["remedy"] {
  return value === undefined ? { do: "set" } : { do: "set", value };
}
