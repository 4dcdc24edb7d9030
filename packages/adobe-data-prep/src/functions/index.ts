import type { FunctionEntry } from "../function-entry.ts";
import { analyticsFunctions } from "./analytics.ts";
import { arrayFunctions } from "./arrays.ts";
import { dateFunctions } from "./dates.ts";
import { hashingFunctions } from "./hashing.ts";
import { aggregationFunctions, conversionFunctions, logicFunctions, specialFunctions } from "./logic.ts";
import { jsonFunctions, mapFunctions, objectFunctions } from "./objects.ts";
import { regularExpressionFunctions, stringFunctions } from "./strings.ts";
import { urlFunctions } from "./urls.ts";
import { userAgentFunctions } from "./user-agent.ts";

/** Every function on Adobe's page "Data Prep mapping functions", by its category there. */
const functionsByCategory = {
  String: stringFunctions,
  "Regular expression": regularExpressionFunctions,
  Hashing: hashingFunctions,
  URL: urlFunctions,
  "Date / Time": dateFunctions,
  "Hierarchies - Objects": objectFunctions,
  "Hierarchies - Arrays": arrayFunctions,
  "Hierarchies - Map": mapFunctions,
  "Logical operators": logicFunctions,
  Aggregation: aggregationFunctions,
  "Type conversion": conversionFunctions,
  JSON: jsonFunctions,
  "Special operations": specialFunctions,
  "User agent": userAgentFunctions,
  Analytics: analyticsFunctions,
} as const;

type Tables = typeof functionsByCategory;

/** The name of a function; synonyms are looked up with `findFunction`. */
export type FunctionName = { [Category in keyof Tables]: keyof Tables[Category] }[keyof Tables];

/** A function's entry with derived properties. */
export interface DataPrepFunction extends FunctionEntry {
  readonly name: FunctionName;
  readonly category: string;
  /** As on the functions page: `lower(INPUT)`. */
  readonly syntax: string;
  /** How many arguments it takes. */
  readonly arity: { readonly minimum: number; readonly maximum: number };
}

export const dataPrepFunctions: readonly DataPrepFunction[] = Object.entries(functionsByCategory).flatMap(
  ([category, table]) =>
    Object.entries<FunctionEntry>(table).map(([name, entry]) => ({
      ...entry,
      name: name as FunctionName,
      category,
      syntax: `${name}(${entry.parameters})`,
      arity: arityOf(entry.parameters),
    })),
);

const byName = new Map<string, DataPrepFunction>(
  dataPrepFunctions.flatMap((found) => [found.name, ...(found.synonyms ?? [])].map((name) => [name, found] as const)),
);

/** The names of all functions, with their synonyms. */
export const functionNames: readonly string[] = [...byName.keys()];

/** Finds a function by name or synonym; names are case-sensitive. */
export function findFunction(name: string): DataPrepFunction | undefined {
  return byName.get(name);
}

function arityOf(parameters: string): DataPrepFunction["arity"] {
  const all = parameters === "" ? [] : parameters.split(", ");
  const repeated = all.some((parameter) => /\.\.\.\??$/.test(parameter));
  return {
    minimum: all.filter((parameter) => !parameter.endsWith("?")).length,
    maximum: repeated ? Number.POSITIVE_INFINITY : all.length,
  };
}
