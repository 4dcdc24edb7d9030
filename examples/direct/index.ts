import * as pulumi from "@pulumi/pulumi";
import { subscriptionNames } from "../../events/catalogue.ts";
import { directMappings } from "../../events/direct-mapping.ts";
import { fieldGroupBody } from "../../events/field-group.ts";
import * as aep from "../../providers/aep/sdk.ts";
import { ReportingWebhook } from "../../providers/customerio/sdk.ts";

const title = `Customer.io direct (${pulumi.getStack()})`;
const { tenantId } = await aep.getTenant();

const fields = new aep.FieldGroup("fields", { title: `${title} fields`, ...fieldGroupBody(tenantId) });
const schema = new aep.Schema("schema", { title, fieldGroupIds: [fields.id] });
const dataset = new aep.Dataset("dataset", { name: title, schemaId: schema.id });

const source = new aep.SourceConnection("source", { name: title });
const target = new aep.TargetConnection("target", { name: title, datasetId: dataset.id, schemaId: schema.id });
const mapping = new aep.MappingSet("mapping", { schemaId: schema.id, mappings: directMappings(tenantId) });
const dataflow = new aep.Dataflow("dataflow", {
  name: title,
  sourceConnectionId: source.id,
  targetConnectionId: target.id,
  mappingSetId: mapping.id,
  mappingSetVersion: mapping.version,
});

// Who has the streaming URL can write into the dataset. It is a secret output, and so is the endpoint that is made of it.
const webhook = new ReportingWebhook("webhook", {
  name: title,
  endpoint: dataflow.streamingUrl,
  events: [...subscriptionNames],
});

export const datasetId = dataset.id;
export const dataflowId = dataflow.id;
export const webhookId = webhook.webhookId;
