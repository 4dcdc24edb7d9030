import { type PlatformOptions, type PlatformStandIn, startPlatform } from "../../src/platform/platform.ts";
import { isObject, type Json, type JsonObject } from "../../src/platform/web/json.ts";
import { type ContractCheck, checkContract } from "./contract.ts";

export const credentials = {
  clientId: "client",
  clientSecret: ["first-secret", "second-secret"],
  orgId: "0123456789ABCDEF01234567@AdobeOrg",
} as const;

/** The settings of a client of the stand-in at this address. */
export function connectionTo(url: string) {
  const { clientId, clientSecret, orgId } = credentials;
  return { clientId, clientSecret: clientSecret[0], orgId, sandbox: "dev", imsUrl: url, platformUrl: url };
}

export const tenantId = "acme";
export const experienceEvent = "https://ns.adobe.com/xdm/context/experienceevent";
export const scope = "openid,session,AdobeID,read_organizations,additional_info.projectedProductContext";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Json;
  /** The JSON as an object; empty if it is not one. */
  readonly body: JsonObject;
}

export interface Call {
  readonly body?: Json | undefined;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const schemaRegistry = "/data/foundation/schemaregistry";
export const catalog = "/data/foundation/catalog";
export const flowService = "/data/foundation/flowservice";
export const conversion = "/data/foundation/conversion";

/** A stand-in with its caller. Every answer is checked against Adobe's API descriptions; a violation fails the test. */
export class Platform {
  readonly #standIn: PlatformStandIn;
  readonly #time: { now: number };
  readonly checks: ContractCheck[] = [];
  token = "";
  sandbox = "dev";

  private constructor(standIn: PlatformStandIn, time: { now: number }) {
    this.#standIn = standIn;
    this.#time = time;
  }

  static async start(options: Partial<PlatformOptions> = {}): Promise<Platform> {
    const time = { now: Date.parse("2024-05-01T12:00:00.000Z") };
    const standIn = await startPlatform({
      credentials,
      tenantId,
      sandboxes: ["prod", "dev"],
      activationSeconds: 0,
      clock: () => time.now,
      ...options,
    });
    const platform = new Platform(standIn, time);
    platform.token = String((await platform.askForToken()).body.access_token);
    return platform;
  }

  get url(): string {
    return this.#standIn.url;
  }

  get now(): number {
    return this.#time.now;
  }

  pass(seconds: number): void {
    this.#time.now += seconds * 1000;
  }

  close(): Promise<void> {
    return this.#standIn.close();
  }

  askForToken(changes: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret[0],
      scope,
      ...changes,
    });
    return this.#fetch("POST", "/ims/token/v3", form, {});
  }

  /** A call through the gateway, with all its headers. */
  call(method: string, path: string, { body, accept, headers = {} }: Call = {}): Promise<Answer> {
    return this.#fetch(method, path, body === undefined ? undefined : JSON.stringify(body), {
      Authorization: `Bearer ${this.token}`,
      "x-api-key": credentials.clientId,
      "x-gw-ims-org-id": credentials.orgId,
      "x-sandbox-name": this.sandbox,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(accept === undefined ? {} : { Accept: accept }),
      ...headers,
    });
  }

  /** A call without any header but the given ones. */
  plain(method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: string): Promise<Answer> {
    return this.#fetch(method, path, body, headers);
  }

  /** Sends a raw event to a flow's inlet, as Customer.io's webhook does: the flow id is in the query. */
  send(inletUrl: string, flowId: string | undefined, event: Json): Promise<Answer> {
    const query = flowId === undefined ? "" : `?x-adobe-flow-id=${flowId}`;
    const headers = { "Content-Type": "application/json" };
    return this.#fetch("POST", new URL(inletUrl).pathname + query, JSON.stringify(event), headers);
  }

  async idle(): Promise<void> {
    await this.plain("POST", "/__local/idle");
  }

  async rows(dataset: string): Promise<Json> {
    await this.idle();
    return (await this.plain("GET", `/__local/rows?dataset=${dataset}`)).body.rows ?? null;
  }

  async receipts(): Promise<JsonObject[]> {
    await this.idle();
    const { receipts } = (await this.plain("GET", "/__local/journal")).body;
    return Array.isArray(receipts) ? receipts.filter(isObject) : [];
  }

  addFault(fault: JsonObject): Promise<Answer> {
    return this.plain("POST", "/__local/faults", {}, JSON.stringify(fault));
  }

  async #fetch(
    method: string,
    path: string,
    body: string | URLSearchParams | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const response = await fetch(this.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    const json = text === "" ? null : (JSON.parse(text) as Json);
    const check = checkContract(method, path, response.status, text);
    this.checks.push(check);
    if (check.violations.length > 0) throw new Error(check.violations.join("\n"));
    return { status: response.status, headers: response.headers, json, body: isObject(json) ? json : {} };
  }
}

export const lookup = "application/vnd.adobe.xed-full+json; version=1";

export function fieldGroup(properties: JsonObject, title = "Events"): JsonObject {
  return {
    type: "object",
    title,
    description: `The fields of ${title}`,
    "meta:intendedToExtend": [experienceEvent],
    definitions: { customFields: { type: "object", properties: { [`_${tenantId}`]: { type: "object", properties } } } },
    allOf: [{ $ref: "#/definitions/customFields" }],
  };
}

