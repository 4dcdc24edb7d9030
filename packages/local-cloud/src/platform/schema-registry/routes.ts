import { Hono } from "hono";
import type { ResourceKind, XdmResource } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import {
  answer,
  numberParameter,
  type PlatformContext,
  type PlatformEnvironment,
  pathParameter,
  readJson,
  readObject,
} from "../web/http.ts";
import type { JsonObject } from "../web/json.ts";
import { plainProblem } from "../web/problem.ts";
import { type Condition, compareValues, fulfills, parsePropertyCondition, valuesAt } from "../web/property-filter.ts";
import { listForm, lookupForm } from "./accept.ts";
import { descriptorRoutes } from "./descriptors.ts";
import { resourceNotFound } from "./problems.ts";
import { altId, classOf, renderForm, renderResource } from "./render.ts";
import { createResource, deleteXdmResource, findResource, patchResource, replaceResource } from "./resources.ts";
import { isUnion } from "./rules.ts";

/** Paths of the types; the former name of field groups, mixins, still works. */
const kinds: Readonly<Record<string, ResourceKind>> = {
  classes: "classes",
  fieldgroups: "mixins",
  mixins: "mixins",
  schemas: "schemas",
};

/** Maximum entries of a list. */
const maximumPage = 300;

/** Schema Registry. */
export function schemaRegistryRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.get("/stats", (context) => stats(state, context));
  routes.route("/tenant/descriptors", descriptorRoutes(state));
  for (const [path, kind] of Object.entries(kinds)) {
    routes.get(`/:container{tenant|global}/${path}`, (context) => list(state, context, kind));
    routes.get(`/:container{tenant|global}/${path}/:id`, (context) => lookUp(state, context, kind));
    if (kind !== "classes") routes.route(`/tenant/${path}`, changeRoutes(state, kind));
  }
  return routes;
}

function changeRoutes(state: PlatformState, kind: ResourceKind): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  const own = (context: PlatformContext): XdmResource => {
    const resource = findResource(context.get("sandbox"), kind, pathParameter(context, "id"));
    if (resource.container === "global") throw plainProblem(403, `${resource.id} is Adobe's and can't be changed`);
    return resource;
  };
  routes.post("/", async (context) => {
    const sandbox = context.get("sandbox");
    const resource = createResource(state, sandbox, kind, await readObject(context));
    return answer(201, renderResource(state, sandbox, resource));
  });
  routes.put("/:id", async (context) => {
    const resource = own(context);
    replaceResource(state, context.get("sandbox"), resource, await readObject(context));
    return answer(200, renderResource(state, context.get("sandbox"), resource));
  });
  routes.patch("/:id", async (context) => {
    const resource = own(context);
    patchResource(state, context.get("sandbox"), resource, await readJson(context));
    return answer(200, renderResource(state, context.get("sandbox"), resource));
  });
  routes.delete("/:id", (context) => {
    deleteXdmResource(state, context.get("sandbox"), own(context));
    return answer(204);
  });
  return routes;
}

function lookUp(state: PlatformState, context: PlatformContext, kind: ResourceKind): Response {
  const form = lookupForm(context.req.header("accept"));
  const id = pathParameter(context, "id");
  const resource = findResource(context.get("sandbox"), kind, id);
  if (resource.container !== context.req.param("container")) throw resourceNotFound(kind, id, form.version);
  if (form.version !== "1") throw resourceNotFound(kind, resource.id, form.version);
  return answer(200, renderForm(state, context.get("sandbox"), resource, form));
}

