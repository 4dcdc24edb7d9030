import { clone, isObject, itemsOf, type Json, type JsonObject, stringOf } from "./json.ts";

/** One operation of RFC 6902, its `op` in lower case. */
export interface PatchOperation {
  readonly op: "add" | "replace" | "remove";
  readonly path: string;
  readonly value: Json | undefined;
}

/** An invalid patch: an unsupported operation, or a path or value that doesn't fit. */
export class PatchError extends Error {
  readonly kind: "operation" | "path";

  constructor(kind: "operation" | "path", message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Parses a patch; `op` may be in upper case, as in the Flow Service description. */
export function readPatch(body: Json | undefined): PatchOperation[] {
  if (!Array.isArray(body)) throw new PatchError("path", "A JSON Patch is an array of operations");
  return itemsOf(body).map((entry) => {
    if (!isObject(entry)) throw new PatchError("path", "A JSON Patch operation is an object");
    const op = (stringOf(entry.op) ?? "").toLowerCase();
    if (op !== "add" && op !== "replace" && op !== "remove") throw new PatchError("operation", String(entry.op));
    const path = stringOf(entry.path);
    if (path === undefined || !path.startsWith("/")) throw new PatchError("path", 'Missing field "path"');
    if (op !== "remove" && entry.value === undefined) throw new PatchError("path", 'Missing field "value"');
    return { op, path, value: entry.value };
  });
}

/** Applies a patch to a copy. */
export function applyPatch(document: JsonObject, operations: readonly PatchOperation[]): JsonObject {
  const result = clone(document);
  for (const operation of operations) applyOperation(result, operation);
  return result;
}

/** `/meta:extends/-` → ["meta:extends", "-"]. */
function pointerSegments(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function applyOperation(document: JsonObject, { op, path, value }: PatchOperation): void {
  const segments = pointerSegments(path);
  const last = segments.pop() ?? "";
  let parent: Json | undefined = document;
  for (const segment of segments) {
    parent = child(parent, segment);
    if (parent === undefined) throw missing(segment);
  }
  if (Array.isArray(parent)) {
    changeArray(parent, last, op, value);
  } else if (isObject(parent)) {
    if (op !== "add" && parent[last] === undefined) throw missing(last);
    if (op === "remove") delete parent[last];
    else parent[last] = value;
  } else {
    throw missing(last);
  }
}

function changeArray(array: Json[], segment: string, op: PatchOperation["op"], value: Json | undefined): void {
  const index = segment === "-" && op === "add" ? array.length : Number(segment);
  const end = op === "add" ? array.length : array.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > end) throw missing(segment);
  if (op === "remove") array.splice(index, 1);
  else array.splice(index, op === "add" ? 0 : 1, value ?? null);
}

function child(parent: Json | undefined, segment: string): Json | undefined {
  if (Array.isArray(parent)) return parent[Number(segment)];
  return isObject(parent) ? parent[segment] : undefined;
}

function missing(segment: string): PatchError {
  return new PatchError("path", `Missing field "${segment}"`);
}
