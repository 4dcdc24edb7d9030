import { numberParameter, type PlatformContext } from "../web/http.ts";
import type { Json, JsonObject } from "../web/json.ts";
import { plainProblem } from "../web/problem.ts";
import { compareValues, fulfills, parsePropertyCondition } from "../web/property-filter.ts";

/** An object of Catalog, as it is shown. */
export interface CatalogEntry {
  readonly id: string;
  readonly item: JsonObject;
}

/** Query parameters that aren't filters on a property of the same name. */
const parameters = new Set(["limit", "start", "orderBy", "property", "properties"]);

const mostObjects = 100;

/**
 * The page of a list that a query asks for ("Filter Catalog data using query parameters").
 *
 * @param options.order if the query has none; Adobe does not say which it is
 * @param options.own parameters that the service itself reads
 */
export function pageOfCatalog<Entry extends CatalogEntry>(
  context: PlatformContext,
  entries: readonly Entry[],
  { order, own = [] }: { readonly order: string; readonly own?: readonly string[] },
): Entry[] {
  const limit = numberParameter(context, "limit", 1) ?? 20;
  if (limit > mostObjects) throw plainProblem(400, `The parameter limit must not exceed ${mostObjects}`);
  const start = numberParameter(context, "start") ?? 0;
  const filters = Object.entries(context.req.query()).filter(([name]) => !parameters.has(name) && !own.includes(name));
  const conditions = context.req.queries("property") ?? [];
  const sort = sorting(context.req.query("orderBy") ?? order);
  return entries
    .filter(({ item }) => filters.every(([name, value]) => fitsSimply(name, item[name], value)))
    .filter(({ item }) => conditions.every((condition) => fits(item, condition)))
    .sort((left, right) => sort(left.item, right.item))
    .slice(start, start + limit);
}

/** The properties that a query asks for. */
export function pickProperties(item: JsonObject, properties: string | undefined): JsonObject {
  if (properties === undefined) return item;
  return Object.fromEntries(properties.split(",").map((name) => [name, item[name]]));
}

/** "Using simple filters": any of several values, or with `!` none of them. */
function fitsSimply(name: string, value: Json | undefined, filter: string): boolean {
  const isNot = filter.startsWith("!");
  const wanted = (isNot ? filter.slice(1) : filter).split(",");
  return wanted.some((one) => isLike(name, value, one)) !== isNot;
}

/** "Using the property parameter", which takes properties of the top level only. */
function fits(item: JsonObject, text: string): boolean {
  const condition = parsePropertyCondition(text);
  if (condition === undefined) {
    return text.startsWith("!") ? item[text.slice(1)] === undefined : item[text] !== undefined;
  }
  const { path, operator, value } = condition;
  if (operator === "==" || operator === "!=") return isLike(path, item[path], value) === (operator === "==");
  return fulfills({ value: item[path] }, { ...condition, path: "value" }, [value]);
}

/** In a name, `*` stands for any characters and `**` for an asterisk. */
function isLike(property: string, value: Json | undefined, wanted: string): boolean {
  if (value === undefined || property !== "name") return value !== undefined && String(value) === wanted;
  const parts = wanted.split("**").map((part) => part.split("*").map(literally).join(".*"));
  return new RegExp(`^${parts.join("\\*")}$`, "s").test(String(value));
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** `name,desc:created`: without a direction ascending. */
function sorting(orderBy: string): (left: JsonObject, right: JsonObject) => number {
  const fields = orderBy.split(",").map((text) => {
    const [direction, name] = text.includes(":") ? text.split(":") : ["asc", text];
    return { name: name ?? "", sign: direction === "desc" ? -1 : 1 };
  });
  return (left, right) => {
    for (const { name, sign } of fields) {
      const order = compareValues(left[name], right[name]) * sign;
      if (order !== 0) return order;
    }
    return 0;
  };
}
