import { Hono } from "hono";
import { identityNamespaces } from "../identity-namespaces.ts";
import type { Descriptor, Sandbox } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import { answer, numberParameter, type PlatformEnvironment, pathParameter, readObject } from "../web/http.ts";
import { hex } from "../web/identifiers.ts";
import { type Json, type JsonObject, stringOf } from "../web/json.ts";
import { plainProblem } from "../web/problem.ts";
import { fulfills, parsePropertyCondition } from "../web/property-filter.ts";
import { composedSchema, fieldAt } from "../xdm/compose.ts";
import { checkDescriptorLookup, descriptorListForm } from "./accept.ts";
import { descriptorNotFound, resourceNotFound } from "./problems.ts";
import { isUnion } from "./rules.ts";

const identityAttributes = [
  "@type",
  "xdm:sourceSchema",
  "xdm:sourceVersion",
  "xdm:sourceProperty",
  "xdm:namespace",
  "xdm:property",
  "xdm:isPrimary",
];

/** Descriptors that people make in the user interface: names for display, and labels of data governance. Nothing depends on their contents here. */
const otherTypes = new Set(["xdm:alternateDisplayInfo", "xdm:descriptorLabel"]);

/** Descriptors: the identity descriptor, which the package uses, and what people may add to a schema beside it. */
export function descriptorRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();

  routes.get("/", (context) => {
    const { form, paged } = descriptorListForm(context.req.header("accept"));
    const sandbox = context.get("sandbox");
    const filters = (context.req.queries("property") ?? []).map(parsePropertyCondition);
    const found = Array.from(sandbox.descriptors.values()).filter((descriptor) =>
      filters.every((filter) => filter === undefined || fulfills(descriptor.body, filter, [filter.value])),
    );
    const show = (descriptor: Descriptor): Json =>
      form === "whole"
        ? render(state, sandbox, descriptor)
        : form === "id"
          ? descriptor.id
          : `/tenant/descriptors/${descriptor.id}`;
    if (!paged) {
      const types = Map.groupBy(found, ({ body }) => String(body["@type"]));
      return answer(200, Object.fromEntries(Array.from(types, ([type, each]) => [type, each.map(show)])));
    }
    const shown = found.map(show);
    const start = numberParameter(context, "start") ?? 0;
    const limit = numberParameter(context, "limit", 1) ?? 300;
    const results = shown.slice(start, start + limit);
    const next = start + limit < shown.length ? String(start + limit) : null;
    return answer(200, { results, _page: { next, count: results.length }, _links: { next } });
  });

  routes.get("/:id", (context) => {
    checkDescriptorLookup(context.req.header("accept"));
    const sandbox = context.get("sandbox");
    return answer(200, render(state, sandbox, find(sandbox, pathParameter(context, "id"))));
  });

  routes.post("/", async (context) => {
    const sandbox = context.get("sandbox");
    const body = checkDescriptor(sandbox, await readObject(context));
    const now = state.clock();
    const descriptor: Descriptor = { id: hex(40), body, created: now, modified: now };
    sandbox.descriptors.set(descriptor.id, descriptor);
    sandbox.registryRevision += 1;
    return answer(201, render(state, sandbox, descriptor));
  });

  routes.put("/:id", async (context) => {
    const sandbox = context.get("sandbox");
    const descriptor = find(sandbox, pathParameter(context, "id"));
    descriptor.body = checkDescriptor(sandbox, await readObject(context), descriptor.id);
    descriptor.modified = state.clock();
    sandbox.registryRevision += 1;
    return answer(state.switches.descriptorPutStatus, { "@id": descriptor.id });
  });

  routes.delete("/:id", (context) => {
    const sandbox = context.get("sandbox");
    const { id, body } = find(sandbox, pathParameter(context, "id"));
    const schema = sandbox.resources.get(stringOf(body["xdm:sourceSchema"]) ?? "");
    if (isUnion(schema) && body["xdm:isPrimary"] === true) {
      throw plainProblem(403, `The schema ${schema?.id} is enabled for Profile and needs its primary identity`);
    }
    sandbox.descriptors.delete(id);
    sandbox.registryRevision += 1;
    return answer(204);
  });

  return routes;
}

