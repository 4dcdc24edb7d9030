import { defineResource, type Operation, Unfinished } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { paths } from "../../client/paths.ts";
import { timestamp } from "../../client/timestamp.ts";
import { ownershipInput, withoutMark } from "../mark.ts";
import { baseConnectionKind } from "./base-connection.ts";
import {
  type Access,
  byMark,
  createItem,
  deleteItem,
  type FlowState,
  findItem,
  flowServiceItem,
  getItem,
  getNewItem,
  keepOnError,
  labelSteps,
  type PatchStep,
  patchItem,
  switchFlow,
} from "./flow-service.ts";
import { sourceConnectionKind } from "./source-connection.ts";
import { flowSpecs } from "./sources.ts";

/** The name that the flow specification requires for its one transformation. */
const mappingStep = "Mapping";

const answer = flowServiceItem.extend({
  updatedAt: timestamp.optional().catch(undefined),
  flowSpec: z.object({ id: z.string() }),
  sourceConnectionIds: z.array(z.string()),
  targetConnectionIds: z.array(z.string()),
  options: z
    .object({
      inletUrl: z.string().nullish(),
      errorDiagnosticsEnabled: z.boolean().nullish().catch(undefined),
      partialIngestionPercent: z.number().nullish().catch(undefined),
    })
    .nullish(),
  transformations: z
    .array(
      z.object({
        name: z.string(),
        params: z.object({ mappingId: z.string().nullish(), mappingVersion: z.coerce.number().nullish() }).nullish(),
      }),
    )
    .nullish(),
});

const dataflowKind = {
  collection: paths.flows,
  name: "dataflow",
  item: answer,
  users: { collection: paths.runs, property: "flowId" },
};

const inputs = z.object({
  name: z.string().min(1).meta({ description: "Name; need not be unique." }),
  description: z.string().min(1).optional().meta({ description: "What the dataflow is for." }),
  sourceConnectionId: z
    .string()
    .meta({ description: "Id of the source connection.", replaces: true, references: "aep:index:SourceConnection" }),
  targetConnectionId: z
    .string()
    .meta({ description: "Id of the target connection.", replaces: true, references: "aep:index:TargetConnection" }),
  flowSpecId: z
    .string()
    .optional()
    .meta({
      description:
        "Id of the flow specification; default: that of Customer.io and the other self-serve streaming sources. " +
        "An HTTP API source takes c1a19761-d2c7-4702-b9fa-fe91f0613e81.",
      replaces: true,
    }),
  mappingSetId: z.string().meta({ description: "Id of the mapping set; its schema must be the dataset's." }),
  mappingSetVersion: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .meta({ description: "Version of the mapping set; default 0, a set's first." }),
  enabled: z.boolean().default(true).meta({ description: "Whether the dataflow accepts events; default true." }),
  activationSeconds: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .meta({
      description:
        "Seconds after which a new or changed dataflow keeps the events that it receives; the resource is finished only then. Adobe " +
        "recommends about 300, since events may get lost before. Default 0, for a sender that waits by itself.",
    }),
  errorDiagnostics: z
    .boolean()
    .default(true)
    .meta({ description: "Whether failed records come with the reason; default true.", replaces: true }),
  partialIngestionPercent: z.number().positive().max(100).optional().meta({
    description: "Percentage of failed records up to which a batch is still ingested; default: Platform's own.",
    replaces: true,
  }),
  ownership: ownershipInput,
});

const outputs = z.object({
  inletUrl: z.string().meta({ description: "URL of the streaming endpoint, without the dataflow's id.", secret: true }),
  streamingUrl: z.string().meta({
    description: "URL to POST one event's JSON to. Anyone who has it can write into the dataset.",
    secret: true,
  }),
  state: z.string().meta({ description: "State in Platform's words: enabled, disabled and others.", volatile: true }),
  updatedAt: z.string().meta({
    description:
      "Time of the last change, ISO 8601. Adobe recommends waiting about 5 minutes after it, since events may get lost before.",
    volatile: true,
  }),
});

type Inputs = z.output<typeof inputs>;
type Outputs = z.output<typeof outputs>;
type Flow = z.output<typeof answer>;

