import type { ResourceKind, Sandbox, XdmResource } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import { hex } from "../web/identifiers.ts";
import { clone, isObject, itemsOf, type Json, type JsonObject, objectOf, stringsOf } from "../web/json.ts";
import { applyPatch, PatchError, readPatch } from "../web/json-patch.ts";
import { plainProblem } from "../web/problem.ts";
import { compose } from "../xdm/compose.ts";
import { keepFormerSchema } from "../xdm/streamed-schema.ts";
import { resourceNotFound } from "./problems.ts";
import { altId, listExtended, references } from "./render.ts";
import { breakingChanges, checkResource, checkUnion, isUnion } from "./rules.ts";

/** The attributes that authors set; all others are the system's and are ignored in requests. */
const authorAttributes = [
  "type",
  "title",
  "description",
  "allOf",
  "definitions",
  "properties",
  "required",
  "meta:intendedToExtend",
  "meta:immutableTags",
];

export function findResource(sandbox: Sandbox, kind: ResourceKind, idOrAltId: string): XdmResource {
  for (const resource of sandbox.resources.values()) {
    if (resource.kind === kind && (resource.id === idOrAltId || altId(resource.id) === idOrAltId)) return resource;
  }
  throw resourceNotFound(kind, idOrAltId);
}

export function createResource(
  state: PlatformState,
  sandbox: Sandbox,
  kind: ResourceKind,
  request: JsonObject,
): XdmResource {
  const body = authorPart(request);
  checkResource(state, sandbox, kind, body);
  const now = state.clock();
  const resource: XdmResource = {
    kind,
    container: "tenant",
    id: `https://ns.adobe.com/${state.options.tenantId}/${kind}/${hex(48)}`,
    body,
    minor: 0,
    created: now,
    modified: now,
    eTag: hex(64),
  };
  if (isUnion(resource)) checkUnion(sandbox, resource, body);
  sandbox.resources.set(resource.id, resource);
  sandbox.registryRevision += 1;
  return resource;
}

/** PUT: replaces the author's attributes. */
export function replaceResource(
  state: PlatformState,
  sandbox: Sandbox,
  resource: XdmResource,
  request: JsonObject,
): void {
  change(state, sandbox, resource, authorPart(request));
}

/** PATCH: a JSON Patch. `/meta:extends/-` may accompany `/allOf/-`, as in the tutorials; it follows from allOf anyway. */
export function patchResource(
  state: PlatformState,
  sandbox: Sandbox,
  resource: XdmResource,
  request: Json | undefined,
): void {
  const document = { ...resource.body, "meta:extends": listExtended(sandbox, resource.body) };
  try {
    change(state, sandbox, resource, authorPart(applyPatch(document, readPatch(request))));
  } catch (error) {
    if (error instanceof PatchError) throw plainProblem(400, `The JSON Patch is not valid: ${error.message}`);
    throw error;
  }
}

/**
 * DELETE. Adobe documents that a schema enabled for Profile can't be deleted. It is inferred that resources in use can't be
 * either, and with which answer.
 */
export function deleteXdmResource(state: PlatformState, sandbox: Sandbox, resource: XdmResource): void {
  if (isUnion(resource)) throw plainProblem(400, `${resource.id} is enabled for Profile and can't be deleted`);
  const user = Array.from(sandbox.resources.values()).find((other) => references(other.body).includes(resource.id));
  if (user !== undefined) throw plainProblem(400, `${resource.id} is used by ${user.id} and can't be deleted`);
  const dataset = datasetOf(sandbox, resource.id);
  if (dataset !== undefined) throw plainProblem(400, `${resource.id} is used by the dataset ${dataset}`);
  for (const descriptor of sandbox.descriptors.values()) {
    if (descriptor.body["xdm:sourceSchema"] !== resource.id) continue;
    if (state.switches.deleteSchemaWithDescriptors === "refused") {
      throw plainProblem(400, `${resource.id} is used by the descriptor ${descriptor.id}`);
    }
    sandbox.descriptors.delete(descriptor.id);
  }
  sandbox.resources.delete(resource.id);
  sandbox.registryRevision += 1;
}

function change(state: PlatformState, sandbox: Sandbox, resource: XdmResource, body: JsonObject): void {
  if (isUnion(resource) && !stringsOf(body["meta:immutableTags"]).includes("union")) {
    throw plainProblem(400, "The union tag can't be removed");
  }
  checkResource(state, sandbox, resource.kind, body, resource.id);
  const changed: XdmResource = { ...resource, body };
  if (isUnion(changed)) checkUnion(sandbox, resource, body);
  checkEvolution(sandbox, changed);
  const now = state.clock();
  for (const { id } of schemasWith(sandbox, resource.id)) keepFormerSchema(sandbox, id, now);
  resource.body = body;
  resource.minor += 1;
  resource.modified = now;
  resource.eTag = hex(64);
  sandbox.registryRevision += 1;
}

/** Once a dataset was created for a schema, or it is enabled for Profile, it and its field groups may only grow. */
function checkEvolution(sandbox: Sandbox, changed: XdmResource): void {
  const before = (id: string) => sandbox.resources.get(id);
  const after = (id: string) => (id === changed.id ? changed : sandbox.resources.get(id));
  for (const schema of schemasWith(sandbox, changed.id)) {
    if (!isUnion(schema) && schema.hadDataset !== true) continue;
    const [broken] = breakingChanges(
      compose(schema.body, before),
      compose(after(schema.id)?.body ?? schema.body, after),
    );
    if (broken !== undefined) {
      throw plainProblem(400, `The schema ${schema.id} is in use and may only be extended: ${broken}`);
    }
  }
}

/** The schema itself, or the schemas that a field group is part of. */
function schemasWith(sandbox: Sandbox, id: string): XdmResource[] {
  return Array.from(sandbox.resources.values()).filter(
    (schema) => schema.kind === "schemas" && (schema.id === id || references(schema.body).includes(id)),
  );
}

function datasetOf(sandbox: Sandbox, schemaId: string): string | undefined {
  const datasets = Array.from(sandbox.datasets.values());
  return datasets.find((dataset) => objectOf(dataset.body.schemaRef).id === schemaId)?.id;
}

function authorPart(request: JsonObject): JsonObject {
  const body: JsonObject = {};
  for (const name of authorAttributes) if (request[name] !== undefined) body[name] = request[name];
  if (Array.isArray(body.allOf)) {
    // In answers, allOf entries carry the system's types; authors set only the reference.
    body.allOf = itemsOf(body.allOf).map((part) =>
      isObject(part) && part.$ref !== undefined ? { $ref: part.$ref } : part,
    );
  }
  return clone(body);
}
