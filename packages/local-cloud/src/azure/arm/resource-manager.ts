import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { decodeMap, isMap, type PropertyMap, reveal } from "pulumi-provider-kit";
import { describeReference } from "../app-service/key-vault-references.ts";
import { effectsOf } from "../effects/resource-effects.ts";
import type { FunctionMetadata } from "../function-host/functions-core.ts";
import { bearerToken, isForManagement, readToken } from "../identity/access-token.ts";
import { configure, describeConfiguration } from "../network/site-configuration.ts";
import { takesTime } from "../network/slow-changes.ts";
import { answerLogQuery } from "../queries/log-query.ts";
import { inPages } from "../queries/pages.ts";
import { policyQuery } from "../queries/policy-query.ts";
import type { Query } from "../queries/query.ts";
import { nodeStacks, regionQueries } from "../queries/region-offers.ts";
import { subscriptionQueries } from "../queries/subscription-queries.ts";
import { sitesOn } from "../refusals/flex-refusals.ts";
import { ArmError } from "./arm-error.ts";
import type { InvokeParts } from "./invokes.ts";
import { typeOfId } from "./resource-id.ts";
import type { ResourceWrites } from "./resource-writes.ts";
import { type Resource, textAt } from "./subscription.ts";

/**
 * Azure Resource Manager over HTTP: creates, changes, reads and deletes resources, lists the functions of function apps, and
 * syncs their triggers.
 */
export function resourceManager(parts: InvokeParts, writes: ResourceWrites): Hono {
  const app = new Hono();
  app.onError((error, context) => {
    const known = error instanceof ArmError ? error : new ArmError(500, "InternalServerError", error.message);
    return context.json(
      { error: { code: known.code, message: known.detail, ...known.more } },
      known.status as ContentfulStatusCode,
    );
  });
  app.use(inPages);
  const queries = [...subscriptionQueries((resource) => describeResource(resource)), ...regionQueries, policyQuery];
  app.get("/providers/Microsoft.Web/locations/:region/functionAppStacks", (context) => {
    authenticate(context, parts);
    return context.json(nodeStacks(context.req.param("region"), parts.switches));
  });
  // The REST reference's "Subscriptions - List": the subscriptions in which the caller has any role.
  app.get("/subscriptions", (context) => {
    authenticate(context, parts);
    return context.json({ value: [describeSubscription(parts)], count: { type: "Total", value: 1 } });
  });
  // "Subscriptions - Get".
  app.get("/subscriptions/:id", (context) => {
    authenticate(context, parts);
    const id = context.req.param("id");
    if (id.toLowerCase() === parts.subscription.subscriptionId) return context.json(describeSubscription(parts));
    throw new ArmError(404, "SubscriptionNotFound", `The subscription '${id}' could not be found.`);
  });
  app.post("/subscriptions/*", async (context, next) => {
    const [, workspaceId] = context.req.path.match(/^(.*\/workspaces\/[^/]+)\/api\/query$/i) ?? [];
    if (workspaceId === undefined) return next();
    authorize(context, parts, workspaceId, "Microsoft.OperationalInsights/workspaces/query/read");
    const { query } = (await context.req.json()) as { query?: unknown };
    return context.json(await answerLogQuery(find(parts, workspaceId), String(query ?? ""), parts));
  });
  app.all("/subscriptions/*", async (context) => {
    const { method, path } = context.req;
    const answer = await answerQuery(context, parts, queries);
    if (answer !== undefined) return context.json(answer);
    const [id, action] = splitAction(path);
    authorize(context, parts, id, actionName(method, id, action));
    if (action !== undefined) return act(context, parts, find(parts, id), action);
    switch (method) {
      case "GET":
        if (allQueues.test(id)) return context.json(await listQueues(id, parts));
        return context.json(await read(context, parts, id));
      case "PUT":
      case "PATCH":
      case "DELETE":
        return change(context, parts, writes, id);
      default:
        throw notSupported(method, id);
    }
  });
  return app;
}

/**
 * Answers questions about the subscription or a group as a whole, or about rights on a resource; undefined if the call
 * is about one resource.
 */
