import { findFunction, formatPath, parseExpression } from "adobe-data-prep";
import { attributeIfThere, directMappings } from "../../events/direct-mapping.ts";
import { eventFields } from "../../events/fields.ts";
import type { RowPaths } from "./sides/rows.ts";

/** A pair of a stack's mapping. */
interface MappingPair {
  readonly source: string;
  readonly destination: string;
}

/** The mapping without the relay; only its sources matter here. */
const direct = directMappings("");

/** Functions after which a text is still the same for an audit, which ignores case and blanks around names. */
const harmless = ["lower", "upper", "trim", "ltrim", "rtrim"];

const afterwards = "After the next up, audit only later days: rows from before would all count as missing.";

/**
 * Where rows have what an audit compares.
 *
 * @throws if the mapping leaves one of these attributes out, or fills its field with something else: then no row would match Customer.io's
 *   record, and a backfill would send every event a second time
 */
export function rowPathsOf(mappings: readonly MappingPair[]): RowPaths {
  const findOwn = (name: string) => mappings.find(({ destination }) => destination.endsWith(`.customerio.${name}`));
  const placeOf = (name: string, isSame: (source: string) => boolean): string => {
    const own = findOwn(name);
    const same = [...(own ? [own] : []), ...mappings].find(({ source }) => isSame(source));
    if (same) return same.destination;
    throw new Error(
      own === undefined
        ? `The stack's mapping does not fill the field customerio.${name}, nor another one with ${sourceOf(name)}, so rows can't be ` +
            `compared. Map it (docs/mapping.md). ${afterwards}`
        : `The stack's mapping fills the field customerio.${name} with ${own.source}, so its rows can't be compared with what ` +
            `Customer.io recorded. Map ${sourceOf(name)} unchanged, to this field or to another one (docs/mapping.md). ${afterwards}`,
    );
  };
  /** @param functions that may be applied to the attribute */
  const isCopy = (name: string, functions: readonly string[] = []) => {
    const attribute = sourceOf(name);
    const withoutRelay = direct.find(({ destination }) => destination.endsWith(`.${name}`))?.source;
    return (source: string) =>
      [attribute, attributeIfThere(attribute), withoutRelay].includes(source) ||
      innerAttribute(source, functions) === attribute;
  };
  return {
    delivery: placeOf("delivery_id", isCopy("delivery_id")),
    objectType: placeOf("object_type", isCopy("object_type", harmless)),
    metric: placeOf("metric", isCopy("metric", harmless)),
    // Whatever fills it: it only says to which day a row belongs that Customer.io's record lacks.
    timestamp: findOwn("timestamp")?.destination ?? placeOf("timestamp", isCopy("timestamp")),
  };
}

function sourceOf(name: string): string {
  return eventFields.find((field) => field.name === name)?.source ?? name;
}

/** The attribute to which an expression applies nothing but these functions; undefined for any other expression. */
function innerAttribute(source: string, functions: readonly string[]): string | undefined {
  let expression: ReturnType<typeof parseExpression>;
  try {
    expression = parseExpression(source);
  } catch {
    return undefined;
  }
  while (expression.kind === "call" && functions.includes(findFunction(expression.function)?.name ?? "")) {
    const [argument] = expression.arguments;
    if (argument === undefined) return undefined;
    expression = argument;
  }
  return expression.kind === "attribute" ? formatPath(expression.steps) : undefined;
}
