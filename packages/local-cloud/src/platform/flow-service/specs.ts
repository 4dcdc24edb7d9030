import { Hono } from "hono";
import type { PlatformState } from "../state/state.ts";
import { answer, type PlatformEnvironment, pathParameter } from "../web/http.ts";
import { type JsonObject, objectOf } from "../web/json.ts";
import { listEntities } from "./list-query.ts";
import { invalidRequest, invalidSpec, notFound } from "./problems.ts";

export const customerIoSpec = "96479064-7b8a-4d69-b9ed-21c5683837ea";
export const httpApiSpec = "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb";
export const dataLakeSpec = "c604ff05-7f1a-43c0-8e18-33bf874cb11c";
/** "Steam data with transformation": Adobe's own spelling. */
const transformedStreamFlowSpec = "c1a19761-d2c7-4702-b9fa-fe91f0613e81";
const genericStreamingFlowSpec = "e77fde5a-22a8-11ed-861d-0242ac120002";
const streamingProvider = "521eee4d-8cbe-4906-bb48-fb6bd4450033";

/** Customer.io's connection spec isn't published: this is the template of the Streaming SDK that it was built with. */
const streamingSource: JsonObject = {
  version: "1.0",
  providerId: streamingProvider,
  authSpec: [],
  sourceSpec: { attributes: { authRequired: false, uiAttributes: { isSource: true } } },
  exploreSpec: { name: "Streaming", type: "StreamingConnection" },
  attributes: { isSource: true },
  permissionsInfo: {
    manage: [{ "@type": "lowLevel", name: "StreamingSource", permissions: ["write"] }],
    view: [{ "@type": "lowLevel", name: "StreamingSource", permissions: ["read"] }],
  },
};

const connectionSpecs: readonly JsonObject[] = [
  { ...streamingSource, id: customerIoSpec, name: "customerio" },
  {
    ...streamingSource,
    id: httpApiSpec,
    name: "Streaming Connection",
    authSpec: [
      {
        name: "Streaming Connection",
        type: "Streaming Connection",
        spec: {
          type: "object",
          properties: {
            sourceId: { type: "string" },
            dataType: { type: "string", enum: ["xdm", "raw"] },
            authenticationRequired: { type: "boolean" },
            name: { type: "string" },
          },
          required: ["dataType"],
        },
      },
    ],
  },
  {
    id: dataLakeSpec,
    name: "Data Lake",
    providerId: "0ed90a81-07f4-4586-8190-b40eccef1c5a",
    version: "1.0",
    authSpec: [],
    attributes: { isTarget: true },
  },
];

const mappedStream: JsonObject = {
  providerId: streamingProvider,
  version: "1.0",
  targetConnectionSpecIds: [dataLakeSpec],
  transformationSpecs: [
    {
      name: "Mapping",
      spec: {
        type: "object",
        properties: { mappingId: { type: "string" }, mappingVersion: { type: "string" } },
      },
    },
  ],
  attributes: {
    isSourceFlow: true,
    flacValidationSupported: true,
    frequency: "streaming",
    uiAttributes: { apiFeatures: { updateSupported: true, flowRunsSupported: true } },
  },
  permissionsInfo: {
    manage: [{ "@type": "lowLevel", name: "StreamingSource", permissions: ["write"] }],
    view: [{ "@type": "lowLevel", name: "StreamingSource", permissions: ["read"] }],
  },
};

const optionProperties: JsonObject = {
  errorDiagnosticsEnabled: { type: "boolean" },
  partialIngestionPercent: { type: "number", exclusiveMinimum: 0 },
};

const flowSpecs: readonly JsonObject[] = [
  {
    ...mappedStream,
    id: genericStreamingFlowSpec,
    name: "GenericStreamingAEP",
    sourceConnectionSpecIds: [customerIoSpec],
    optionSpec: {
      name: "OptionSpec",
      spec: { type: "object", properties: { inletUrl: { type: "string" }, ...optionProperties } },
    },
  },
  {
    ...mappedStream,
    id: transformedStreamFlowSpec,
    name: "Steam data with transformation",
    sourceConnectionSpecIds: [httpApiSpec],
    optionSpec: { name: "OptionSpec", spec: { type: "object", properties: optionProperties } },
  },
];

/** Flow Service: the specifications of connections and flows; a cheap way to check whether the source is offered. */
export function specRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  for (const [kind, all] of Object.entries({ connectionSpecs, flowSpecs })) {
    const known = () => all.filter((spec) => isOffered(state, String(spec.id)));
    routes.get(`/${kind}`, (context) => answer(200, listEntities(context, kind, known())));
    routes.get(`/${kind}/:id`, (context) => {
      const id = pathParameter(context, "id");
      const spec = known().find((candidate) => candidate.id === id);
      if (spec === undefined) throw notFound(state, kind, id);
      return answer(200, { items: [spec] });
    });
  }
  return routes;
}

function isOffered({ switches }: PlatformState, specId: string): boolean {
  if (specId === httpApiSpec) return switches.httpApiSource === "entitled";
  return specId !== customerIoSpec || switches.customerIoSource === "entitled";
}

/** The connection spec that a request names, by id and version (1413-400, and 1100-400 for a source not bought). */
export function connectionSpec(state: PlatformState, body: JsonObject): JsonObject {
  const spec = requireSpec(connectionSpecs, objectOf(body.connectionSpec));
  if (!isOffered(state, String(spec.id))) {
    throw invalidRequest(
      "1100-400",
      "The request could not be processed. Error from flow provider: Not entitled to this operation.",
    );
  }
  return spec;
}

/** The flow spec that a request names, by id and version (1413-400). */
export function flowSpec(body: JsonObject): JsonObject {
  return requireSpec(flowSpecs, objectOf(body.flowSpec));
}

function requireSpec(specs: readonly JsonObject[], { id, version }: JsonObject): JsonObject {
  const spec = specs.find((candidate) => candidate.id === id && candidate.version === (version ?? "1.0"));
  if (spec === undefined) throw invalidSpec();
  return spec;
}
