import * as pulumi from "@pulumi/pulumi";
import { directMappings } from "../events/direct-mapping.ts";
import { fieldGroupBody } from "../events/field-group.ts";
import { eventMappings } from "../events/mapping.ts";
import * as aep from "../providers/aep/sdk.ts";
import type { Delivery } from "./delivery.ts";
import { platformSource, type Source } from "./platform-source.ts";

export interface PlatformDataflowArgs {
  /** What the objects are called in Platform's screens; schema and field group titles are unique in a sandbox. */
  title: string;
  source: Source;
  delivery: Delivery;
  /** Seconds that a new dataflow loses events for; waited for where nobody else would. */
  activationSeconds: number;
  /** Leaves `cio_id` unmapped, as Adobe asks while Customer.io's test events are sent. */
  testMode: boolean;
}

/**
 * A streaming dataflow for Customer.io: a schema of ExperienceEvent class from the event catalogue, a dataset, and
 * the dataflow that maps events into it. The steps are those of Adobe's tutorial "Create a source connection and
 * dataflow for Customer.io".
 */
export class PlatformDataflow extends pulumi.ComponentResource {
  readonly schemaId: pulumi.Output<string>;
  readonly datasetId: pulumi.Output<string>;
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

    const fieldGroup = new aep.FieldGroup(
      `${name}-fields`,
      {
        title: `${title} fields`,
        description: "What Customer.io reports of its messages and customers.",
        ...fieldGroupOf(tenantId),
      },
      parent,
    );
    const schema = new aep.Schema(
      `${name}-schema`,
      { title, description: "One record for each Customer.io event.", fieldGroupIds: [fieldGroup.id] },
      parent,
    );
    const dataset = new aep.Dataset(
      `${name}-dataset`,
      { name: title, description: "Customer.io events.", schemaId: schema.id, errorDiagnostics: true },
      parent,
    );
    const source = platformSource(name, { source: args.source, title }, parent);
    const target = new aep.TargetConnection(
      `${name}-target`,
      { name: `${title} target`, description: "Customer.io events.", datasetId: dataset.id, schemaId: schema.id },
      parent,
    );
    const isDirect = args.delivery === "direct";
    const mappings = tenantId.apply((tenant) =>
      isDirect ? directMappings(tenant) : eventMappings({ tenantId: tenant, testMode: args.testMode }),
    );
    const mappingSet = new aep.MappingSet(`${name}-mapping`, { schemaId: schema.id, mappings }, parent);
    const dataflow = new aep.Dataflow(
      `${name}-dataflow`,
      {
        name: title,
        description: `Customer.io events, ${isDirect ? "straight from its webhook" : "by way of the relay"}.`,
        ...source,
        targetConnectionId: target.id,
        mappingSetId: mappingSet.id,
        mappingSetVersion: mappingSet.version,
        errorDiagnostics: true,
        ...(isDirect && { activationSeconds: args.activationSeconds }),
      },
      // A changed dataflow loses events for some minutes, in which the relay still sends by its old settings. A new one
      // is enabled beside the old one, to which the relay sends until it is told of the new one. Customer.io's webhook
      // can't wait, so without the relay every change makes a new one.
      {
        ...parent,
        replaceOnChanges: ["mappingSetId", "mappingSetVersion", ...(isDirect ? ["name", "description"] : [])],
        customTimeouts: { create: `${args.activationSeconds + 1800}s`, update: `${args.activationSeconds + 1800}s` },
      },
    );

    this.schemaId = schema.id;
    this.datasetId = dataset.id;
    this.dataflowId = dataflow.id;
    this.streamingUrl = dataflow.streamingUrl;
    this.changedAt = dataflow.updatedAt;
    this.registerOutputs({ schemaId: this.schemaId, datasetId: this.datasetId, dataflowId: this.dataflowId });
  }
}

function fieldGroupOf(tenantId: pulumi.Output<string>) {
  const body = tenantId.apply(fieldGroupBody);
  return { definitions: body.apply(({ definitions }) => definitions), allOf: body.apply(({ allOf }) => allOf) };
}