export function schema(fieldGroupId: string, title = "Event schema"): JsonObject {
  return {
    type: "object",
    title,
    description: `The schema ${title}`,
    allOf: [{ $ref: experienceEvent }, { $ref: fieldGroupId }],
  };
}

export const contentType = "application/vnd.adobe.xed-full+json;version=1";

export interface Wiring {
  readonly fieldGroup: string;
  readonly schema: string;
  readonly dataset: string;
  readonly source: string;
  readonly target: string;
  readonly mappingSet: string;
}

export const fields: JsonObject = {
  email: { title: "Email", type: "string" },
  metric: { title: "Metric", type: "string" },
  occurred: { title: "Occurred", type: "string", format: "date-time" },
  count: { title: "Count", type: "integer", minimum: -9007199254740992, maximum: 9007199254740992 },
  isTest: { title: "Is test", type: "boolean" },
  tags: { title: "Tags", type: "array", items: { type: "string" } },
};

/** The smallest mapping set that produces an ExperienceEvent: id and time. */
export const identityMappings: readonly JsonObject[] = [
  { sourceType: "ATTRIBUTE", source: "event_id", destination: "_id" },
  { sourceType: "ATTRIBUTE", source: "occurred_at", destination: "timestamp" },
];

/**
 * Everything up to the flow.
 *
 * @param more fields of the tenant beside the usual ones
 */
export async function wire(
  platform: Platform,
  mappings: readonly JsonObject[] = [],
  more: JsonObject = {},
): Promise<Wiring> {
  const id = async (answer: Promise<Answer>, key = "id") => String((await answer).body[key]);
  const group = await id(
    platform.call("POST", `${schemaRegistry}/tenant/fieldgroups`, { body: fieldGroup({ ...fields, ...more }) }),
    "$id",
  );
  const schemaId = await id(platform.call("POST", `${schemaRegistry}/tenant/schemas`, { body: schema(group) }), "$id");
  const dataset = String(
    (
      await platform.call("POST", `${catalog}/dataSets`, {
        body: { name: "Events", schemaRef: { id: schemaId, contentType } },
      })
    ).json,
  ).replace("@/dataSets/", "");
  const source = await id(platform.call("POST", `${flowService}/sourceConnections`, { body: sourceConnection() }));
  const target = await id(
    platform.call("POST", `${flowService}/targetConnections`, { body: targetConnection(schemaId, dataset) }),
  );
  const mappingSet = await id(
    platform.call("POST", `${conversion}/mappingSets`, {
      body: mappingSetBody(schemaId, [...identityMappings, ...mappings]),
    }),
  );
  return { fieldGroup: group, schema: schemaId, dataset, source, target, mappingSet };
}

export function sourceConnection(): JsonObject {
  return {
    name: "Customer.io",
    providerId: "521eee4d-8cbe-4906-bb48-fb6bd4450033",
    connectionSpec: { id: "96479064-7b8a-4d69-b9ed-21c5683837ea", version: "1.0" },
    data: { format: "json" },
  };
}

export function targetConnection(schemaId: string, dataset: string): JsonObject {
  return {
    name: "Data lake",
    connectionSpec: { id: "c604ff05-7f1a-43c0-8e18-33bf874cb11c", version: "1.0" },
    data: { format: "json", schema: { id: schemaId, version: contentType } },
    params: { dataSetId: dataset },
  };
}

export function mappingSetBody(schemaId: string, mappings: readonly JsonObject[]): JsonObject {
  return { outputSchema: { schemaRef: { id: schemaId, contentType } }, mappings: [...mappings] };
}

export function flowBody(wiring: Wiring, changes: JsonObject = {}): JsonObject {
  return {
    name: "Customer.io",
    flowSpec: { id: "e77fde5a-22a8-11ed-861d-0242ac120002", version: "1.0" },
    sourceConnectionIds: [wiring.source],
    targetConnectionIds: [wiring.target],
    transformations: [{ name: "Mapping", params: { mappingId: wiring.mappingSet, mappingVersion: 0 } }],
    ...changes,
  };
}

/** Creates a flow. @returns its id */
export async function newFlow(platform: Platform, wiring: Wiring, changes: JsonObject = {}): Promise<string> {
  return String((await platform.call("POST", `${flowService}/flows`, { body: flowBody(wiring, changes) })).body.id);
}

export interface RunningFlow extends Wiring {
  readonly flow: string;
  readonly inletUrl: string;
}

/** A flow that is enabled and warm. */
export async function flowing(
  platform: Platform,
  mappings: readonly JsonObject[] = [],
  more: JsonObject = {},
): Promise<RunningFlow> {
  const wiring = await wire(platform, mappings, more);
  const flow = await newFlow(platform, wiring);
  const item = await getFlow(platform, flow);
  const options = isObject(item.options) ? item.options : {};
  return { ...wiring, flow, inletUrl: String(options.inletUrl) };
}

export async function getFlow(platform: Platform, id: string): Promise<JsonObject> {
  const { items } = (await platform.call("GET", `${flowService}/flows/${id}`)).body;
  const [item] = Array.isArray(items) ? items : [];
  return isObject(item) ? item : {};
}

export function event(changes: JsonObject = {}): JsonObject {
  return { event_id: "E1", occurred_at: "2024-05-01T11:59:00.000Z", ...changes };
}
