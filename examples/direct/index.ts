import * as pulumi from "@pulumi/pulumi";
import { directMappings, fieldGroupBody } from "customerio-aep/events";
import * as aep from "pulumi-aep";
import * as customerio from "pulumi-customerio";
import { subscriptionNames } from "pulumi-customerio/events";

const title = `Customer.io direct (${pulumi.getStack()})`;
const { tenantId } = await aep.getTenant();
// A dataset that holds data is deleted only on request: npx pulumi config set forceDestroy true
const forceDestroy = new pulumi.Config().getBoolean("forceDestroy") ?? false;

// Created first and deleted last: their deletion also deletes what a killed run could not record.
const ownership = new aep.Ownership("ownership", { dataset: { forceDestroy } }).id;
const fields = new aep.FieldGroup("fields", { title: `${title} fields`, ...fieldGroupBody(tenantId), ownership });
const schema = new aep.Schema("schema", { title, fieldGroupIds: [fields.id], ownership });
const dataset = new aep.Dataset("dataset", { name: title, schemaId: schema.id, forceDestroy, ownership });

const source = new aep.SourceConnection("source", { name: title, ownership });
const target = new aep.TargetConnection("target", {
  name: title,
  datasetId: dataset.id,
  schemaId: schema.id,
  ownership,
});
const mapping = new aep.MappingSet("mapping", { schemaId: schema.id, mappings: directMappings(tenantId), ownership });
const dataflow = new aep.Dataflow("dataflow", {
  name: title,
  sourceConnectionId: source.id,
  targetConnectionId: target.id,
  mappingSetId: mapping.id,
  mappingSetVersion: mapping.version,
  ownership,
});

// Anyone who has the streaming URL can write into the dataset. It is a secret output, and so is the endpoint made from it.
const claim = { name: title, endpoint: dataflow.streamingUrl };
const webhook = new customerio.ReportingWebhook(
  "webhook",
  { ...claim, events: [...subscriptionNames] },
  { dependsOn: new customerio.Ownership("webhook-ownership", claim) },
);

// Deleted first: it refuses a destroy before anything is deleted, if the dataset holds data.
new aep.DatasetGuard("guard", { datasetId: dataset.id, forceDestroy }, { dependsOn: webhook });

export const datasetId = dataset.id;
export const dataflowId = dataflow.id;
export const webhookId = webhook.webhookId;
