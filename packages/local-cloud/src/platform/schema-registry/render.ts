import type { Sandbox, XdmResource } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import { isObject, itemsOf, type JsonObject, objectOf, stringOf, stringsOf } from "../web/json.ts";
import { composedSchema } from "../xdm/compose.ts";
import type { LookupForm } from "./accept.ts";

/** `_tenant.schemas.<hex>` for `https://ns.adobe.com/tenant/schemas/<hex>`. */
export function altId(id: string): string {
  return `_${id.replace("https://ns.adobe.com/", "").replaceAll("/", ".")}`;
}

/** The class of a schema: the reference in its allOf to a class. */
export function classOf(sandbox: Sandbox, body: JsonObject): string | undefined {
  return references(body).find((id) => sandbox.resources.get(id)?.kind === "classes");
}

/** The absolute references of an allOf. */
export function references(body: JsonObject): string[] {
  return itemsOf(body.allOf)
    .map((part) => stringOf(objectOf(part).$ref) ?? "")
    .filter((id) => id.startsWith("https://"));
}

/** Everything that a resource extends, directly or through its class. */
export function listExtended(sandbox: Sandbox, body: JsonObject): string[] {
  const direct = references(body);
  const inherited = direct.flatMap((id) => stringsOf(sandbox.resources.get(id)?.body["meta:extends"]));
  return [...new Set([...direct, ...inherited])];
}

/** A resource in the registry's answers, including system attributes. */
export function renderResource(state: PlatformState, sandbox: Sandbox, resource: XdmResource): JsonObject {
  const { body, id, kind } = resource;
  const client = state.options.credentials.clientId;
  const rendered: JsonObject = {
    $id: id,
    "meta:altId": altId(id),
    "meta:resourceType": kind,
    version: `1.${resource.minor}`,
    ...mapTree(body, withXdmType),
    refs: references(body),
    "meta:extensible": kind !== "schemas",
    "meta:abstract": kind !== "schemas",
    "meta:extends": stringsOf(body["meta:extends"]).length > 0 ? body["meta:extends"] : listExtended(sandbox, body),
    "meta:xdmType": "object",
    "meta:registryMetadata": {
      "repo:createdDate": resource.created,
      "repo:lastModifiedDate": resource.modified,
      "xdm:createdClientId": client,
      "xdm:lastModifiedClientId": client,
      "xdm:createdUserId": `${client}@techacct.adobe.com`,
      "xdm:lastModifiedUserId": `${client}@techacct.adobe.com`,
      eTag: resource.eTag,
      "meta:globalLibVersion": "1.27.4",
    },
    "meta:containerId": resource.container,
  };
  if (kind === "schemas") rendered["meta:class"] = classOf(sandbox, body);
  if (resource.container === "tenant") {
    rendered.imsOrg = state.options.credentials.orgId;
    rendered["meta:sandboxId"] = sandbox.id;
    rendered["meta:sandboxType"] = sandbox.type;
    rendered["meta:tenantNamespace"] = `_${state.options.tenantId}`;
  }
  return rendered;
}

/** The same in the requested form. */
export function renderForm(
  state: PlatformState,
  sandbox: Sandbox,
  resource: XdmResource,
  form: LookupForm,
): JsonObject {
  let rendered = renderResource(state, sandbox, resource);
  if (form.full) {
    const { allOf: _allOf, definitions: _definitions, ...whole } = rendered;
    const { properties, required } = composedSchema(sandbox, resource.id);
    rendered = { ...whole, ...mapTree({ properties }, withXdmType) };
    if (required.length > 0) rendered.required = required;
  }
  if (!form.titles) rendered = mapTree(rendered, withoutTitle);
  return form.descriptions ? rendered : mapTree(rendered, withoutDescription);
}

/** Adds the system's attributes to a field. */
function withXdmType(field: JsonObject): JsonObject {
  const typed = field.$ref === undefined ? field : { ...field, type: "object" };
  const type = xdmType(typed);
  return type === undefined ? typed : { ...typed, "meta:xdmType": type };
}

/** The XDM type of a field, from its JSON schema type, format and bounds (XDM field type constraints). */
function xdmType(field: JsonObject): string | undefined {
  if (field.properties !== undefined && field.type === undefined) return "object";
  if (field.type === "string") return field.format === "date-time" || field.format === "date" ? field.format : "string";
  if (field.type === "number") return "double";
  if (field.type === "object" && isObject(field.additionalProperties)) return "map";
  if (field.type !== "integer") return stringOf(field.type);
  const maximum = typeof field.maximum === "number" ? field.maximum : Number.POSITIVE_INFINITY;
  if (maximum <= 128) return "byte";
  if (maximum <= 32_768) return "short";
  return maximum <= 2_147_483_648 ? "int" : "long";
}

function withoutTitle({ title: _title, ...field }: JsonObject): JsonObject {
  return field;
}

function withoutDescription({ description: _description, ...field }: JsonObject): JsonObject {
  return field;
}

/** Changes every field of a tree, innermost first. */
function mapTree(field: JsonObject, change: (field: JsonObject) => JsonObject): JsonObject {
  const result = { ...field };
  for (const key of ["properties", "definitions"]) {
    if (isObject(field[key])) {
      result[key] = Object.fromEntries(
        Object.entries(field[key]).map(([name, inner]) => [name, mapTree(objectOf(inner), change)]),
      );
    }
  }
  for (const key of ["items", "additionalProperties"]) {
    if (isObject(field[key])) result[key] = mapTree(field[key], change);
  }
  if (Array.isArray(field.allOf)) result.allOf = field.allOf.map((part) => mapTree(objectOf(part), change));
  return change(result);
}
