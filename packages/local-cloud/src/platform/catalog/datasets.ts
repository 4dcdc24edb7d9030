import { Hono } from "hono";
import { listExtended } from "../schema-registry/render.ts";
import { isUnion } from "../schema-registry/rules.ts";
import type { Dataset, Sandbox, XdmResource } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import { answer, type PlatformContext, type PlatformEnvironment, pathParameter, readJson } from "../web/http.ts";
import { hex } from "../web/identifiers.ts";
import { clone, isObject, type Json, type JsonObject, objectOf, stringOf, stringsOf } from "../web/json.ts";
import { applyPatch, PatchError, readPatch } from "../web/json-patch.ts";
import { plainProblem } from "../web/problem.ts";
import { timeSeriesBehavior } from "../xdm/standard-resources.ts";
import { pageOfCatalog, pickProperties } from "./list-query.ts";
import { checkRowExpiration } from "./row-expiration.ts";

/** The attributes that callers set. */
const callerAttributes = [
  "name",
  "description",
  "schemaRef",
  "tags",
  "enableErrorDiagnostics",
  "extensions",
  "fileDescription",
];

/** The tag in which Catalog says which table of Query Service a dataset is. */
const tableTag = "adobe/pqs/table";

/** Catalog Service: datasets. Catalog returns an array of references for changes, and objects by id for lookups. */
export function datasetRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();

  routes.post("/dataSets", async (context) => {
    const sandbox = context.get("sandbox");
    const body = callerPart(await objectBody(context));
    const schema = checkDataset(sandbox, body);
    const now = state.clock();
    const dataset: Dataset = { id: hex(24), viewId: hex(24), body, created: now, updated: now, patch: 0, rows: [] };
    sandbox.datasets.set(dataset.id, dataset);
    schema.hadDataset = true;
    return answer(201, [reference(dataset)], {
      Location: `${state.url}/data/foundation/catalog/dataSets/${dataset.id}`,
    });
  });

  routes.get("/dataSets", (context) => answer(200, list(state, context)));

  routes.get("/dataSets/:id", (context) => {
    const dataset = find(context);
    return answer(200, { [dataset.id]: pickProperties(render(state, dataset), context.req.query("properties")) });
  });

  routes.patch("/dataSets/:id", async (context) => {
    const dataset = find(context);
    const body = await readJson(context);
    const isJsonPatch = (context.req.header("content-type") ?? "").startsWith("application/json-patch+json");
    const changed = isJsonPatch
      ? patchDocument(dataset.body, body)
      : { ...dataset.body, ...callerPart(objectOf(body)) };
    return update(state, context, dataset, changed);
  });

  routes.patch("/v2/dataSets/:id", async (context) => {
    const dataset = find(context);
    return update(state, context, dataset, mergeDeep(dataset.body, callerPart(await objectBody(context))));
  });

  routes.put("/dataSets/:id", async (context) =>
    update(state, context, find(context), callerPart(await objectBody(context))),
  );

  routes.delete("/dataSets/:id", (context) => {
    const sandbox = context.get("sandbox");
    const dataset = sandbox.datasets.get(pathParameter(context, "id"));
    if (dataset === undefined) return answer(200, []);
    const flow = flowInto(sandbox, dataset.id);
    if (flow !== undefined && state.switches.deleteDatasetInUse === "refused") {
      throw plainProblem(400, `The dataset ${dataset.id} is the target of the flow ${flow} and can't be deleted`);
    }
    sandbox.datasets.delete(dataset.id);
    return answer(200, [reference(dataset)]);
  });

  return routes;
}

/** The major version that a content type like `application/vnd.adobe.xed+json;version=1` names. */
export function schemaVersion(contentType: Json | undefined): string | undefined {
  return /version=(\d+)/.exec(stringOf(contentType) ?? "")?.[1];
}

function update(state: PlatformState, context: PlatformContext, dataset: Dataset, body: JsonObject): Response {
  checkDataset(context.get("sandbox"), body);
  const [before, after] = [objectOf(dataset.body.schemaRef), objectOf(body.schemaRef)];
  if (before.id !== after.id || schemaVersion(before.contentType) !== schemaVersion(after.contentType)) {
    throw plainProblem(400, "The schemaRef of a dataset can't be changed");
  }
  dataset.body = body;
  dataset.patch += 1;
  dataset.updated = state.clock();
  return answer(200, [reference(dataset)]);
}