async function answerQuery(
  context: Context,
  parts: InvokeParts,
  queries: readonly Query[],
): Promise<object | undefined> {
  const { method, path } = context.req;
  const [, scope, rest] =
    path.match(/^(.*)(\/providers\/Microsoft\.Authorization\/permissions)$/i) ??
    path.match(/^(\/subscriptions\/[^/]+(?:\/resourceGroups\/[^/]+)?)(\/.*)$/i) ??
    [];
  if (scope === undefined || rest === undefined) return undefined;
  const query = queries.find((one) => one.method === method && one.path.test(rest));
  if (query === undefined) return undefined;
  const callerId = authorize(context, parts, scope, query.action);
  const body = method === "POST" ? ((await context.req.json()) as Record<string, unknown>) : {};
  const groups = rest.match(query.path)?.slice(1) ?? [];
  return query.answer({ scope, groups, parameters: context.req.query(), body, callerId }, parts);
}

const allQueues = /\/queueServices\/default\/queues$/i;

const references = "config/configreferences/appsettings";

/** Answers a call for a part of a function app, or for an action on it. */
async function act(context: Context, parts: InvokeParts, site: Resource, action: string): Promise<Response> {
  const app = parts.apps.get(site.id);
  const { method } = context.req;
  switch (`${method} ${action}`) {
    case "POST restart":
      await app.restart();
      return context.body(null, 200);
    case `POST ${references}/refresh`:
      await app.refreshReferences();
      return context.json(listReferences(site, parts));
    case "POST config/appsettings/list":
      return context.json({ id: `${site.id}/config/appsettings`, name: "appsettings", properties: app.settings });
    case "POST syncfunctiontriggers":
    case "POST host/default/sync":
      await app.syncTriggers();
      return context.body(null, 204);
    case `GET ${references}`:
      return context.json(listReferences(site, parts));
    case "GET functions":
      return context.json({ value: app.listFunctions().map((metadata) => describeFunction(site, metadata)) });
    case "PATCH config/web": {
      const configured = configure(site, propertiesIn(await readBody(context)));
      parts.subscription.put(configured);
      return context.json(describeConfiguration(configured));
    }
    case "GET config/web":
      return context.json(describeConfiguration(site));
    default:
      throw notSupported(method, `${site.id}/${action}`);
  }
}

/** Writes or deletes a resource. */
async function change(context: Context, parts: InvokeParts, writes: ResourceWrites, id: string): Promise<Response> {
  const { method } = context.req;
  const { slowChanges } = parts.subscription;
  if (method === "DELETE" && slowChanges.stateOf(id) === "Deleting" && takesTime(id)) return context.body(null, 202);
  if (takesTime(id)) slowChanges.refuseBusy(id);
  if (method === "DELETE") return remove(context, parts, writes, id);
  if (method === "PUT") {
    const existed = parts.subscription.get(id) !== undefined;
    const made = await put(id, await readBody(context), writes);
    if (takesTime(id)) writes.beginSlowChange(made, "Updating");
    return context.json(await describe(made, parts), existed ? 200 : 201);
  }
  const resource = find(parts, id);
  await writes.patch(resource, propertiesIn(await readBody(context)));
  return context.json(await describe(resource, parts));
}

async function remove(context: Context, parts: InvokeParts, writes: ResourceWrites, id: string): Promise<Response> {
  const existing = parts.subscription.get(id);
  const planId = existing && textAt(existing.inputs, "serverFarmId");
  await writes.delete(id);
  if (existing && (takesTime(id) || planId)) writes.beginSlowChange(existing, "Deleting");
  // Azure deletes a plan with its last app, unless the call says otherwise.
  const takesPlan = planId && context.req.query("deleteEmptyServerFarm") !== "false";
  if (takesPlan && sitesOn(parts.subscription, planId).length === 0) await writes.delete(planId);
  if (!existing) return context.body(null, 204);
  return context.body(null, takesTime(id) && parts.subscription.slowChanges.isUnderWay(id) ? 202 : 200);
}

async function readBody(context: Context): Promise<PropertyMap> {
  return decodeMap((await context.req.json()) as Parameters<typeof decodeMap>[0]);
}

function propertiesIn({ properties }: PropertyMap): PropertyMap {
  return isMap(properties) ? properties : {};
}

function notSupported(method: string, id: string): ArmError {
  return new ArmError(405, "MethodNotAllowed", `The HTTP method '${method}' is not supported at scope '${id}'.`);
}

function listReferences(site: Resource, { apps }: InvokeParts): object {
  const found = [...apps.get(site.id).references];
  return { value: found.map(([name, reference]) => describeReference(site, name, reference)) };
}

