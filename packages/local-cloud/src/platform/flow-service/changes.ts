import { type PlatformContext, readJson } from "../web/http.ts";
import { isObject, type Json, type JsonObject } from "../web/json.ts";
import { applyPatch, PatchError, type PatchOperation, readPatch } from "../web/json-patch.ts";
import { flowProblem, invalidRequest } from "./problems.ts";

/** The body of a request that must have one (1405-400). */
export async function requireBody(context: PlatformContext): Promise<Json> {
  const body = await readJson(context);
  const isEmpty = Array.isArray(body) ? body.length === 0 : !isObject(body) || Object.keys(body).length === 0;
  if (body === undefined || isEmpty) {
    throw invalidRequest(
      "1405-400",
      "The request body cannot be null or empty. Please provide a request body and try again.",
    );
  }
  return body;
}

/** Requires the current etag, including its inner quotes (1403-400, 1404-412). */
export function requireMatch(context: PlatformContext, etag: string): void {
  const supplied = context.req.header("if-match");
  if (supplied === undefined) {
    throw flowProblem(
      "1403-400",
      "Header is missing",
      "The header 'If-Match' is missing in the request. Please provide the header and try again.",
    );
  }
  if (supplied !== etag) {
    throw flowProblem(
      "1404-412",
      "Version not matching",
      `The supplied version '${supplied}' does not match the current version on entity '${etag}'. Please ensure that the supplied version matches the current version on entity and try again.`,
    );
  }
}

/** Reads a JSON Patch and applies it to a copy (1434-400 for an unknown operation, 1455-400 for a path that doesn't fit). */
export function applyChanges(document: JsonObject, body: Json, changeable: (path: string) => boolean): JsonObject {
  try {
    const operations = readPatch(body);
    for (const { path } of operations) if (!changeable(path)) throw badPath(path.slice(1));
    return applyPatch(document, operations.map(withParentOf(document)));
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    if (error.kind === "operation") {
      throw invalidRequest(
        "1434-400",
        `Unsupported operation '${error.message}' received. Please use one of the supported operation types and try again.`,
      );
    }
    throw invalidRequest("1455-400", `An error has occurred while validating patch instructions: ${error.message}.`);
  }
}

function badPath(name: string): PatchError {
  return new PatchError("path", `Missing field "${name}"`);
}

/** `replace` of a top-level attribute that was never set adds it: a description may be given later. */
function withParentOf(document: JsonObject): (operation: PatchOperation) => PatchOperation {
  return (operation) => {
    const isUnset = operation.path.split("/").length === 2 && document[operation.path.slice(1)] === undefined;
    return operation.op === "replace" && isUnset ? { ...operation, op: "add" } : operation;
  };
}