function find(context: PlatformContext): Dataset {
  const id = pathParameter(context, "id");
  const dataset = context.get("sandbox").datasets.get(id);
  if (dataset === undefined) throw plainProblem(404, `The dataset ${id} was not found`);
  return dataset;
}

function reference(dataset: Dataset): string {
  return `@/dataSets/${dataset.id}`;
}

function callerPart(body: JsonObject): JsonObject {
  const part: JsonObject = {};
  for (const name of callerAttributes) if (body[name] !== undefined) part[name] = body[name];
  return part;
}

async function objectBody(context: PlatformContext): Promise<JsonObject> {
  const body = await readJson(context);
  if (!isObject(body)) throw plainProblem(400, "The request body must be a JSON object");
  return body;
}

function patchDocument(document: JsonObject, body: Json | undefined): JsonObject {
  try {
    return callerPart(applyPatch(withParents(document), readPatch(body)));
  } catch (error) {
    if (error instanceof PatchError) throw plainProblem(400, `The JSON Patch is not valid: ${error.message}`);
    throw error;
  }
}

/** The documented patch adds `/tags/unifiedProfile` to datasets that may have no tags yet. */
function withParents(document: JsonObject): JsonObject {
  return { ...document, tags: objectOf(document.tags) };
}

function mergeDeep(target: JsonObject, addition: JsonObject): JsonObject {
  const merged = clone(target);
  for (const [name, value] of Object.entries(addition)) {
    const existing = merged[name];
    merged[name] = isObject(existing) && isObject(value) ? mergeDeep(existing, value) : value;
  }
  return merged;
}

/** The schema: a dataset needs a known one with its version, which must be enabled for Profile if the dataset is. */
function checkDataset(sandbox: Sandbox, body: JsonObject): XdmResource {
  const schemaRef = objectOf(body.schemaRef);
  const schema = sandbox.resources.get(stringOf(schemaRef.id) ?? "");
  if (schema?.kind !== "schemas") throw plainProblem(400, `The schema ${String(schemaRef.id)} does not exist`);
  if (schemaVersion(schemaRef.contentType) !== "1") {
    throw plainProblem(400, `The schema ${schema.id} has no version as in ${String(schemaRef.contentType)}`);
  }
  checkRowExpiration(objectOf(body.extensions), listExtended(sandbox, schema.body).includes(timeSeriesBehavior));
  const profileTag = stringsOf(objectOf(body.tags).unifiedProfile).map((tag) => tag.replaceAll(" ", ""));
  if (profileTag.includes("enabled:true") && !isUnion(schema)) {
    throw plainProblem(400, "To enable profile datasets the schema should be valid");
  }
  return schema;
}

function flowInto(sandbox: Sandbox, datasetId: string): string | undefined {
  const targets = Array.from(sandbox.connections.targetConnections.values())
    .filter((target) => objectOf(target.body.params).dataSetId === datasetId)
    .map((target) => target.id);
  const flows = Array.from(sandbox.flows.values());
  return flows.find((flow) => stringsOf(flow.body.targetConnectionIds).some((id) => targets.includes(id)))?.id;
}

function render(state: PlatformState, dataset: Dataset): JsonObject {
  const client = state.options.credentials.clientId;
  return {
    ...dataset.body,
    imsOrg: state.options.credentials.orgId,
    created: dataset.created,
    updated: dataset.updated,
    version: `1.0.${dataset.patch}`,
    createdClient: client,
    createdUser: client,
    updatedUser: client,
    tags: { ...objectOf(dataset.body.tags), [tableTag]: [tableOf(dataset)] },
    viewId: dataset.viewId,
    files: `@/dataSets/${dataset.id}/views/${dataset.viewId}/files`,
    observableSchema: {},
  };
}

/** The name of a dataset's table in Query Service. */
export function tableOf({ id, body }: Dataset): string {
  const [given] = stringsOf(objectOf(body.tags)[tableTag]);
  const name = (stringOf(body.name) ?? "").toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");
  // Two datasets may have the same name.
  return given ?? `${name}_${id.slice(-6)}`;
}

function list(state: PlatformState, context: PlatformContext): JsonObject {
  const all = Array.from(context.get("sandbox").datasets.values(), (dataset) => ({
    id: dataset.id,
    item: render(state, dataset),
  }));
  const properties = context.req.query("properties");
  const page = pageOfCatalog(context, all, { order: "asc:created" });
  return Object.fromEntries(page.map(({ id, item }) => [id, pickProperties(item, properties)]));
}