function find(sandbox: Sandbox, id: string): Descriptor {
  const descriptor = sandbox.descriptors.get(id);
  if (descriptor === undefined) throw descriptorNotFound(id);
  return descriptor;
}

function render(state: PlatformState, sandbox: Sandbox, { id, body, created, modified }: Descriptor): JsonObject {
  const client = state.options.credentials.clientId;
  return {
    "@id": id,
    ...body,
    imsOrg: state.options.credentials.orgId,
    version: "1",
    "meta:containerId": "tenant",
    "meta:sandboxId": sandbox.id,
    "meta:sandboxType": sandbox.type,
    createdUser: client,
    createdClient: client,
    updatedUser: client,
    created,
    updated: modified,
  };
}

/** The descriptors page's rules: a known schema and field; for identity descriptors, a namespace, and one primary per schema. */
function checkDescriptor(sandbox: Sandbox, request: JsonObject, own?: string): JsonObject {
  const type = String(request["@type"]);
  if (type !== "xdm:descriptorIdentity" && !otherTypes.has(type)) {
    throw plainProblem(400, `The descriptor type ${type} is not supported`);
  }
  const schemaId = stringOf(request["xdm:sourceSchema"]) ?? "";
  const schema = sandbox.resources.get(schemaId);
  if (schema?.kind !== "schemas") throw resourceNotFound("schemas", schemaId);
  if (request["xdm:sourceVersion"] !== 1) throw plainProblem(400, "xdm:sourceVersion must be 1");
  const path = stringOf(request["xdm:sourceProperty"]) ?? "";
  if (!/^\/.*[^/]$/.test(path)) throw plainProblem(400, 'xdm:sourceProperty must begin with "/" and not end with it');
  const field = fieldAt(composedSchema(sandbox, schemaId), path.slice(1).split("/"));
  if (field === undefined) throw plainProblem(400, `The schema ${schemaId} has no field ${path}`);
  if (otherTypes.has(type)) return request;
  if (field.type !== "string") throw plainProblem(400, `The field ${path} is not a string and can't be an identity`);
  checkNamespace(request);
  if (request["xdm:isPrimary"] === true) {
    for (const { id, body } of sandbox.descriptors.values()) {
      if (id !== own && body["xdm:sourceSchema"] === schemaId && body["xdm:isPrimary"] === true) {
        throw plainProblem(400, `The schema ${schemaId} already has a primary identity: descriptor ${id}`);
      }
    }
  }
  const body: JsonObject = { "xdm:isPrimary": false };
  for (const name of identityAttributes) if (request[name] !== undefined) body[name] = request[name];
  return body;
}

function checkNamespace(request: JsonObject): void {
  const property = request["xdm:property"];
  if (property !== "xdm:code" && property !== "xdm:id") {
    throw plainProblem(400, "xdm:property must be xdm:code or xdm:id");
  }
  const namespace = String(request["xdm:namespace"]);
  const known = identityNamespaces.some(({ id, code }) => namespace === (property === "xdm:code" ? code : String(id)));
  if (!known) throw plainProblem(400, `The identity namespace ${namespace} does not exist`);
}

/** The path of the schema's primary identity, as property names. */
export function primaryIdentity(sandbox: Sandbox, schemaId: string): readonly string[] | undefined {
  for (const { body } of sandbox.descriptors.values()) {
    if (body["xdm:sourceSchema"] === schemaId && body["xdm:isPrimary"] === true) {
      return (stringOf(body["xdm:sourceProperty"]) ?? "").slice(1).split("/");
    }
  }
  return undefined;
}
