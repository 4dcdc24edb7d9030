import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../packages/local-cloud/src/platform/platform.ts";
import { AepClient } from "../../packages/pulumi-aep/src/client/client.ts";
import { aepPackage } from "../../packages/pulumi-aep/src/provider.ts";
import { definitionProvider } from "../../packages/pulumi-provider-kit/src/definition/definition-provider.ts";
import type { PropertyMap } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { type Declared, type Input, Reference } from "../engine/engine.ts";
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
  const config = (url: string) => ({ ...credential, imsUrl: url, platformUrl: url });
  return {
    url: standIn.url,
    package: "aep",
    config,
    async provider(line, attemptTimeout) {
      const provider = aepProvider(attemptTimeout);
      await provider.configure(config(line.url));
      return provider;
    },
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

function fieldGroup(fields: PropertyMap): Record<string, Input> {
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

const group = new Reference("group");
const schema = new Reference("schema");
const dataset = new Reference("dataset");

/** A dataflow's parts, each after what it needs. */
const chain: readonly Declared[] = [
  { name: "group", type: "aep:index:FieldGroup", inputs: fieldGroup({}) },
  { name: "schema", type: "aep:index:Schema", inputs: { title: "Customer.io events", fieldGroupIds: [group] } },
  { name: "dataset", type: "aep:index:Dataset", inputs: { name: "Customer.io events", schemaId: schema } },
  { name: "source", type: "aep:index:SourceConnection", inputs: { name: "Customer.io" } },
  {
    name: "target",
    type: "aep:index:TargetConnection",
    inputs: { name: "Lake", datasetId: dataset, schemaId: schema },
  },
  { name: "mapping", type: "aep:index:MappingSet", inputs: { schemaId: schema, mappings: mappings("data.email") } },
];

const identityMap = "https://ns.adobe.com/xdm/context/identitymap";
const profileSchema = (name: string, title: string): Declared => ({
  name,
  type: "aep:index:Schema",
  inputs: { title, fieldGroupIds: [group, identityMap] },
});

/** Have no room for a mark, and so no ownership. */
const unmarked = new Set(["aep:index:IdentityDescriptor", "aep:index:ProfileEnablement", "aep:index:DatasetGuard"]);
const ownership: Declared = { name: "ownership", type: "aep:index:Ownership", inputs: {} };

function owned<Of extends { readonly [key: string]: Input }>(type: string, inputs: Of): Of {
  return unmarked.has(type) ? inputs : { ...inputs, ownership: new Reference("ownership") };
}

/** The subject in a stack whose objects have an ownership. */
function inOwnership(subject: Subject): Subject {
  const { type, needs } = subject;
  const ownedNeeds = needs.map((declared) => ({ ...declared, inputs: owned(declared.type, declared.inputs) }));
  return { ...subject, needs: [ownership, ...ownedNeeds], inputs: () => owned(type, subject.inputs()) };
}

/** One resource of each kind with what it needs, and a change of it. */
const subjects: readonly Subject[] = [
  {
    type: "aep:index:FieldGroup",
    needs: [],
    inputs: () => fieldGroup({}),
    change: (inputs) => ({ ...inputs, ...fieldGroup({ metric: { type: "string" } }), description: "More." }),
  },
  {
    type: "aep:index:Schema",
    needs: chain.slice(0, 1),
    inputs: () => ({ title: "Customer.io events", description: "Events.", fieldGroupIds: [group] }),
    change: (inputs) => ({ ...inputs, title: "Customer.io events, renamed" }),
  },
  {
    type: "aep:index:IdentityDescriptor",
    needs: chain.slice(0, 2),
    inputs: () => ({ schemaId: schema, sourceProperty: `/_${tenantId}/customerio/email`, namespace: "Email" }),
    change: (inputs) => ({ ...inputs, isPrimary: true }),
  },
  {
    type: "aep:index:ProfileEnablement",
    needs: [...chain.slice(0, 1), profileSchema("first", "Customer.io events"), profileSchema("second", "Renamed")],
    inputs: () => ({ schemaId: new Reference("first") }),
    change: () => ({ schemaId: new Reference("second") }),
    lasts: (object) => object.startsWith("fieldGroups ") || object.includes('"union"'),
  },
  {
    type: "aep:index:Dataset",
    needs: chain.slice(0, 2),
    inputs: () => ({ name: "Customer.io events", description: "Events.", schemaId: schema }),
    change: (inputs) => ({ ...inputs, name: "Renamed", errorDiagnostics: false }),
  },
  {
    type: "aep:index:DatasetGuard",
    needs: chain.slice(0, 3),
    inputs: () => ({ datasetId: dataset }),
    change: (inputs) => ({ ...inputs, forceDestroy: true }),
  },
  {
    type: "aep:index:BaseConnection",
    needs: [],
    inputs: () => ({ name: "Endpoint", description: "Events." }),
    change: (inputs) => ({ ...inputs, name: "Renamed" }),
  },
  {
    type: "aep:index:SourceConnection",
    needs: [],
    inputs: () => ({ name: "Customer.io", description: "Events." }),
    change: (inputs) => ({ ...inputs, name: "Renamed" }),
  },
  {
    type: "aep:index:TargetConnection",
    needs: chain.slice(0, 3),
    inputs: () => ({ name: "Lake", datasetId: dataset, schemaId: schema }),
    change: (inputs) => ({ ...inputs, name: "Renamed", description: "Events." }),
  },
  {
    type: "aep:index:MappingSet",
    needs: chain.slice(0, 2),
    inputs: () => ({ schemaId: schema, mappings: mappings("data.email") }),
    change: (inputs) => ({ ...inputs, mappings: mappings("data.recipient") }),
  },
  {
    type: "aep:index:Dataflow",
    needs: chain,
    inputs: () => ({
      name: "Customer.io events",
      description: "From the relay.",
      sourceConnectionId: new Reference("source"),
      targetConnectionId: new Reference("target"),
      mappingSetId: new Reference("mapping"),
    }),
    change: (inputs) => ({ ...inputs, name: "Renamed", enabled: false }),
  },
];

export const platformSubjects: readonly Subject[] = subjects.map(inOwnership);
