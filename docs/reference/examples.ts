import { customerioSubjects } from "../../test/subjects/customerio.ts";
import { platformSubjects } from "../../test/subjects/platform.ts";
import { resolved } from "../../test/subjects/subject.ts";

/** How a resource is declared, and imported by an id that a user can see. */
export interface Example {
  /** Name in the program; other examples refer to it as `${name.property}`. */
  readonly name: string;
  readonly inputs: { readonly [key: string]: unknown };
  /** The kind of id that `pulumi import` takes, and where to copy it; absent: it can't be imported. */
  readonly imported?: { readonly id: string; readonly where: string };
}

/** The subjects of the tests, whose references are `${name.property}` here. */
const fromSubjects = [...platformSubjects("acme"), ...customerioSubjects].map(
  ({ type, name, inputs, imported }): [string, Example] => [
    type,
    {
      name,
      inputs: resolved(inputs, (reference) => `\${${reference.name}.${reference.property}}`),
      ...(imported && { imported }),
    },
  ],
);

/** One for each resource, by type token. Together they are a whole program. */
export const examples: Readonly<Record<string, Example>> = {
  ...Object.fromEntries(fromSubjects),
  "customerio-aep:index:CustomerIoSource": {
    name: "events",
    inputs: {
      signingKeys: "${signingKeys}",
      alertEmails: ["oncall@example.com"],
      filters: { except: { recipientDomains: ["example.com"] } },
      personalData: { content: "drop" },
    },
  },
  "customerio-aep:index:PlatformDataflow": {
    name: "platform",
    inputs: { dataset: { name: "Customer.io events", rowExpirationDays: 395 } },
  },
  "customerio-aep:index:WebhookRelay": {
    name: "relay",
    inputs: {
      streamingUrl: "${platform.streamingUrl}",
      readyAt: "${platform.readyAt}",
      signingKeys: "${signingKeys}",
      alertEmails: ["oncall@example.com"],
    },
  },
  "customerio-aep:index:ReportingWebhookSubscription": {
    name: "subscription",
    inputs: { endpoint: "${relay.url}", events: ["email_delivered", "email_bounced"] },
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
