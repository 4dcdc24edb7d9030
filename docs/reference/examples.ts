/** How a resource is declared, and imported by an id that a user can see. */
export interface Example {
  /** Name in the program; other examples refer to it as `${name.property}`. */
  readonly name: string;
  readonly inputs: { readonly [key: string]: unknown };
  /** The kind of id that `pulumi import` takes, and where to copy it; absent: it can't be imported. */
  readonly imported?: { readonly id: string; readonly where: string };
}

const tenantField = { type: "object", properties: { email: { type: "string", title: "Email" } } };

/** One for each resource, by type token. Together they are a whole program. */
export const examples: Readonly<Record<string, Example>> = {
  "aep:index:Ownership": {
    name: "ownership",
    inputs: { dataset: { forceDestroy: false } },
    imported: {
      id: "9f1c3b5d7e8a0246",
      where: "the description of an object that it owns, such as a dataflow: the first digits in [Pulumi …]",
    },
  },
  "aep:index:FieldGroup": {
    name: "fields",
    inputs: {
      title: "Customer.io fields (dev)",
      definitions: {
        customFields: {
          type: "object",
          properties: { _acme: { type: "object", properties: { customerio: tenantField } } },
        },
      },
      allOf: [{ $ref: "#/definitions/customFields" }],
      ownership: "${ownership.id}",
    },
    imported: {
      id: "https://ns.adobe.com/acme/mixins/0f3c5d7e9b1a2c4d6e8f0a1b2c3d4e5f60718293a4b5c6d7",
      where: "Experience Platform > Schemas > Field groups > the field group > API usage",
    },
  },
  "aep:index:Schema": {
    name: "schema",
    inputs: { title: "Customer.io events (dev)", fieldGroupIds: ["${fields.id}"], ownership: "${ownership.id}" },
    imported: {
      id: "https://ns.adobe.com/acme/schemas/7d6c5b4a392817060f5e4d3c2b1a0f8e6d4c2a1b9e7d5c3f",
      where: "Experience Platform > Schemas > the schema > API usage",
    },
  },
  "aep:index:IdentityDescriptor": {
    name: "email",
    inputs: { schemaId: "${schema.id}", sourceProperty: "/_acme/customerio/email", namespace: "Email" },
    imported: {
      id: "5c9d1e7f3a2b4c6d8e0f1a2b3c4d5e6f70819203",
      where: "Schema Registry API: GET /tenant/descriptors; no screen shows it",
    },
  },
  "aep:index:ProfileEnablement": {
    name: "profile",
    inputs: { schemaId: "${schema.id}" },
    imported: {
      id: "https://ns.adobe.com/acme/schemas/4d2b8e0a6c1f3957b2e4d6a8c0f1e3b5a7d9c1e3f5b7a9d1",
      where: "Experience Platform > Schemas > the schema > Schema ID",
    },
  },
  "aep:index:Dataset": {
    name: "dataset",
    inputs: { name: "Customer.io events (dev)", schemaId: "${schema.id}", ownership: "${ownership.id}" },
    imported: { id: "63ef2cbd0a1b2c3d4e5f6071", where: "Experience Platform > Datasets > the dataset > Dataset ID" },
  },
  "aep:index:BaseConnection": {
    name: "endpoint",
    inputs: { name: "Customer.io endpoint (dev)", ownership: "${ownership.id}" },
    imported: {
      id: "b7d9e1f3-4a5c-4e6d-8f70-1a2b3c4d5e6f",
      where: "Flow Service API: GET /sourceConnections/<id>, baseConnectionId",
    },
  },
  "aep:index:SourceConnection": {
    name: "source",
    inputs: { name: "Customer.io (dev)", ownership: "${ownership.id}" },
    imported: {
      id: "f2c4e6a8-0b1d-4f3a-8c5e-7d9b1a3c5e7f",
      where: "Flow Service API: GET /flows/<id>, sourceConnectionIds",
    },
  },
  "aep:index:TargetConnection": {
    name: "target",
    inputs: {
      name: "Customer.io (dev)",
      datasetId: "${dataset.id}",
      schemaId: "${schema.id}",
      ownership: "${ownership.id}",
    },
    imported: {
      id: "a1b3c5d7-2e4f-4a6b-9c8d-0e1f2a3b4c5d",
      where: "Flow Service API: GET /flows/<id>, targetConnectionIds",
    },
  },
  "aep:index:MappingSet": {
    name: "mapping",
    inputs: {
      schemaId: "${schema.id}",
      mappings: [
        { sourceType: "ATTRIBUTE", source: "event_id", destination: "_id" },
        { sourceType: "ATTRIBUTE", source: "occurred_at", destination: "timestamp" },
        { sourceType: "EXPRESSION", source: "lower(email)", destination: "_acme.customerio.email" },
      ],
      ownership: "${ownership.id}",
    },
    imported: {
      id: "3b5d7f9a1c2e4f60718293a4b5c6d7e8",
      where: "Flow Service API: GET /flows/<id>, mappingId of transformations",
    },
  },
  "aep:index:Dataflow": {
    name: "flow",
    inputs: {
      name: "Customer.io (dev)",
      sourceConnectionId: "${source.id}",
      targetConnectionId: "${target.id}",
      mappingSetId: "${mapping.id}",
      mappingSetVersion: "${mapping.version}",
      ownership: "${ownership.id}",
    },
    imported: {
      id: "d8a6f005-3c5e-4b7d-9f1a-2b4c6d8e0f12",
      where: "Experience Platform > Sources > Dataflows > the dataflow > Dataflow ID",
    },
  },
  "aep:index:DatasetGuard": {
    name: "guard",
    inputs: { datasetId: "${dataset.id}" },
    imported: { id: "63ef2cbd0a1b2c3d4e5f6071", where: "Experience Platform > Datasets > the dataset > Dataset ID" },
  },
  "customerio:index:Ownership": {
    name: "claim",
    inputs: { name: "Adobe Experience Platform (dev)", endpoint: "https://relay.example.com/customerio" },
  },
  "customerio:index:ReportingWebhook": {
    name: "webhook",
    inputs: {
      name: "Adobe Experience Platform (dev)",
      endpoint: "https://relay.example.com/customerio",
      events: ["email_delivered", "email_opened", "customer_unsubscribed"],
    },
    imported: { id: "12", where: "Customer.io > Data & Integrations > the webhook: the number in the page's address" },
  },
  "customerio-aep:index:CustomerIoSource": {
    name: "events",
    inputs: {
      signingKeys: "${signingKeys}",
      alertEmails: ["oncall@example.com"],
      filters: { except: { recipientDomains: ["example.com"] } },
      personalData: { content: "drop" },
    },
  },
  "customerio-aep:index:ArmResource": {
    name: "events",
    inputs: {
      parentId: "${account.id}",
      path: "queueServices/default/queues/events",
      apiVersion: "2024-01-01",
    },
  },
  "customerio-aep:index:AppServicePlan": {
    name: "plan",
    inputs: {
      resourceGroupId: "${group.id}",
      planName: "events-plan",
      body: {
        location: "${group.location}",
        kind: "functionapp",
        sku: { name: "FC1", tier: "FlexConsumption" },
        properties: { reserved: true },
      },
    },
  },
  "customerio-aep:index:FunctionApp": {
    name: "app",
    inputs: {
      resourceGroupId: "${group.id}",
      siteName: "events-plan",
      body: {
        location: "${plan.location}",
        kind: "functionapp,linux",
        properties: { serverFarmId: "${plan.id}", reserved: true, httpsOnly: true },
      },
    },
  },
  "customerio-aep:index:VaultSecret": {
    name: "signing-keys",
    inputs: { vaultId: "${vault.id}", name: "signing-keys", value: "${signingKeys}" },
  },
  "customerio-aep:index:FunctionCode": {
    name: "code",
    inputs: {
      siteId: "${app.id}",
      scmHostName: "${app.scmHostName}",
      hostName: "${app.hostName}",
      package: { "fn::fileArchive": "./relay/dist" },
    },
  },
  "customerio-aep:index:QueueDrain": {
    name: "drain",
    inputs: { queueId: "${queue.id}" },
    imported: {
      id: "/subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.Storage/storageAccounts/<name>/queueServices/default/queues/events",
      where: "Azure portal > the storage account > Queues > the queue > Properties",
    },
  },
  "customerio-aep:index:RelayGuard": {
    name: "relay-guard",
    inputs: { delivery: "relay", queueId: "${queue.id}", healthUrl: "https://${app.hostName}/health" },
  },
};
