import type { ResourceKind, Sandbox, XdmResource } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import { isObject, itemsOf, type Json, type JsonObject, objectOf, stringOf, stringsOf } from "../web/json.ts";
import { plainProblem } from "../web/problem.ts";
import { compose, MergeConflict, type ResourceLookup, UnknownReference } from "../xdm/compose.ts";
import { resourceNotFound, xdmProblem } from "./problems.ts";
import { classOf, references } from "./render.ts";

/**
 * Checks a new or changed field group or schema against the registry's rules.
 * @param own the `$id` of the resource that is being changed
 */
export function checkResource(
  state: PlatformState,
  sandbox: Sandbox,
  kind: ResourceKind,
  body: JsonObject,
  own?: string,
): void {
  if (body.type !== "object") throw plainProblem(400, 'The attribute type is required and must be "object"');
  const title = stringOf(body.title);
  if (title === undefined || title === "") throw plainProblem(400, "The attribute title is required");
  checkTitle(sandbox, title, own);
  checkNamespace(state.options.tenantId, body);
  if (kind === "mixins") checkIntendedToExtend(sandbox, body);
  if (kind === "schemas") checkSchema(sandbox, body);
  checkComposition(body, (id) => sandbox.resources.get(id));
}

/** Titles are unique across all types of resources (XDM troubleshooting guide, "Title not unique"). */
function checkTitle(sandbox: Sandbox, title: string, own: string | undefined): void {
  for (const other of sandbox.resources.values()) {
    if (other.id === own || other.body.title !== title) continue;
    const message = `Object titles must be unique. An object ${other.id} already exists with the same title`;
    throw xdmProblem("1521-400", "Title not unique", message);
  }
}

/** All custom fields are under `_<tenant>` and have names of letters, digits, hyphens and underscores. */
function checkNamespace(tenantId: string, body: JsonObject): void {
  const namespace = `_${tenantId}`;
  const definitions = objectOf(body.definitions);
  const parts = itemsOf(body.allOf).map((part) => {
    const { $ref } = objectOf(part);
    return typeof $ref === "string" ? definitions[$ref.replace("#/definitions/", "")] : part;
  });
  for (const part of [body, ...parts]) {
    for (const [name, field] of Object.entries(objectOf(objectOf(part).properties))) {
      if (name !== namespace) {
        throw xdmProblem(
          "1021-400",
          "Namespace validation error",
          `A custom field is defined under an invalid namespace. All custom fields must be defined under a top-level field named ${namespace}.`,
        );
      }
      checkNames(objectOf(field));
    }
  }
}

function checkNames(field: JsonObject): void {
  for (const [name, inner] of Object.entries(objectOf(field.properties))) {
    if (!/^[A-Za-z0-9-][A-Za-z0-9_-]*$/.test(name)) {
      throw plainProblem(
        400,
        `The field name ${name} is not valid: names hold letters, digits, hyphens and underscores and don't start with an underscore`,
      );
    }
    checkNames(objectOf(inner));
    checkNames(objectOf(objectOf(inner).items));
  }
}

function checkIntendedToExtend(sandbox: Sandbox, body: JsonObject): void {
  const classes = stringsOf(body["meta:intendedToExtend"]);
  if (classes.length === 0) throw plainProblem(400, "The attribute meta:intendedToExtend is required");
  for (const id of classes) {
    if (sandbox.resources.get(id)?.kind !== "classes") throw resourceNotFound("classes", id);
  }
}

function checkSchema(sandbox: Sandbox, body: JsonObject): void {
  if (stringOf(body.description) === undefined) throw plainProblem(400, "The attribute description is required");
  const direct = references(body);
  for (const id of direct) {
    if (!sandbox.resources.has(id)) throw resourceNotFound(id.includes("/mixins/") ? "mixins" : "classes", id);
  }
  const classes = direct.filter((id) => sandbox.resources.get(id)?.kind === "classes");
  if (classes.length !== 1) throw plainProblem(400, `A schema must reference one class, not ${classes.length}`);
  for (const id of direct) {
    const group = sandbox.resources.get(id);
    if (group?.kind !== "mixins") continue;
    if (!stringsOf(group.body["meta:intendedToExtend"]).includes(classes[0] ?? "")) {
      throw plainProblem(400, `The field group ${id} is not intended to extend the class ${classes[0]}`);
    }
  }
}

