import { numberParameter, type PlatformContext } from "../web/http.ts";
import type { JsonObject } from "../web/json.ts";
import { type Condition, compareValues, fulfills, parsePropertyCondition, valuesAt } from "../web/property-filter.ts";
import { invalidRequest } from "./problems.ts";

const parameters = new Set(["property", "limit", "orderby", "continuationToken", "count"]);
const operators = new Set(["==", "!=", "<", "<=", ">", ">="]);

/** A list without a limit; the page size isn't documented. */
const defaultLimit = 100;

/**
 * Returns a list: filters (`property=<path><operator><value>`, ANDed; `==a,b` is any of them; `name[]` for arrays), `orderby`,
 * `limit` with `continuationToken`, or `count=true` (Flow Service API guide, "Sorting and filtering responses").
 * @param path of the list below the service, for the link to the next page
 */
export function listEntities(context: PlatformContext, path: string, entities: readonly JsonObject[]): JsonObject {
  const unknown = Object.keys(context.req.query()).find((name) => !parameters.has(name));
  if (unknown !== undefined) throw invalidRequest("1451-400", `Invalid params ${unknown} provided in query params.`);
  const limit = numberParameter(context, "limit", 1);
  const count = context.req.query("count") === "true";
  if (limit !== undefined && count) {
    throw invalidRequest(
      "1401-400",
      "The limit and count parameters cannot be given together in the same request. Please provide either only the limit or the count parameter and try again.",
    );
  }
  const conditions = (context.req.queries("property") ?? []).map(checkCondition);
  const found = entities.filter((entity) =>
    conditions.every((condition) => fulfills(entity, condition, condition.value.split(","))),
  );
  if (count) return { count: found.length };
  const orderBy = context.req.query("orderby");
  if (orderBy !== undefined) sort(found, orderBy);
  const start = offset(context.req.query("continuationToken"));
  const size = limit ?? defaultLimit;
  const links: JsonObject = {};
  if (start + size < found.length) {
    const query = new URL(context.req.url).searchParams;
    query.set("continuationToken", Buffer.from(String(start + size)).toString("base64url"));
    links.next = { href: `/${path}?${query.toString()}` };
  }
  return { items: found.slice(start, start + size), _links: links };
}

function checkCondition(text: string): Condition {
  const condition = parsePropertyCondition(text);
  if (condition === undefined || condition.value === "") {
    throw invalidRequest("1453-400", `Invalid query value ${text} provided in query param.`);
  }
  if (condition.operator === "~") throw invalidRequest("1440-400", "Operator '~' not implemented.");
  if (!operators.has(condition.operator)) {
    throw invalidRequest("1450-400", `Invalid operator ${condition.operator} in filter params.`);
  }
  if (/[<>]/.test(condition.operator) && condition.value.includes(",")) {
    throw invalidRequest("1443-400", `Operator '${condition.operator}' is not allowed for multiple values.`);
  }
  return condition;
}

/** `-name` is descending; `+name` arrives as a space and a name. */
function sort(entities: JsonObject[], orderBy: string): void {
  const path = orderBy.replace(/^[-+ ]/, "").split(".");
  const sign = orderBy.startsWith("-") ? -1 : 1;
  entities.sort((left, right) => compareValues(valuesAt(left, path)[0], valuesAt(right, path)[0]) * sign);
}

function offset(token: string | undefined): number {
  const value = Number(Buffer.from(token ?? "", "base64url").toString() || "0");
  if (!Number.isInteger(value) || value < 0) throw invalidRequest("1454-400", "Unhandled Filter Value Type provided.");
  return value;
}
