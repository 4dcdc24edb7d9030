import * as pulumi from "@pulumi/pulumi";
import * as aep from "pulumi-aep";
import type { EventMapping } from "../../events/mapping.ts";
import type { DeliveryMode } from "../../mapping/settings.ts";
import type { PlatformSettings } from "../../settings/platform-settings.ts";
import type { Source } from "../../settings/schema.ts";
import type { Settings } from "../settings/setting-types.ts";
import { keepName } from "../title.ts";
import type { Destination } from "./destination.ts";
import { createEventDataset } from "./event-dataset.ts";
import { createPlatformSource } from "./platform-source.ts";

export interface PlatformDataflowArgs extends Pick<Settings, keyof PlatformSettings> {
  /** What the objects are called in Platform's screens unless the settings name them; schema and field group titles are unique in a sandbox. */
  title: string;
  source: Source;
  delivery: DeliveryMode;
  /** Seconds that a new dataflow loses events for; waited for where nobody else would. */
  activationSeconds: number;
  /** What goes where; see `createEventMapping`. */
  mappings: pulumi.Input<readonly EventMapping[]>;
  /** Records on which Platform tries the mapping before anything takes it up, as JSON texts; see `mappingSamples`. */
  samples: pulumi.Input<readonly string[]>;
  /** What is there already; default: nothing, so that all of it is made. */
  destination?: Destination;
}

/**
 * A streaming dataflow for Customer.io: a schema of ExperienceEvent class from the event catalogue, a dataset, and
 * the dataflow that maps events into it. The steps are those of Adobe's tutorial "Create a source connection and
 * dataflow for Customer.io".
 */
export class PlatformDataflow extends pulumi.ComponentResource {
  readonly schemaId: pulumi.Output<string>;
  readonly datasetId: pulumi.Output<string>;
  /** Whether the dataset is the stack's own, and goes with it. */
  readonly ownsDataset: boolean;
  readonly dataflowId: pulumi.Output<string>;
  /** Where events are posted to; who has it can write into the dataset, so it is secret. */
  readonly streamingUrl: pulumi.Output<string>;
  /** When the dataflow was last changed (ISO 8601); events sent within the minutes after that may be lost. */
  readonly changedAt: pulumi.Output<string>;

  constructor(name: string, args: PlatformDataflowArgs, options?: pulumi.ComponentResourceOptions) {
    super("customerio-aep:index:PlatformDataflow", name, {}, options);
    const parent = { parent: this };
    const { title } = args;
    const { tenantId } = pulumi.output(aep.getTenant(parent));

    const { destination = {} } = args;
    // The first to come and the last to go, so that nothing is left of what a killed run could not note. Being the first, it
    // refuses a change that would delete the dataset with its data, before anything else is touched.
    const ownership = new aep.Ownership(`${name}-ownership`, ownershipArguments(args, destination), parent).id;
    const { id: datasetId, schemaId } = createEventDataset(name, { ...args, destination, tenantId, ownership }, parent);
    const source = createPlatformSource(name, { ...args, ownership }, parent);
    const target = new aep.TargetConnection(
      `${name}-target`,
      {
        name: args.targetConnection.name ?? `${title} target`,
        description: args.targetConnection.description ?? "Customer.io events.",
        datasetId,
        schemaId,
        ownership,
      },
      { ...parent, ...keepName("name", args.targetConnection.name) },
    );
    const mappingSet = new aep.MappingSet(
      `${name}-mapping`,
      { schemaId, mappings: copyList(args.mappings), samples: copyList(args.samples), ownership },
      parent,
    );
    const { errorDiagnostics, partialIngestionPercent } = args.dataset;
    const isDirect = args.delivery === "direct";
    const way = isDirect ? "straight from its webhook" : "by way of the relay";
    const dataflow = new aep.Dataflow(
      `${name}-dataflow`,
      {
        name: args.dataflow.name ?? title,
        description: args.dataflow.description ?? `Customer.io events, ${way}.`,
        ...source,
        targetConnectionId: target.id,
        mappingSetId: mappingSet.id,
        mappingSetVersion: mappingSet.version,
        errorDiagnostics,
        ...(partialIngestionPercent === undefined ? {} : { partialIngestionPercent }),
        ...(isDirect && { activationSeconds: args.activationSeconds }),
        ownership,
      },
      // A changed dataflow loses events for some minutes, in which the relay still sends by its old settings. A new one
      // is enabled beside the old one, to which the relay sends until it knows the new one. Customer.io's webhook
      // can't wait, so without the relay every change makes a new one.
      {
        ...parent,
        ...keepName("name", args.dataflow.name),
        replaceOnChanges: ["mappingSetId", "mappingSetVersion", ...(isDirect ? ["name", "description"] : [])],
        customTimeouts: { create: `${args.activationSeconds + 1800}s`, update: `${args.activationSeconds + 1800}s` },
      },
    );

    this.ownsDataset = destination.datasetId === undefined;
    this.schemaId = pulumi.output(schemaId);
    this.datasetId = pulumi.output(datasetId);
    this.dataflowId = dataflow.id;
    this.streamingUrl = dataflow.streamingUrl;
    this.changedAt = dataflow.updatedAt;
    this.registerOutputs({ schemaId: this.schemaId, datasetId: this.datasetId, dataflowId: this.dataflowId });
  }
}

/** The resource classes of this program take lists as arrays. */
function copyList<T>(list: pulumi.Input<readonly T[]>): pulumi.Output<T[]> {
  return pulumi.output(list).apply((items) => [...items] as T[]);
}

function ownershipArguments(
  { dataset: { forceDestroy, keep } }: PlatformDataflowArgs,
  { datasetId, schema }: Destination,
) {
  if (datasetId !== undefined) return {};
  return { dataset: { ...(schema && { schemaId: schema.id }), forceDestroy, keep } };
}