/** Splits a path into the resource id and the action on that resource, if any. */
function splitAction(path: string): [id: string, action: string | undefined] {
  const [, id, action] =
    path.match(
      /^(.*\/sites\/[^/]+)\/(functions|syncfunctiontriggers|host\/default\/sync|restart|config\/(?:web|appsettings\/list|configreferences\/appsettings(?:\/refresh)?))$/i,
    ) ?? [];
  return id === undefined ? [path.replace(/\/$/, ""), undefined] : [id, action?.toLowerCase()];
}

function actionName(method: string, id: string, action: string | undefined): string {
  // For an extension resource, the last provider determines the type.
  const [, provider, segments = ""] = id.match(/^.*\/providers\/([^/]+)\/(.+)$/) ?? [];
  const types = segments.split("/").filter((_segment, index) => index % 2 === 0);
  const type = [provider ?? "Microsoft.Resources", ...types].join("/");
  if (action === "functions") return `${type}/functions/read`;
  // Azure's REST reference of resource provider operations: Microsoft.Web/sites/config/list/action, …/config/read, …/config/write.
  if (action === "config/appsettings/list") return `${type}/config/list/action`;
  if (action === "config/web") return `${type}/config/${method === "GET" ? "read" : "write"}`;
  if (action?.startsWith(references)) return `${type}/config/${method === "GET" ? "read" : "write"}`;
  if (action !== undefined) return `${type}/${action}/action`;
  return `${type}/${method === "DELETE" ? "delete" : ["PUT", "PATCH"].includes(method) ? "write" : "read"}`;
}

/** @returns the caller's object id */
function authorize(context: Context, parts: InvokeParts, id: string, action: string): string {
  const claims = authenticate(context, parts);
  if (!parts.subscription.allows(claims.oid, action, id)) {
    const message =
      `The client '${claims.appid}' with object id '${claims.oid}' does not have authorization to perform action ` +
      `'${action}' over scope '${id}' or the scope is invalid. If access was recently granted, please refresh your credentials.`;
    throw new ArmError(403, "AuthorizationFailed", message);
  }
  return claims.oid;
}

