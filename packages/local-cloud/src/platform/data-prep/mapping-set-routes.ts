import { Hono } from "hono";
import type { MappingSet, MappingSetContent, MappingSetVersion, Sandbox } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import {
  answer,
  numberParameter,
  type PlatformContext,
  type PlatformEnvironment,
  pathParameter,
  readObject,
} from "../web/http.ts";
import { hex } from "../web/identifiers.ts";
import { isObject, itemsOf, type Json, type JsonObject, objectOf } from "../web/json.ts";
import { plainProblem } from "../web/problem.ts";
import { compareValues } from "../web/property-filter.ts";
import { composedSchema } from "../xdm/compose.ts";
import { Unreadable } from "./language/unreadable.ts";
import { compileMapping, mapRecord } from "./mapper.ts";
import { readMappingItem, renderMappingItem } from "./mapping-item.ts";
import { compileMappingSet, findVersion, readMappingSet, readTarget } from "./mapping-set.ts";

/** `/mappingSets`: mapping sets, their validation and preview. */
export function mappingSetRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const sets = new MappingSets(state);
  return new Hono<PlatformEnvironment>()
    .post("/", (context) => sets.create(context))
    .get("/", (context) => sets.list(context))
    .post("/validate", validateMappings)
    .post("/preview", (context) => sets.preview(context))
    .get("/:id", (context) => sets.read(context))
    .put("/:id", (context) => sets.update(context))
    .delete("/:id", (context) => sets.delete(context))
    .get("/:id/mappings", (context) => sets.listMappings(context))
    .get("/:id/mappings/:mappingId", (context) => sets.readMapping(context));
}

class MappingSets {
  readonly #state: PlatformState;

  constructor(state: PlatformState) {
    this.#state = state;
  }