/** A streaming dataflow of the Flow Service. */
export const dataflow = defineResource<AepClient>()({
  type: "aep:index:Dataflow",
  description:
    "A streaming dataflow: receives events at its own URL, maps them and writes them into a dataset. " +
    "Imported by its id. Adobe: Flow Service API, flows endpoint; tutorial “Create a dataflow for Customer.io”.",
  inputs,
  outputs,

  ...byMark(dataflowKind, inputsOf),

  async create(operation, given) {
    const options = {
      errorDiagnosticsEnabled: given.errorDiagnostics,
      ...(given.partialIngestionPercent === undefined
        ? {}
        : { partialIngestionPercent: given.partialIngestionPercent }),
    };
    const body = {
      flowSpec: { id: given.flowSpecId ?? flowSpecs.customerio, version: "1.0" },
      sourceConnectionIds: [given.sourceConnectionId],
      targetConnectionIds: [given.targetConnectionId],
      transformations: [mappingOf(given)],
      options,
    };
    const needs = [given.sourceConnectionId, given.targetConnectionId, given.mappingSetId];
    const id = await createItem(operation, dataflowKind, given, body, needs);
    // Platform enables a new dataflow by itself; only then can it be disabled.
    const outputs = await keepOnError(id, `The dataflow "${given.name}" (${id}) was created`, {}, async () => {
      const enabled = await settle(operation, id, { wanted: "enabled", read: getNewItem });
      if (!given.enabled) return switchTo(operation, id, "disabled", enabled);
      return activate(operation, enabled, given.activationSeconds ?? 0);
    });
    return { id, outputs };
  },

  async read(operation, id, known, stored) {
    const flow = await findItem(operation, dataflowKind, id);
    if (!flow) return undefined;
    const outputs = outputsOf(flow, await inletOf(operation, flow, stored ?? {}));
    if (outputs) return { inputs: inputsOf(flow, known), outputs };
    throw new Unfinished(
      id,
      progressOf(flow),
      `The dataflow "${flow.name}" (${id}) has no streaming endpoint (state: ${flow.state}). ` +
        "If it is new, Platform is still creating it, and npx pulumi up waits for that. " +
        "If it is not, it is not a streaming dataflow, and can't be managed by this resource.",
    );
  },

  async update(operation, id, { news, outputs: stored }) {
    const steps = (flow: Flow) => [...labelSteps(flow, news, operation.urn), ...mappingSteps(flow, news)];
    const patch = () => patchItem(operation, dataflowKind, id, steps);
    await operation.client.untilVisible(operation, [news.mappingSetId], patch);
    return keepOnError(id, `The dataflow "${news.name}" (${id}) was changed`, stored, async () => {
      const outputs = await switchTo(operation, id, news.enabled ? "enabled" : "disabled", stored);
      const seconds = news.enabled ? (news.activationSeconds ?? 0) : 0;
      // A wait that was interrupted goes on. After a change, it begins now, whatever this machine's clock says.
      const isSame = outputs.updatedAt === stored.updatedAt;
      const waited = isSame ? Math.max(0, Date.now() - Date.parse(outputs.updatedAt)) / 1000 : 0;
      return activate(operation, outputs, seconds - waited);
    });
  },

  delete: (operation, id) => deleteItem(operation, dataflowKind, id),
});

async function switchTo(
  operation: Operation<AepClient>,
  id: string,
  wanted: FlowState,
  stored: Partial<Outputs>,
): Promise<Outputs> {
  await switchFlow(operation, dataflowKind, id, wanted);
  return settle(operation, id, { wanted, stored });
}

/**
 * Waits until the dataflow has the wanted state. Platform returns a new dataflow's id at once and enables it some seconds later;
 * only then do its streaming endpoint and its final etag exist.
 */
async function settle(
  { client, signal, progress }: Operation<AepClient>,
  id: string,
  { wanted, stored = {}, read = getItem }: { wanted: FlowState; stored?: Partial<Outputs>; read?: typeof getItem },
): Promise<Outputs> {
  for (let look = 1; ; look++) {
    const flow = await read({ client, signal }, dataflowKind, id);
    const outputs = outputsOf(flow, await inletOf({ client, signal }, flow, stored));
    if (outputs && flow.state === wanted) {
      if (look > 1) progress(`Platform has ${wanted} the dataflow`);
      return outputs;
    }
    progress(`waiting until Platform has ${wanted} the dataflow (state: ${flow.state})`);
    await client.pause(signal);
    if (signal.aborted) {
      const reason = `Platform had not ${wanted} it before the timeout, or before the command was stopped (state: ${flow.state}).`;
      throw new Unfinished(id, progressOf(flow), reason);
    }
  }
}

