import { SyntaxProblem } from "../value.ts";
import { arrayFunctions } from "./arrays.ts";
import { dateFunctions } from "./dates.ts";
import { hashingFunctions } from "./hashing.ts";
import { logicFunctions } from "./logic.ts";
import type { MapperFunction } from "./mapper-function.ts";
import { numberFunctions } from "./numbers.ts";
import { objectFunctions } from "./objects.ts";
import { stringFunctions } from "./strings.ts";

/** The functions of Data Prep's functions page that work here. */
export const mapperFunctions: readonly MapperFunction[] = [
  ...stringFunctions,
  ...hashingFunctions,
  ...dateFunctions,
  ...objectFunctions,
  ...arrayFunctions,
  ...logicFunctions,
  ...numberFunctions,
];

/** Functions of that page that are left out here: a set that uses one is refused, though Platform would take it. */
const leftOut = new Set(
  [
    "get_url_protocol get_url_host get_url_port get_url_path get_url_query_str get_url_encoded get_url_decoded",
    "set_date_part make_date_time make_timestamp zone_date_to_zone arrays_to_object is_set fpid_to_ecid",
    "upsert_array_append upsert_array_replace array_to_string filterArray transformArray flattenArray",
    "ua_os_name ua_os_version_major ua_os_version ua_os_name_version ua_agent_version ua_agent_version_major",
    "ua_agent_name ua_device_class aa_get_event_id aa_get_event_value aa_get_product_categories aa_get_product_names",
    "aa_get_product_quantities aa_get_product_prices aa_get_product_event_values aa_get_product_evars",
  ].flatMap((names) => names.split(" ")),
);

const byName = new Map(mapperFunctions.flatMap((entry) => entry.names.map((name) => [name, entry] as const)));

/** Names of functions are reserved words. */
export function isFunctionName(name: string): boolean {
  return byName.has(name) || leftOut.has(name);
}

export function findFunction(name: string): MapperFunction {
  const found = byName.get(name);
  if (found !== undefined) return found;
  if (leftOut.has(name)) throw new SyntaxProblem(`The stand-in lacks the function ${name}`);
  throw new SyntaxProblem(`There is no function ${name}`);
}