function list(state: PlatformState, context: PlatformContext, kind: ResourceKind): Response {
  const form = listForm(context.req.header("accept"));
  const sandbox = context.get("sandbox");
  const orderBy = context.req.query("orderby");
  const start = context.req.query("start");
  const limit = numberParameter(context, "limit", 1);
  if (orderBy === undefined && (start !== undefined || limit !== undefined)) {
    throw plainProblem(400, "The parameters start and limit need the parameter orderby");
  }
  const conditions = (context.req.queries("property") ?? []).map(parsePropertyCondition);
  const sort = sorting(orderBy ?? "title");
  const found = Array.from(sandbox.resources.values())
    .filter((resource) => resource.kind === kind && resource.container === context.req.param("container"))
    .map((resource) => renderResource(state, sandbox, resource))
    .filter((item) => conditions.every((condition) => condition === undefined || fits(item, condition)))
    .sort(sort.compare)
    .filter((item) => start === undefined || sort.isAfter(item, start));
  const page = found.slice(0, Math.min(limit ?? maximumPage, maximumPage));
  const last = page.at(-1);
  const next = found.length > page.length && last !== undefined ? String(valuesAt(last, [sort.primary])[0]) : null;
  return answer(200, {
    results: page.map((item) => (form === "id" ? summary(item) : item)),
    _page: { orderby: orderBy ?? "title", next, count: page.length },
    _links: {
      next: next === null ? null : nextPage(context, next),
      [`global_${kind}`]: { href: `${state.url}/data/foundation/schemaregistry/global/${kind}` },
    },
  });
}

/** A condition on an array holds if one of its items fulfills it. */
function fits(item: JsonObject, condition: Condition): boolean {
  const path = Array.isArray(item[condition.path]) ? `${condition.path}[]` : condition.path;
  return fulfills(item, { ...condition, path }, [condition.value]);
}

function sorting(orderBy: string) {
  const fields = orderBy.split(",").map((text) => ({
    name: text.replace(/^[-+ ]/, ""),
    sign: text.startsWith("-") ? -1 : 1,
  }));
  const primary = fields[0]?.name ?? "title";
  const sign = fields[0]?.sign ?? 1;
  return {
    primary,
    compare: (left: JsonObject, right: JsonObject): number => {
      for (const field of fields) {
        const order = compareValues(left[field.name], right[field.name]) * field.sign;
        if (order !== 0) return order;
      }
      return 0;
    },
    /** `start` is the last primary value of the previous page. */
    isAfter: (item: JsonObject, start: string): boolean => compareValues(item[primary], start) * sign > 0,
  };
}

function nextPage(context: PlatformContext, start: string): string {
  const query = new URL(context.req.url).searchParams;
  query.set("start", start);
  return `${context.req.path}?${query.toString()}`;
}

function summary(item: JsonObject): JsonObject {
  return { title: item.title, $id: item.$id, "meta:altId": item["meta:altId"], version: item.version };
}

function stats(state: PlatformState, context: PlatformContext): Response {
  const sandbox = context.get("sandbox");
  const all = Array.from(sandbox.resources.values());
  const own = all.filter((resource) => resource.container === "tenant");
  const schemas = own.filter((resource) => resource.kind === "schemas");
  const recent = (time: (resource: XdmResource) => number) =>
    [...own]
      .sort((left, right) => time(right) - time(left))
      .slice(0, 10)
      .map((resource) => summary(renderResource(state, sandbox, resource)));
  return answer(200, {
    imsOrg: state.options.credentials.orgId,
    tenantId: state.options.tenantId,
    counts: {
      schemas: schemas.length,
      mixins: own.filter((resource) => resource.kind === "mixins").length,
      datatypes: 0,
      classes: own.filter((resource) => resource.kind === "classes").length,
      unions: schemas.filter(isUnion).length,
    },
    recentlyCreatedResources: recent((resource) => resource.created),
    recentlyUpdatedResources: recent((resource) => resource.modified),
    classUsage: all
      .filter((resource) => resource.kind === "classes")
      .map(({ id, body }) => {
        const users = schemas.filter((schema) => classOf(sandbox, schema.body) === id);
        return {
          $id: id,
          title: body.title,
          numberOfSchemas: users.length,
          schemas: users.map((schema) => ({
            $id: schema.id,
            title: schema.body.title,
            "meta:altId": altId(schema.id),
          })),
        };
      }),
  });
}
