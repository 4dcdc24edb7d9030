import type { MappingSet, MappingSetContent, MappingSetVersion, Sandbox } from "../state/model.ts";
import { itemsOf, type JsonObject, objectOf, stringOf } from "../web/json.ts";
import { plainProblem } from "../web/problem.ts";
import { composedSchema } from "../xdm/compose.ts";
import { Unreadable } from "./language/unreadable.ts";
import { type CompiledMapping, compileMapping } from "./mapper.ts";
import { readMappingItem } from "./mapping-item.ts";

/** A version of a set, or the latest. */
export function findVersion(set: MappingSet, version?: number): MappingSetVersion | undefined {
  return version === undefined ? set.versions.at(-1) : set.versions.find((content) => content.version === version);
}

/** Checks that a mapping set has a known target schema and at least one mapping. Does not compile the mappings. */
export function readTarget(sandbox: Sandbox, body: JsonObject): MappingSetContent["schemaRef"] {
  const schemaRef = objectOf(objectOf(body.outputSchema).schemaRef);
  const id = stringOf(schemaRef.id) ?? "";
  const contentType = stringOf(schemaRef.contentType) ?? "";
  if (sandbox.resources.get(id)?.kind !== "schemas") throw plainProblem(400, `The output schema ${id} does not exist`);
  if (!/version=1$/.test(contentType)) {
    throw plainProblem(400, `The contentType of the output schema must name its version, not ${contentType}`);
  }
  if (itemsOf(body.mappings).length === 0) throw plainProblem(400, "The mappings are missing");
  return { id, contentType };
}

/** Reads a whole set and refuses what can't be read: bad syntax, unknown functions, fields that the schema lacks. */
export function readMappingSet(sandbox: Sandbox, body: JsonObject): MappingSetContent {
  const schemaRef = readTarget(sandbox, body);
  const items = itemsOf(body.mappings).map((entry, index) => {
    try {
      const item = readMappingItem(entry);
      compileMapping(item, composedSchema(sandbox, schemaRef.id));
      return item;
    } catch (error) {
      if (error instanceof Unreadable) throw plainProblem(400, `Mapping ${index}: ${error.message}`);
      throw error;
    }
  });
  return { name: stringOf(body.name), schemaRef, inputSchema: body.inputSchema, items };
}

const compiledSets = new WeakMap<MappingSetContent, { revision: number; mappings: CompiledMapping[] }>();

/** A compiled set, cached until the registry changes. */
export function compileMappingSet(sandbox: Sandbox, content: MappingSetContent): CompiledMapping[] {
  const kept = compiledSets.get(content);
  if (kept?.revision === sandbox.registryRevision) return kept.mappings;
  const schema = composedSchema(sandbox, content.schemaRef.id);
  const mappings = content.items.map((item) => compileMapping(item, schema));
  compiledSets.set(content, { revision: sandbox.registryRevision, mappings });
  return mappings;
}