  async create(context: PlatformContext): Promise<Response> {
    const sandbox = context.get("sandbox");
    const content = readMappingSet(sandbox, await readObject(context));
    const now = this.#state.clock();
    const set: MappingSet = {
      id: hex(32),
      createdDate: now,
      versions: [{ ...content, version: 0, modifiedDate: now }],
    };
    sandbox.mappingSets.set(set.id, set);
    return answer(200, { id: set.id, version: 0, ...common(this.#state, set, now) });
  }

  list(context: PlatformContext): Response {
    const limit = numberParameter(context, "limit", 1);
    const start = numberParameter(context, "start");
    if (limit === undefined || start === undefined) {
      throw plainProblem(400, "The parameters limit and start are required");
    }
    const name = context.req.query("name");
    const all = Array.from(context.get("sandbox").mappingSets.values(), (set) =>
      render(this.#state, set, latest(set)),
    ).filter((set) => name === undefined || set.name === name);
    const first = this.#state.switches.mappingSetStart === "pages" ? start * limit : start;
    const data = sort(all, context.req.query("orderBy")).slice(first, first + limit);
    return answer(200, { data, _page: { count: data.length, limit }, _links: {} });
  }

  async preview(context: PlatformContext): Promise<Response> {
    const sandbox = context.get("sandbox");
    const { data, mappingSet } = await readObject(context);
    const content = readMappingSet(sandbox, objectOf(mappingSet));
    // The API description says array, its example shows one object.
    const records = (Array.isArray(data) ? data : [data ?? null]).filter(isObject);
    return answer(
      200,
      records.map((record) => preview(this.#state, sandbox, content, record)),
    );
  }

  read(context: PlatformContext): Response {
    const set = find(context);
    const first = this.#state.switches.mappingSetLookup === "first" ? 0 : undefined;
    const version = numberParameter(context, "version") ?? first;
    const content = findVersion(set, version);
    if (content === undefined) throw plainProblem(404, `The mapping set ${set.id} has no version ${version}`);
    return answer(200, render(this.#state, set, content));
  }

  async update(context: PlatformContext): Promise<Response> {
    const sandbox = context.get("sandbox");
    const set = find(context);
    const content = readMappingSet(sandbox, await readObject(context));
    const { version } = latest(set);
    const modifiedDate = this.#state.clock();
    if (this.#state.switches.mappingSetPutVersion === "increments") {
      set.versions.push({ ...content, version: version + 1, modifiedDate });
    } else {
      set.versions.splice(-1, 1, { ...content, version, modifiedDate });
    }
    return answer(200, render(this.#state, set, latest(set)));
  }

  delete(context: PlatformContext): Response {
    const set = find(context);
    if (this.#state.switches.deleteMappingSet === "405") {
      throw plainProblem(405, "Request method 'DELETE' not supported");
    }
    context.get("sandbox").mappingSets.delete(set.id);
    return answer(204);
  }

  listMappings(context: PlatformContext): Response {
    const set = find(context);
    return answer(200, renderItems(this.#state, set, latest(set)));
  }

  readMapping(context: PlatformContext): Response {
    const set = find(context);
    const id = pathParameter(context, "mappingId");
    const item = renderItems(this.#state, set, latest(set)).find((candidate) => candidate.id === id);
    if (item === undefined) throw plainProblem(404, `The mapping set ${set.id} has no mapping ${id}`);
    return answer(200, item);
  }
}

/** The fields that `orderBy` takes, and the one that is its default in the API description, as they are named in answers. */
const orders: Readonly<Record<string, string>> = {
  createdDate: "createdDate",
  updatedDate: "modifiedDate",
  lastUpdateDate: "modifiedDate",
};

/** `-name` is descending; `+name` arrives as a space and a name. */
function sort(sets: readonly JsonObject[], orderBy = "lastUpdateDate"): JsonObject[] {
  const field = orders[orderBy.replace(/^[-+ ]/, "")];
  if (field === undefined) throw plainProblem(400, `Mapping sets can't be ordered by ${orderBy}`);
  const sorted = sets.toSorted((left, right) => compareValues(left[field], right[field]));
  return orderBy.startsWith("-") ? sorted.reverse() : sorted;
}

async function validateMappings(context: PlatformContext): Promise<Response> {
  const sandbox = context.get("sandbox");
  const body = await readObject(context);
  const { id } = readTarget(sandbox, body);
  return answer(200, { validationResponse: itemsOf(body.mappings).map((entry) => validate(sandbox, id, entry)) });
}

function find(context: PlatformContext): MappingSet {
  const id = pathParameter(context, "id");
  const set = context.get("sandbox").mappingSets.get(id);
  if (set === undefined) throw plainProblem(404, `The mapping set ${id} was not found`);
  return set;
}

function latest(set: MappingSet): MappingSetVersion {
  const content = findVersion(set);
  if (content === undefined) throw new Error(`The mapping set ${set.id} has no version`);
  return content;
}

function common(state: PlatformState, set: MappingSet, modifiedDate: number): JsonObject {
  const client = state.options.credentials.clientId;
  return { createdDate: set.createdDate, modifiedDate, createdBy: client, modifiedBy: client };
}

function render(state: PlatformState, set: MappingSet, content: MappingSetVersion): JsonObject {
  return {
    id: set.id,
    version: content.version,
    ...common(state, set, content.modifiedDate),
    name: content.name,
    inputSchema: content.inputSchema,
    outputSchema: { schemaRef: { ...content.schemaRef } },
    mappings: renderItems(state, set, content),
    status: "PUBLISHED",
    allowNullValues: false,
    xdmVersion: "1.0",
    schemaRef: { ...content.schemaRef },
    xdmSchema: content.schemaRef.id,
  };
}

function renderItems(state: PlatformState, set: MappingSet, content: MappingSetVersion): JsonObject[] {
  return content.items.map((item) => renderMappingItem(item, common(state, set, content.modifiedDate)));
}

function validate(sandbox: Sandbox, schemaId: string, entry: Json): JsonObject {
  try {
    compileMapping(readMappingItem(entry), composedSchema(sandbox, schemaId));
    return { status: "SUCCESS", errors: null };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const { source, sourceExpression, sourceAttribute, destination, destinationXdmPath, sourceType } = objectOf(entry);
    const column = destination ?? destinationXdmPath;
    return {
      status: "FAILED",
      errors: [
        {
          source: source ?? sourceExpression ?? sourceAttribute,
          destination: column,
          exception: error.message,
          columnName: column,
          sourceType,
        },
      ],
    };
  }
}

function preview(state: PlatformState, sandbox: Sandbox, content: MappingSetContent, record: JsonObject): JsonObject {
  const context = { source: record, now: state.clock() };
  const { row, warnings, failures } = mapRecord(compileMappingSet(sandbox, content), context, state.switches);
  const errors = [...failures, ...warnings];
  return { data: row, errors: errors.length === 0 ? null : errors };
}
