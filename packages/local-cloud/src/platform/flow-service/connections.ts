import { Hono } from "hono";
import { type Connection, type ConnectionKind, connectionKinds, type Sandbox } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import { answer, type PlatformContext, type PlatformEnvironment, pathParameter } from "../web/http.ts";
import { etag, hex, uuid } from "../web/identifiers.ts";
import { type JsonObject, objectOf, stringOf, stringsOf } from "../web/json.ts";
import { applyChanges, requireBody, requireMatch } from "./changes.ts";
import { entityAttributes } from "./entity.ts";
import { listEntities } from "./list-query.ts";
import { invalidRequest, notFound, unknownId } from "./problems.ts";
import { connectionSpec, customerIoSpec, dataLakeSpec, httpApiSpec } from "./specs.ts";

const callerAttributes = ["name", "description", "connectionSpec", "data", "params", "baseConnectionId", "auth"];

/** Flow Service: base, source and target connections. */
export function connectionRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  for (const kind of connectionKinds) routes.route(`/${kind}`, routesOf(state, kind));
  return routes;
}

function routesOf(state: PlatformState, kind: ConnectionKind): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();

  routes.post("/", async (context) => {
    const sandbox = context.get("sandbox");
    const body = callerPart(objectOf(await requireBody(context)));
    checkConnection(state, sandbox, kind, body);
    const now = state.clock();
    const connection: Connection = {
      id: uuid(),
      body,
      etag: etag(now),
      createdAt: now,
      updatedAt: now,
      providerRefId: uuid(),
      ...(kind === "connections" && objectOf(body.connectionSpec).id === httpApiSpec && { inletId: hex(64) }),
    };
    sandbox.connections[kind].set(connection.id, connection);
    return answer(
      201,
      { id: connection.id, etag: connection.etag },
      { Location: `/${kind}/${connection.id}`, ETag: connection.etag },
    );
  });

  routes.get("/", (context) => {
    const sandbox = context.get("sandbox");
    const all = Array.from(sandbox.connections[kind].values(), (connection) => render(state, sandbox, connection));
    return answer(200, listEntities(context, kind, all));
  });

  routes.get("/:id", (context) => {
    const sandbox = context.get("sandbox");
    return answer(200, { items: [render(state, sandbox, find(state, context, kind))] });
  });

  routes.patch("/:id", async (context) => {
    const connection = find(state, context, kind);
    requireMatch(context, connection.etag);
    const request = await requireBody(context);
    const changed = applyChanges(connection.body, request, (path) => {
      if (path.startsWith("/connectionSpec")) {
        throw invalidRequest("1414-400", "The connection spec of a connection cannot be updated.");
      }
      return callerAttributes.includes(path.split("/")[1] ?? "");
    });
    checkConnection(state, context.get("sandbox"), kind, changed);
    connection.body = changed;
    connection.updatedAt = state.clock();
    connection.etag = etag(connection.updatedAt);
    return answer(200, { id: connection.id, etag: connection.etag });
  });

  routes.delete("/:id", (context) => {
    const sandbox = context.get("sandbox");
    const { id } = find(state, context, kind);
    refuseIfHeld(sandbox, kind, id);
    sandbox.connections[kind].delete(id);
    return answer(204);
  });

  return routes;
}

function find(state: PlatformState, context: PlatformContext, kind: ConnectionKind): Connection {
  const id = pathParameter(context, "id");
  const connection = context.get("sandbox").connections[kind].get(id);
  if (connection === undefined) throw notFound(state, kind, id);
  return connection;
}

function callerPart(request: JsonObject): JsonObject {
  const body: JsonObject = {};
  for (const name of callerAttributes) if (request[name] !== undefined) body[name] = request[name];
  return body;
}

function checkConnection(state: PlatformState, sandbox: Sandbox, kind: ConnectionKind, body: JsonObject): void {
  const spec = connectionSpec(state, body);
  const base = stringOf(body.baseConnectionId);
  if (base !== undefined && !sandbox.connections.connections.has(base)) throw unknownId();
  if (kind === "sourceConnections" && spec.id === customerIoSpec && objectOf(body.data).format !== "json") {
    // The tutorial: "Currently, the only supported data format is json". The error for another format is inferred.
    throw invalidRequest(
      "1100-400",
      "The request could not be processed. Error from flow provider: The only supported data format is json.",
    );
  }
  if (spec.id === httpApiSpec) checkHttpApi(sandbox, kind, body);
  if (kind === "targetConnections" && spec.id === dataLakeSpec) {
    const dataset = stringOf(objectOf(body.params).dataSetId) ?? "";
    if (!sandbox.datasets.has(dataset)) {
      throw invalidRequest(
        "1100-400",
        `The request could not be processed. Error from flow provider: The dataset '${dataset}' does not exist.`,
      );
    }
  }
}

/** The HTTP API source has a base connection with the auth spec's parameters, and source connections on it (http.md). */
function checkHttpApi(sandbox: Sandbox, kind: ConnectionKind, body: JsonObject): void {
  const refuse = (words: string) =>
    invalidRequest("1100-400", `The request could not be processed. Error from flow provider: ${words}`);
  if (kind === "sourceConnections") {
    const base = sandbox.connections.connections.get(stringOf(body.baseConnectionId) ?? "");
    if (base?.inletId === undefined) throw refuse("A base connection of the same connection spec is required.");
    return;
  }
  const { specName, params } = objectOf(body.auth);
  if (specName !== "Streaming Connection") throw refuse(`Unknown auth spec ${String(specName)}.`);
  const { dataType, authenticationRequired = false } = objectOf(params);
  if (dataType !== "raw" && dataType !== "xdm") throw refuse("dataType must be xdm or raw.");
  if (typeof authenticationRequired !== "boolean") throw refuse("authenticationRequired must be a boolean.");
}

/** A live flow protects its source and target connection (1447-400), and through them a base connection (1418-400). */
function refuseIfHeld(sandbox: Sandbox, kind: ConnectionKind, id: string): void {
  const sources = Array.from(sandbox.connections.sourceConnections.values());
  const held =
    kind === "connections"
      ? sources.filter((source) => source.body.baseConnectionId === id).map((source) => source.id)
      : [id];
  const flows = Array.from(sandbox.flows.values());
  const isHeld = flows.some(({ body }) =>
    [...stringsOf(body.sourceConnectionIds), ...stringsOf(body.targetConnectionIds)].some((used) =>
      held.includes(used),
    ),
  );
  if (!isHeld) return;
  if (kind !== "connections") throw invalidRequest("1447-400", `Found active flows containing id ${id}.`);
  throw invalidRequest(
    "1418-400",
    `The base connection with the ID ${id} cannot be deleted because the base connection is being used in one or more flows. Please ensure that corresponding flows are deleted before deleting a base connection.`,
  );
}

function render(state: PlatformState, sandbox: Sandbox, connection: Connection): JsonObject {
  return {
    ...entityAttributes(state, sandbox, connection),
    ...connection.body,
    ...(connection.inletId && { auth: openAuth(state, connection, connection.inletId) }),
    state: "enabled",
    inheritedAttributes: {},
  };
}

/** The auth parameters with the connection's endpoint; missing ones come from the name. */
function openAuth(state: PlatformState, { body }: Connection, inletId: string): JsonObject {
  const { specName, params } = objectOf(body.auth);
  const given = { sourceId: body.name, name: body.name, authenticationRequired: false, ...objectOf(params) };
  return { specName, params: { ...given, inletUrl: `${state.url}/collection/${inletId}`, inletId } };
}
