import { localCredentials } from "../../local/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../local/platform/platform.ts";
import { AepClient } from "../../providers/aep/client.ts";
import { aepPackage } from "../../providers/aep/provider.ts";
import { definitionProvider } from "../../providers/kit/definition-provider.ts";
import type { PropertyMap } from "../../providers/kit/values.ts";
import { Engine, type Held } from "./engine.ts";
import { normalWorld } from "./normal-world.ts";
import type { Subject, World } from "./world.ts";

const { tenantId, ...credential } = localCredentials.platform;
const foundation = "/data/foundation";
const xdm = { Accept: "application/vnd.adobe.xed+json" };

/** A list of the vendor's API: where its objects are in the answer, and what their id is called. */
const lists = {
  fieldGroups: { path: `${foundation}/schemaregistry/tenant/fieldgroups`, id: "$id", headers: xdm },
  schemas: { path: `${foundation}/schemaregistry/tenant/schemas`, id: "$id", headers: xdm },
  descriptors: {
    path: `${foundation}/schemaregistry/tenant/descriptors`,
    id: "@id",
    headers: { Accept: "application/vnd.adobe.xdm+json" },
  },
  datasets: { path: `${foundation}/catalog/dataSets?limit=100`, id: "id", headers: {} },
  bases: { path: `${foundation}/flowservice/connections`, id: "id", headers: {} },
  sources: { path: `${foundation}/flowservice/sourceConnections`, id: "id", headers: {} },
  targets: { path: `${foundation}/flowservice/targetConnections`, id: "id", headers: {} },
  mappingSets: { path: `${foundation}/conversion/mappingSets?limit=100&start=0`, id: "id", headers: {} },
  flows: { path: `${foundation}/flowservice/flows`, id: "id", headers: {} },
} as const;

/** A Platform of its own, in which time passes with each look at the clock. */
export async function platformWorld(options: { activationSeconds?: number } = {}): Promise<World> {
  let now = Date.parse("2026-01-05T10:00:00.000Z");
  const clock = () => {
    now += 1500;
    return now;
  };
  const sandboxes = ["prod", credential.sandbox];
  const switches = { deleteMappingSet: "204" } as const;
  const standIn = await startPlatform({ credentials: credential, tenantId, sandboxes, clock, switches, ...options });
  return {
    url: standIn.url,
    package: "aep",
    config: (url) => ({ ...credential, imsUrl: url, platformUrl: url }),
    engine: (line, attemptTimeout) =>
      Engine.start(line, aepProvider(attemptTimeout), { ...credential, imsUrl: line.url, platformUrl: line.url }),
    objects: () => objects(standIn),
    rest: async () => undefined,
    close: () => standIn.close(),
  };
}

/** The provider with waits that take no time. */
function aepProvider(attemptTimeout = 60_000) {
  const options = { pollInterval: 0, sleep: async () => undefined, attemptTimeout };
  return definitionProvider({ ...aepPackage, connect: (settings) => new AepClient(settings, options) });
}

async function objects(standIn: PlatformStandIn): Promise<string[]> {
  const token = await json(
    fetch(`${standIn.url}/ims/token/v3`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: credential.clientId,
        client_secret: credential.clientSecret,
        scope: "openid",
      }),
    }),
  );
  const headers = {
    authorization: `Bearer ${token.access_token}`,
    "x-api-key": credential.clientId,
    "x-gw-ims-org-id": credential.orgId,
    "x-sandbox-name": credential.sandbox,
  };
  const found = await Promise.all(
    Object.entries(lists).map(async ([kind, list]) => {
      const answer = await json(fetch(standIn.url + list.path, { headers: { ...headers, ...list.headers } }));
      return itemsOf(kind, answer).map((item) => ({ kind, id: String(item[list.id]), item }));
    }),
  );
  return normalWorld(found.flat());
}

type Json = Record<string, unknown>;

function itemsOf(kind: string, answer: Json): Json[] {
  if (kind === "datasets") return Object.entries(answer).map(([id, dataset]) => ({ id, ...(dataset as Json) }));
  const list = answer.results ?? answer.items ?? answer.data ?? answer["xdm:descriptorIdentity"] ?? [];
  return list as Json[];
}

async function json(answer: Promise<Response>): Promise<Json> {
  const response = await answer;
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Json;
}

function fieldGroup(fields: PropertyMap): PropertyMap {
  const customerio = { type: "object", properties: { email: { type: "string", title: "Email" }, ...fields } };
  return {
    title: "Customer.io events (fields)",
    description: "What Customer.io reports.",
    definitions: {
      customFields: {
        type: "object",
        properties: { [`_${tenantId}`]: { type: "object", properties: { customerio } } },
      },
    },
    allOf: [{ $ref: "#/definitions/customFields" }],
  };
}