/** Waits until Platform no longer answers 200 to events and loses them. */
async function activate(
  { client, signal, progress }: Operation<AepClient>,
  outputs: Outputs,
  seconds: number,
): Promise<Outputs> {
  if (seconds <= 0) return outputs;
  progress(`waiting ${Math.ceil(seconds)} s, because Platform would lose events until then`);
  await client.wait(seconds * 1000, signal);
  if (!signal.aborted) return outputs;
  throw new Unfinished("", outputs, "the wait for its activation was stopped.");
}

function mappingOf({ mappingSetId, mappingSetVersion }: Inputs): object {
  return { name: mappingStep, params: { mappingId: mappingSetId, mappingVersion: mappingSetVersion } };
}

function mappingSteps(flow: Flow, wanted: Inputs): PatchStep[] {
  const index = (flow.transformations ?? []).findIndex(({ name }) => name === mappingStep);
  if (index === -1) return [{ op: "add", path: "/transformations/-", value: mappingOf(wanted) }];
  const { mappingSetId, mappingSetVersion } = inputsOf(flow);
  if (mappingSetId === wanted.mappingSetId && mappingSetVersion === wanted.mappingSetVersion) return [];
  return [{ op: "replace", path: `/transformations/${index}`, value: mappingOf(wanted) }];
}

/** The flow's inputs; values that Platform does not return are taken from the known ones. */
function inputsOf(flow: Flow, known?: Inputs): Inputs {
  const mapping = flow.transformations?.find(({ name }) => name === mappingStep)?.params;
  const percent = flow.options?.partialIngestionPercent ?? undefined;
  return {
    name: flow.name,
    description: withoutMark(flow.description),
    sourceConnectionId: flow.sourceConnectionIds[0] ?? "",
    targetConnectionId: flow.targetConnectionIds[0] ?? "",
    flowSpecId: flow.flowSpec.id === flowSpecs.customerio ? undefined : flow.flowSpec.id,
    mappingSetId: mapping?.mappingId ?? "",
    mappingSetVersion: mapping?.mappingVersion ?? 0,
    enabled: flow.state !== "disabled",
    activationSeconds: known?.activationSeconds,
    errorDiagnostics: flow.options?.errorDiagnosticsEnabled ?? known?.errorDiagnostics ?? false,
    // If the program does not set it, it is Platform's choice.
    partialIngestionPercent: known && known.partialIngestionPercent === undefined ? undefined : percent,
  };
}

/**
 * The streaming endpoint: the dataflow's own, or that of the base connection behind its source connection
 * (HTTP API). Undefined as long as there is none. If Platform does not return it, the stored one is kept.
 */
async function inletOf(access: Access, flow: Flow, stored: Partial<Outputs>): Promise<string | undefined> {
  const known = flow.options?.inletUrl ?? stored.inletUrl;
  const [sourceId] = flow.sourceConnectionIds;
  if (known || flow.flowSpec.id !== flowSpecs.http || sourceId === undefined) return known;
  const source = await findItem(access, sourceConnectionKind, sourceId);
  if (!source?.baseConnectionId) return undefined;
  const base = await findItem(access, baseConnectionKind, source.baseConnectionId);
  return base?.auth?.params?.inletUrl ?? undefined;
}

function outputsOf(flow: Flow, inletUrl: string | undefined): Outputs | undefined {
  if (!inletUrl) return undefined;
  return { inletUrl, streamingUrl: `${inletUrl}?x-adobe-flow-id=${flow.id}`, ...progressOf(flow) };
}

function progressOf({ state, updatedAt, createdAt }: Flow): Pick<Outputs, "state" | "updatedAt"> {
  return { state, updatedAt: new Date(updatedAt ?? createdAt ?? Date.now()).toISOString() };
}