function checkComposition(body: JsonObject, lookup: ResourceLookup): void {
  try {
    compose(body, lookup);
  } catch (error) {
    if (error instanceof MergeConflict) throw mergeProblem(error);
    if (error instanceof UnknownReference) throw plainProblem(400, `The reference ${error.reference} is not valid`);
    throw error;
  }
}

function mergeProblem({ path, types }: MergeConflict): Error {
  return xdmProblem(
    "1413-400",
    "Merge Schema Error",
    `Cannot merge incompatible data types. The path ${path} has already been defined using a different data type. Types: ${types.join(", ")}`,
  );
}

export function isUnion(resource: XdmResource | undefined): boolean {
  return stringsOf(resource?.body["meta:immutableTags"]).includes("union");
}

/**
 * A schema that joins a union (is enabled for Profile) needs a primary identity or an identity map, and must merge with the
 * class's other union schemas. According to a strict reading of XDM-1528-400, the identity map must be added as a field group,
 * although the ExperienceEvent class has one.
 */
export function checkUnion(sandbox: Sandbox, schema: XdmResource, body: JsonObject): void {
  const primary = Array.from(sandbox.descriptors.values()).some(
    (descriptor) => descriptor.body["xdm:sourceSchema"] === schema.id && descriptor.body["xdm:isPrimary"] === true,
  );
  if (!primary && !references(body).some((id) => id.endsWith("/identitymap"))) {
    throw xdmProblem(
      "1528-400",
      "Union descriptor validation error",
      "To participate in a union, a schema must include an identityMap fieldgroup or a primary identity descriptor.",
    );
  }
  const others = Array.from(sandbox.resources.values()).filter(
    (other) =>
      other.id !== schema.id && isUnion(other) && classOf(sandbox, other.body) === classOf(sandbox, schema.body),
  );
  checkComposition(
    { allOf: [body, ...others.map((other) => other.body)].flatMap((part) => itemsOf(part.allOf)) },
    (id) => sandbox.resources.get(id),
  );
}

const lowerLimits = ["minimum", "exclusiveMinimum", "minLength", "minItems"];
const upperLimits = ["maximum", "exclusiveMaximum", "maxLength", "maxItems"];

/**
 * Finds changes that would break existing data: fields removed or retyped, values no longer allowed (schema evolution
 * rules, which allow new required fields). Names each by its path.
 */
export function breakingChanges(before: JsonObject, after: JsonObject, path = ""): string[] {
  const changes: string[] = [];
  if (before.type !== after.type || before.format !== after.format) changes.push(`${path || "/"} has another type`);
  if (allowsLess(before, after)) changes.push(`${path} allows fewer values`);
  for (const [name, field] of Object.entries(objectOf(before.properties))) {
    const kept: Json | undefined = objectOf(after.properties)[name];
    if (isObject(kept)) changes.push(...breakingChanges(objectOf(field), kept, `${path}/${name}`));
    else changes.push(`${path}/${name} was removed`);
  }
  if (isObject(before.items)) changes.push(...breakingChanges(before.items, objectOf(after.items), `${path}[]`));
  return changes;
}

function allowsLess(before: JsonObject, after: JsonObject): boolean {
  const limit = (field: JsonObject, name: string, absent: number) => Number(field[name] ?? absent);
  const kept = itemsOf(after.enum);
  return (
    (after.enum !== undefined &&
      (before.enum === undefined || !itemsOf(before.enum).every((value) => kept.includes(value)))) ||
    (after.pattern !== undefined && before.pattern === undefined) ||
    lowerLimits.some((name) => limit(after, name, -Infinity) > limit(before, name, -Infinity)) ||
    upperLimits.some((name) => limit(after, name, Infinity) < limit(before, name, Infinity))
  );
}
