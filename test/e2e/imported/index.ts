import * as aep from "../../../packages/pulumi-aep/src/index.ts";
import { tutorialFields, tutorialMappings } from "../../../packages/pulumi-aep/test/tutorial-objects.ts";
import { ReportingWebhook } from "../../../packages/pulumi-customerio/src/index.ts";

// The program of a user who created the tutorial's objects by hand and imports them.

const { tenantId } = await aep.getTenant();
// As `pulumi import` leaves imported resources.
const options = { protect: true };

const fields = new aep.FieldGroup(
  "fieldGroup",
  { title: "Customer.io Event Details", ...tutorialFields(tenantId) },
  options,
);
const schema = new aep.Schema("schema", { title: "Customer.io", fieldGroupIds: [fields.id] }, options);
new aep.IdentityDescriptor(
  "identityDescriptor",
  { schemaId: schema.id, sourceProperty: `/_${tenantId}/email`, namespace: "Email", isPrimary: true },
  options,
);
new aep.ProfileEnablement("profileEnablement", { schemaId: schema.id }, options);
const dataset = new aep.Dataset("dataset", { name: "Customer.io events", schemaId: schema.id, profile: true }, options);
const source = new aep.SourceConnection("sourceConnection", { name: "Customer.io source connection" }, options);
new aep.BaseConnection("baseConnection", { name: "Base connection" }, options);
const target = new aep.TargetConnection(
  "targetConnection",
  { name: "Customer.io target connection", datasetId: dataset.id, schemaId: schema.id },
  options,
);
const mapping = new aep.MappingSet(
  "mappingSet",
  { schemaId: schema.id, mappings: tutorialMappings(tenantId) },
  options,
);
const dataflow = new aep.Dataflow(
  "dataflow",
  {
    name: "Customer.io dataflow",
    sourceConnectionId: source.id,
    targetConnectionId: target.id,
    mappingSetId: mapping.id,
    mappingSetVersion: mapping.version,
  },
  options,
);
new ReportingWebhook(
  "webhook",
  {
    name: "Adobe Experience Platform",
    endpoint: dataflow.streamingUrl,
    events: ["email_opened", "email_sent", "customer_subscribed"],
  },
  options,
);
