import { fieldGroupBody } from "../../events/field-group.ts";
import { eventMappings } from "../../events/mapping.ts";
import type { JsonObject } from "../../packages/local-cloud/src/platform/web/json.ts";
import {
  catalog,
  contentType,
  conversion,
  credentials,
  experienceEvent,
  flowBody,
  flowService,
  getFlow,
  mappingSetBody,
  Platform,
  schema,
  schemaRegistry,
  scope,
  sourceConnection,
  targetConnection,
  tenantId,
} from "../../packages/local-cloud/test/platform/harness.ts";
import { connectionSpecs, flowSpecs } from "../../packages/pulumi-aep/src/resources/flow-service/sources.ts";

const years = 10 * 365 * 24 * 60 * 60 * 1000;

/** The dataflow's source, as in the setting `source`; `http` requires an access token with each event. */
export type FlowSource = "customerio" | "http";

/** Platform with a dataflow of the real mapping. */
export interface RunningDataflow {
  readonly platform: Platform;
  /** Inlet and flow id of the newest dataflow, through a port. */
  streamingUrl(port: number): string;
  readonly port: number;
  /** What a source in a stack refers to. */
  readonly parts: {
    readonly schemaId: string;
    readonly datasetId: string;
    readonly dataflowId: string;
    readonly mappings: readonly JsonObject[];
  };
  /** Creates a dataflow with its own mapping set that replaces the newest one; returns a function that deletes the former one. */
  replaceDataflow(): Promise<() => Promise<void>>;
  /** How often inlets have refused a request, by status. */
  refusals(): Promise<Readonly<Record<string, number>>>;
}

/**
 * Starts Platform's stand-in with the dataflow that the program would make. By default its clock is years ahead, so that a relay whose
 * clock is moved on sends no events from the future, which Platform fails on.
 */
export async function startDataflow(source: FlowSource, clock = () => Date.now() + years): Promise<RunningDataflow> {
  const platform = await Platform.start({ clock });
  const make = async (path: string, body: JsonObject) => (await platform.call("POST", path, { body })).json;
  const idOf = (json: unknown, key = "id") => String((json as JsonObject)[key]);
  const group = idOf(
    await make(`${schemaRegistry}/tenant/fieldgroups`, {
      type: "object",
      title: "Customer.io",
      description: "Customer.io",
      "meta:intendedToExtend": [experienceEvent],
      ...fieldGroupBody(tenantId),
    } as unknown as JsonObject),
    "$id",
  );
  const schemaId = idOf(await make(`${schemaRegistry}/tenant/schemas`, schema(group)), "$id");
  const datasetBody = { name: "Events", schemaRef: { id: schemaId, contentType } };
  const dataset = String(await make(`${catalog}/dataSets`, datasetBody)).replace("@/dataSets/", "");
  const base = source === "http" ? idOf(await make(`${flowService}/connections`, baseConnection)) : undefined;
  const sourceBody = base === undefined ? sourceConnection() : httpSourceConnection(base);
  const sourceId = idOf(await make(`${flowService}/sourceConnections`, sourceBody));
  const target = idOf(await make(`${flowService}/targetConnections`, targetConnection(schemaId, dataset)));
  const mappings = eventMappings({ tenantId, testMode: false }).map((mapping): JsonObject => ({ ...mapping }));
  const makeFlow = async () => {
    const mappingSet = idOf(await make(`${conversion}/mappingSets`, mappingSetBody(schemaId, mappings)));
    const wiring = { fieldGroup: group, schema: schemaId, dataset, source: sourceId, target, mappingSet };
    const id = idOf(
      await make(`${flowService}/flows`, flowBody(wiring, { flowSpec: { id: flowSpecs[source], version: "1.0" } })),
    );
    const inletUrl =
      base === undefined
        ? ((await getFlow(platform, id)).options as { inletUrl: string }).inletUrl
        : await inletOfBase(platform, base);
    return { id, inletUrl };
  };
  let newest = await makeFlow();
  return {
    platform,
    port: Number(new URL(platform.url).port),
    parts: { schemaId, datasetId: dataset, dataflowId: newest.id, mappings },
    streamingUrl(port) {
      const url = new URL(`${newest.inletUrl}?x-adobe-flow-id=${newest.id}`);
      url.port = String(port);
      return url.href;
    },
    async replaceDataflow() {
      const former = newest;
      newest = await makeFlow();
      return async () => {
        const { status } = await platform.call("DELETE", `${flowService}/flows/${former.id}`);
        if (status !== 204) throw new Error(`The former dataflow was not deleted: HTTP ${status}.`);
      };
    },
    async refusals() {
      return (await platform.plain("GET", "/__local/journal")).body.refusals as Record<string, number>;
    },
  };
}

const httpSpec = { id: connectionSpecs.http, version: "1.0" };

const baseConnection: JsonObject = {
  name: "HTTP API",
  connectionSpec: httpSpec,
  auth: {
    specName: "Streaming Connection",
    params: { sourceId: "Events", dataType: "raw", name: "Events", authenticationRequired: true },
  },
};

function httpSourceConnection(base: string): JsonObject {
  return { name: "HTTP API", connectionSpec: httpSpec, baseConnectionId: base };
}

async function inletOfBase(platform: Platform, base: string): Promise<string> {
  const { json } = await platform.call("GET", `${flowService}/connections/${base}`);
  const { items } = json as unknown as { items: [{ auth: { params: { inletUrl: string } } }] };
  return items[0].auth.params.inletUrl;
}

/** Platform's stand-in is IMS too, by way of a port. */
export function credentialSettings(port: number): Record<string, string> {
  return {
    PLATFORM_IMS_URL: `http://127.0.0.1:${port}`,
    PLATFORM_CLIENT_ID: credentials.clientId,
    PLATFORM_CLIENT_SECRET: credentials.clientSecret[0],
    PLATFORM_SCOPES: scope,
    PLATFORM_ORG_ID: credentials.orgId,
  };
}
