import * as pulumi from "@pulumi/pulumi";
import * as aep from "pulumi-aep";
import type { EventMapping } from "../../events/mapping.ts";
import type { DeliveryMode } from "../../mapping/settings.ts";
import type { PlatformSettings } from "../../settings/platform-settings.ts";
import type { Source } from "../../settings/schema.ts";
import { outputOf } from "../outputs.ts";
import type { Settings } from "../settings/setting-types.ts";
import { keepName } from "../title.ts";
import type { Destination } from "./destination.ts";
import { createEventDataset } from "./event-dataset.ts";
import { createPlatformSource } from "./platform-source.ts";

export interface PlatformDataflowArgs extends Pick<Settings, keyof PlatformSettings> {
  /** The default name of the objects in Platform's UI; titles of schemas and field groups are unique in a sandbox. */
  title: string;
  source: Source;
  delivery: DeliveryMode;
  /** Seconds during which a new dataflow loses events; waited for without a relay. */
  activationSeconds: number;
  /** The mapping; see `createEventMapping`. */
  mappings: pulumi.Input<readonly EventMapping[]>;
  /** Records with which Platform tests the mapping before it is used, as JSON texts; see `mappingSamples`. */
  samples: pulumi.Input<readonly string[]>;
  /** Existing objects; the others are created. */
  destination: Destination;
}

/** The version of a field group that was never changed. */
const firstVersion = "1.0";

/**
 * How many times as long as usual to wait, once fields were changed. Platform checks events with a schema from a cache, in which a change appears
 * up to fifteen minutes late (Adobe, "Streaming ingestion validation"). Until then, it answers 200 to an event with a new field, and loses it.
 */
const changedShare = 3;

interface DataflowOutputs {
  readonly schemaId: pulumi.Input<string>;
  readonly datasetId: pulumi.Input<string>;
  readonly dataflowId: pulumi.Output<string>;
  readonly streamingUrl: pulumi.Output<string>;
  readonly readyAt: pulumi.Output<string>;
}

/**
 * A streaming dataflow for Customer.io: a schema of ExperienceEvent class from the event catalogue, a dataset, and
 * the dataflow that maps events into it. The steps are those of Adobe's tutorial "Create a source connection and
 * dataflow for Customer.io".
 */
export class PlatformDataflow extends pulumi.ComponentResource<DataflowOutputs> {
  readonly schemaId: pulumi.Output<string> = outputOf(this.getData(), "schemaId");
  readonly datasetId: pulumi.Output<string> = outputOf(this.getData(), "datasetId");
  readonly dataflowId: pulumi.Output<string> = outputOf(this.getData(), "dataflowId");
  /** Where events are posted to. Secret: anyone who has it can write into the dataset. */
  readonly streamingUrl: pulumi.Output<string> = outputOf(this.getData(), "streamingUrl");
  /** The time from which the dataflow keeps events (ISO 8601); those sent in the minutes after a change may be lost. */
  readonly readyAt: pulumi.Output<string> = outputOf(this.getData(), "readyAt");
  readonly #name: string;
  readonly #prepare: () => PlatformDataflowArgs | Promise<PlatformDataflowArgs>;

  /** @param args the arguments, or a function that gets them with this component's providers */
  constructor(
    name: string,
    args: PlatformDataflowArgs | ((component: pulumi.ComponentResource) => Promise<PlatformDataflowArgs>),
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("customerio-aep:index:PlatformDataflow", name, {}, options);
    this.#name = name;
    this.#prepare = () => (typeof args === "function" ? args(this) : args);
  }

  protected override async initialize(): Promise<DataflowOutputs> {
    // The SDK calls this from its own constructor; afterwards this object is complete.
    await Promise.resolve();
    return this.#declare(this.#name, await this.#prepare());
  }

  #declare(name: string, args: PlatformDataflowArgs): DataflowOutputs {
    const parent = { parent: this };
    const { title } = args;
    const { tenantId } = pulumi.output(aep.getTenant(parent));

    const { destination } = args;
    // Created first and deleted last, so that it also deletes objects that a killed run could not record. As the first, it
    // refuses a change that would delete the dataset with its data, before anything else is touched.
    const ownership = new aep.Ownership(`${name}-ownership`, ownershipArguments(args, destination), parent).id;
    const dataset = createEventDataset(name, { ...args, destination, tenantId, ownership }, parent);
    const { id: datasetId, schemaId, fieldsVersion = pulumi.output(firstVersion) } = dataset;
    const activationSeconds = fieldsVersion.apply(
      (version) => args.activationSeconds * (version === firstVersion ? 1 : changedShare),
    );
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
    const patience = `${args.activationSeconds * changedShare + 1800}s`;
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
        ...(isDirect && { activationSeconds }),
        ownership,
      },
      // After a change of its mapping, a dataflow loses events for some minutes, during which the relay still sends with its old settings. A
      // new one is enabled beside the old one, to which the relay sends until it knows the new one. Nothing says that a new name interrupts a
      // dataflow; but Customer.io's webhook can't wait if it does, so without the relay that creates a new one, too.
      {
        ...parent,
        ...keepName("name", args.dataflow.name),
        replaceOnChanges: ["mappingSetId", "mappingSetVersion", ...(isDirect ? ["name", "description"] : [])],
        customTimeouts: { create: patience, update: patience },
      },
    );

    const { id: dataflowId, streamingUrl, updatedAt } = dataflow;
    this.registerOutputs({ schemaId, datasetId, dataflowId });
    const readyAt = pulumi.all([updatedAt, activationSeconds]).apply(([time, seconds]) => addSeconds(time, seconds));
    return { schemaId, datasetId, dataflowId, streamingUrl, readyAt };
  }
}

function addSeconds(time: string, seconds: number): string {
  return new Date(Date.parse(time) + seconds * 1000).toISOString();
}

/** The resource classes of this program accept lists as arrays. */
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