/** The caller, by a valid access token. */
function authenticate(context: Context, parts: InvokeParts) {
  const header = context.req.header("authorization");
  if (header === undefined) {
    throw new ArmError(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
  }
  const claims = readToken(parts.tokenSecret, bearerToken(header) ?? "");
  if (claims === undefined) {
    throw new ArmError(401, "InvalidAuthenticationToken", "The access token is invalid.");
  }
  if (claims.exp * 1000 < Date.now()) {
    throw new ArmError(401, "ExpiredAuthenticationToken", "The access token expiry is in the past.");
  }
  if (!isForManagement(claims.aud)) {
    const message =
      "The access token has been obtained for wrong audience or resource " +
      `'${claims.aud}'. It should exactly match with one of the allowed audiences ` +
      "'https://management.core.windows.net/','https://management.core.windows.net','https://management.azure.com/','https://management.azure.com'.";
    throw new ArmError(401, "InvalidAuthenticationTokenAudience", message);
  }
  if (!context.req.query("api-version")) {
    const message = "The api-version query parameter (?api-version=) is required for all requests.";
    throw new ArmError(400, "MissingApiVersionParameter", message);
  }
  return claims;
}

/** A resource from ARM's envelope. Most of ARM's `properties` are top-level inputs in azure-native. */
function put(id: string, body: PropertyMap, writes: ResourceWrites): Promise<Resource> {
  const found = typeOfId(id);
  if (!found) throw new ArmError(404, "InvalidResourceType", `The local cloud has no resource type for ${id}.`);
  const { properties = {}, ...envelope } = body;
  const isFlat = !found.type.token.startsWith("azure-native:keyvault:");
  const inputs = isFlat ? { ...envelope, ...(isMap(properties) ? properties : {}) } : body;
  return writes.put(id, found.type, { ...inputs, ...found.path });
}

function find({ subscription }: InvokeParts, id: string): Resource {
  const resource = subscription.get(id);
  if (resource) return resource;
  const [, group] = id.match(/\/resourceGroups\/([^/]+)/i) ?? [];
  if (group !== undefined && !subscription.findByName("resources:ResourceGroup", group)) {
    throw new ArmError(404, "ResourceGroupNotFound", `Resource group '${group}' could not be found.`);
  }
  const name = id.replace(/^.*\/providers\//i, "");
  throw new ArmError(404, "ResourceNotFound", `The Resource '${name}' under resource group '${group}' was not found.`);
}

/** A resource of the network provider that Azure is still deleting. */
function findLeaving({ subscription }: InvokeParts, id: string): Resource | undefined {
  const leaving = subscription.slowChanges.leaving();
  return takesTime(id) ? leaving.find((resource) => resource.id.toLowerCase() === id.toLowerCase()) : undefined;
}

/** A resource as a GET answers it. */
async function read(context: Context, parts: InvokeParts, id: string): Promise<object> {
  const described = await describe(findLeaving(parts, id) ?? find(parts, id), parts);
  return context.req.query("canFetchContent") === "true" ? described : summarize(described);
}

/** A resource in ARM's envelope. Outputs that azure-native flattens go under `properties`. */
async function describe(resource: Resource, parts: InvokeParts): Promise<ArmObject> {
  const { slowChanges } = parts.subscription;
  const provisioningState = takesTime(resource.id) ? slowChanges.stateOf(resource.id) : undefined;
  const live = await effectsOf(resource.type.token).read?.(resource, parts);
  return describeResource(resource, { ...live, ...(provisioningState && { provisioningState }) });
}

interface ArmObject {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly properties: object;
}

/** A workbook without its content, as Azure answers unless the call asks for it; others are unchanged. */
function summarize(described: ArmObject): object {
  if (described.type !== "Microsoft.Insights/workbooks") return described;
  return { ...described, properties: { ...described.properties, serializedData: null } };
}

function describeResource(resource: Resource, live: PropertyMap = {}): ArmObject {
  const outputs = reveal({ ...resource.outputs, ...live }) as Record<string, unknown>;
  // Azure accepts an app's configuration with the app, but returns it only under config/web.
  if (outputs.siteConfig !== undefined) {
    outputs.siteConfig = Object.fromEntries(Object.keys(outputs.siteConfig as object).map((key) => [key, null]));
  }
  if (outputs.functionAppConfig !== undefined) {
    outputs.functionAppConfig = JSON.parse(JSON.stringify(outputs.functionAppConfig), noneIsNull);
  }
  const envelope = ["location", "tags", "identity", "sku", "kind", "etag"].filter((key) => outputs[key] !== undefined);
  const rest = Object.entries(outputs).filter(
    ([key]) => !["name", "type", "properties", "azureApiVersion", ...envelope].includes(key),
  );
  return {
    id: resource.id,
    name: resource.name,
    type: resource.type.armType,
    ...Object.fromEntries(envelope.map((key) => [key, outputs[key]])),
    properties: { ...Object.fromEntries(rest), ...(outputs.properties as object | undefined) },
  };
}

/** Azure answers null in place of an empty list of always ready instances. */
function noneIsNull(name: string, value: unknown): unknown {
  return name === "alwaysReady" && Array.isArray(value) && value.length === 0 ? null : value;
}

/** "Queue - List" of the storage resource provider: unlike "Queue - Get", without the number of messages. */
async function listQueues(path: string, parts: InvokeParts): Promise<object> {
  const account = find(parts, path.replace(allQueues, ""));
  const value: object[] = [];
  for await (const { name, metadata } of parts.storage.queues(account.id).listQueues({ includeMetadata: true })) {
    const type = "Microsoft.Storage/storageAccounts/queueServices/queues";
    value.push({ id: `${path}/${name}`, name, type, properties: metadata === undefined ? {} : { metadata } });
  }
  return { value };
}

function describeSubscription({ subscription: { subscriptionId, tenantId } }: InvokeParts): object {
  return { id: `/subscriptions/${subscriptionId}`, subscriptionId, tenantId, displayName: "Local", state: "Enabled" };
}

function describeFunction(site: Resource, metadata: FunctionMetadata): object {
  const bindings = Object.entries(metadata.bindings).map(([name, binding]) => ({ name, ...binding }));
  return {
    id: `${site.id}/functions/${metadata.name}`,
    name: `${site.name}/${metadata.name}`,
    type: "Microsoft.Web/sites/functions",
    properties: { name: metadata.name, language: "node", isDisabled: false, config: { name: metadata.name, bindings } },
  };
}