function mappings(source: string): PropertyMap[] {
  return [
    { sourceType: "ATTRIBUTE", source: "event_id", destination: "_id" },
    { sourceType: "ATTRIBUTE", source: "relay.occurred_at", destination: "timestamp" },
    { sourceType: "ATTRIBUTE", source, destination: `_${tenantId}.customerio.email` },
  ];
}

/** Makes the objects that come before a kind in a dataflow, each once, and answers their ids. */
async function chain(engine: Engine, upTo: number): Promise<Held[]> {
  const made: Held[] = [];
  const id = (index: number) => made[index]?.id ?? "";
  const steps: (() => Promise<Held>)[] = [
    () => engine.create("aep:index:FieldGroup", "group", fieldGroup({})),
    () => engine.create("aep:index:Schema", "schema", { title: "Customer.io events", fieldGroupIds: [id(0)] }),
    () => engine.create("aep:index:Dataset", "dataset", { name: "Customer.io events", schemaId: id(1) }),
    () => engine.create("aep:index:SourceConnection", "source", { name: "Customer.io" }),
    () => engine.create("aep:index:TargetConnection", "target", { name: "Lake", datasetId: id(2), schemaId: id(1) }),
    () => engine.create("aep:index:MappingSet", "mapping", { schemaId: id(1), mappings: mappings("data.email") }),
  ];
  for (const step of steps.slice(0, upTo)) made.push(await step());
  return made;
}

/** One resource of each kind with what it needs, and a change of it. */
export const platformSubjects: readonly Subject[] = [
  {
    type: "aep:index:FieldGroup",
    needs: () => Promise.resolve([]),
    inputs: () => fieldGroup({}),
    change: (inputs) => ({ ...inputs, ...fieldGroup({ metric: { type: "string" } }), description: "More." }),
  },
  {
    type: "aep:index:Schema",
    needs: (engine) => chain(engine, 1),
    inputs: ([group]) => ({ title: "Customer.io events", description: "Events.", fieldGroupIds: [group ?? ""] }),
    change: (inputs) => ({ ...inputs, title: "Customer.io events, renamed" }),
  },
  {
    type: "aep:index:IdentityDescriptor",
    needs: (engine) => chain(engine, 2),
    inputs: ([, schema]) => ({
      schemaId: schema ?? "",
      sourceProperty: `/_${tenantId}/customerio/email`,
      namespace: "Email",
    }),
    change: (inputs) => ({ ...inputs, isPrimary: true }),
  },
  {
    type: "aep:index:Dataset",
    needs: (engine) => chain(engine, 2),
    inputs: ([, schema]) => ({ name: "Customer.io events", description: "Events.", schemaId: schema ?? "" }),
    change: (inputs) => ({ ...inputs, name: "Renamed", errorDiagnostics: false }),
  },
  {
    type: "aep:index:BaseConnection",
    needs: () => Promise.resolve([]),
    inputs: () => ({ name: "Endpoint", description: "Events." }),
    change: (inputs) => ({ ...inputs, name: "Renamed" }),
  },
  {
    type: "aep:index:SourceConnection",
    needs: () => Promise.resolve([]),
    inputs: () => ({ name: "Customer.io", description: "Events." }),
    change: (inputs) => ({ ...inputs, name: "Renamed" }),
  },
  {
    type: "aep:index:TargetConnection",
    needs: (engine) => chain(engine, 3),
    inputs: ([, schema, dataset]) => ({ name: "Lake", datasetId: dataset ?? "", schemaId: schema ?? "" }),
    change: (inputs) => ({ ...inputs, name: "Renamed", description: "Events." }),
  },
  {
    type: "aep:index:MappingSet",
    needs: (engine) => chain(engine, 2),
    inputs: ([, schema]) => ({ schemaId: schema ?? "", mappings: mappings("data.email") }),
    change: (inputs) => ({ ...inputs, mappings: mappings("data.recipient") }),
  },
  {
    type: "aep:index:Dataflow",
    needs: (engine) => chain(engine, 6),
    inputs: ([, , , source, target, mapping]) => ({
      name: "Customer.io events",
      description: "From the relay.",
      sourceConnectionId: source ?? "",
      targetConnectionId: target ?? "",
      mappingSetId: mapping ?? "",
    }),
    change: (inputs) => ({ ...inputs, name: "Renamed", enabled: false }),
  },
];
