// Generated from settings/table.ts by npm run docs.
import type { SettingArgument } from "./setting-types.ts";

/** The settings as arguments of a component. Each has a default. */
export interface SettingArguments {
  /**
   * Signing keys of the Customer.io workspace, one per line. The relay accepts all of them, so you can rotate a key
   * without a gap. In Customer.io: Data & Integrations > Integrations > Reporting Webhooks, the three-dots menu of
   * the webhook, "Copy signing key". Until there is a key, the webhook stays disabled. A secret.
   *
   * @example new pulumi.Config().getSecret("signingKeys")
   */
  signingKeys?: SettingArgument<"signingKeys">;
  /**
   * Reporting webhook events to subscribe to, such as `email_delivered`. Empty means every event that this package
   * knows. A name that the package does not know yet is sent to Customer.io unchanged, with a warning.
   *
   * @example ["email_sent", "email_delivered", "email_opened", "email_clicked"]
   */
  events?: SettingArgument<"events">;
  /**
   * Customer.io's "Send frequency": `true` sends every open and click, `false` only the first of each delivery.
   * Default: `false`.
   *
   * @example true
   */
  fullResolution?: SettingArgument<"fullResolution">;
  /**
   * Customer.io's "Body content": `true` adds the body of a message, which is personal data, to its `sent` event.
   * Default: `false`.
   *
   * @example true
   */
  withContent?: SettingArgument<"withContent">;
  /**
   * Leaves `cio_id` unmapped, as Adobe asks while you send Customer.io's test events, which do not have one. Default:
   * `false`.
   *
   * @example true
   */
  testMode?: SettingArgument<"testMode">;
  /**
   * Changes to the automatic mapping: `set` (a list of pairs: a `destination`, and a `source` or an `expression`),
   * `remove` (a list of destinations) and `identifiers` (`all`, or `id` for a workspace that identifies people by id
   * alone). A preview checks them against the schema and the event catalogue.
   *
   * @example {
   *   set: [
   *     {
   *       destination: "eventType",
   *       expression: `concat("customerio.", object_type, ".", metric)`,
   *     },
   *     { destination: "customerio.email", expression: "lower(data.identifiers.email)" },
   *   ],
   *   remove: ["customerio.content", "customerio.subject"],
   * }
   */
  mapping?: SettingArgument<"mapping">;
  /**
   * The schema of the dataset. `existing` is the $id, meta:altId or title of a schema to use unchanged; events fill
   * the fields that it has under `_<tenant>.customerio`. Without `existing`, the program creates a schema with this
   * `title` and `description`. `existing` is a plain value, not an output.
   *
   * @example { title: "Customer.io events", description: "One record for each event." }
   */
  schema?: SettingArgument<"schema">;
  /**
   * `title` and `description` of the field group that the program creates for the schema.
   *
   * @example { title: "Customer.io fields", description: "What events have." }
   */
  fieldGroup?: SettingArgument<"fieldGroup">;
  /**
   * The dataset. `existing` is the id or name of a dataset to use unchanged, with its schema. Several stacks can fill
   * the same dataset, but if two of them have the same workspace, its events arrive twice. Without `existing`, the
   * program creates a dataset with `name`, `description`, `rowExpirationDays` (30 to 3650; by default, records never
   * expire) and `tags`. `forceDestroy` lets a destroy or a change delete it even if it holds data. `keep` leaves it
   * in Platform, with its schema and field group, when the stack no longer has it. In both cases: `errorDiagnostics`
   * (`true` by default) and `partialIngestionPercent`, the share of failed records up to which Platform still ingests
   * a batch. `existing`, `forceDestroy` and `keep` are plain values, not outputs.
   *
   * @example {
   *   name: "Customer.io events",
   *   description: "Events of all messages.",
   *   rowExpirationDays: 395,
   *   partialIngestionPercent: 5,
   *   tags: { team: ["crm"] },
   *   keep: true,
   * }
   */
  dataset?: SettingArgument<"dataset">;
  /**
   * Real-Time Customer Profile. `enabled` sends it the events; `true` can't be undone. `identities` names the
   * identity namespace of each field that identifies people (`email`, `id`, `cio_id`, `phone`; three at most;
   * `{email: Email}` by default). The first one in this order that an event has is its primary identity.
   * `primaryIdentity` is `identityMap`, or a field that every record must then have. A plain value, not an output.
   *
   * @example { enabled: true, identities: { email: "Email", id: "CrmId" } }
   */
  profile?: SettingArgument<"profile">;
  /**
   * `name` and `description` of the dataflow's source connection.
   *
   * @example { name: "Customer.io", description: "Reporting webhook." }
   */
  sourceConnection?: SettingArgument<"sourceConnection">;
  /**
   * `name` and `description` of the dataflow's target connection.
   *
   * @example { name: "Data lake", description: "Customer.io events." }
   */
  targetConnection?: SettingArgument<"targetConnection">;
  /**
   * `name` and `description` of the dataflow. A new name replaces nothing, except with `delivery: direct`, where
   * every change of the dataflow replaces it.
   *
   * @example { name: "Customer.io events", description: "By way of the relay." }
   */
  dataflow?: SettingArgument<"dataflow">;
  /**
   * `name` of the reporting webhook in Customer.io. `disabled` keeps it from sending, such as in a standby stack in
   * another region. Customer.io does not send the events of that time later. `disabled` is a plain value, not an
   * output.
   *
   * @example { name: "Adobe Experience Platform" }
   */
  webhook?: SettingArgument<"webhook">;
  /**
   * The source in Platform's catalogue: `customerio`, Adobe's own beta source for Customer.io; or `http`, the HTTP
   * API source with an authenticated endpoint, for organizations that don't have the beta. For `http`, the relay gets
   * access tokens with `relayCredential` or, if that is not set, with the credential of `aep:clientId`. A plain
   * value, not an output. Default: `"customerio"`.
   *
   * @example "http"
   */
  source?: SettingArgument<"source">;
  /**
   * With `source: http`, an Adobe credential that only the relay uses: `clientId` and `scopes`, with
   * `relayClientSecret`. It should have no permission in Platform beyond sending events. Without it, the relay uses
   * the credential of `aep:clientId`, which may change and delete what the stack has created. `clientId` is a plain
   * value, not an output.
   *
   * @example { clientId: "4f1f2cb0c1e04f0a9d3b6a1d2c3e4f50" }
   */
  relayCredential?: SettingArgument<"relayCredential">;
  /**
   * Client secret of `relayCredential`. A secret.
   *
   * @example new pulumi.Config().getSecret("relayClientSecret")
   */
  relayClientSecret?: SettingArgument<"relayClientSecret">;
  /**
   * `relay` checks, holds and replays events. `direct` lets the webhook post directly to Platform, as in Adobe's
   * tutorial, and creates nothing in Azure. It is for trials and sandboxes. A plain value, not an output. Default:
   * `"relay"`.
   *
   * @example "direct"
   */
  delivery?: SettingArgument<"delivery">;
  /**
   * Which events go to Platform: `only` and `except`, each with any of `objectTypes`, `metrics`, `campaigns` (ids)
   * and `recipientDomains`. An event must match every list of `only` and none of `except`; empty means every event.
   * The relay counts the events that it leaves out. They cost no more than the call. The test events of `npx
   * customerio-aep verify` have the object type `verify`, and only `except` applies to them.
   *
   * @example {
   *   only: { objectTypes: ["customer", "email"] },
   *   except: { metrics: ["drafted", "attempted"], campaigns: [12], recipientDomains: ["example.org"] },
   * }
   */
  filters?: SettingArgument<"filters">;
  /**
   * Personal data that the relay removes before it stores anything: `content` (`keep` or `drop`), `email` and
   * `recipient` (`keep`, `hash` or `drop`). By default everything is kept.
   *
   * @example { content: "drop", email: "hash", recipient: "hash" }
   */
  personalData?: SettingArgument<"personalData">;
  /**
   * Seconds by which the timestamp of a call's signature may be off; 0 means any time. Customer.io does not document
   * whether it signs a repeated call again. If it does not, a call that is refused because of its age holds up all
   * later ones. Default: `0`.
   */
  maximumCallAgeSeconds?: SettingArgument<"maximumCallAgeSeconds">;
  /**
   * Days for which the relay remembers delivered events, so that it does not deliver them again if Customer.io
   * repeats them. 0 switches this off. It takes one table transaction for an event that arrives alone, about 4 cents
   * per million events, and less for events that arrive together. Default: `7`.
   */
  duplicateWindowDays?: SettingArgument<"duplicateWindowDays">;
  /**
   * Maximum requests per second to Platform, over all instances of the relay. Adobe's guidance is 1,000 for an
   * organization. Default: `800`.
   */
  maximumRequestsPerSecond?: SettingArgument<"maximumRequestsPerSecond">;
  /**
   * Storage queues among which the relay divides the events, up to 8, if one queue's 2,000 messages a second are not
   * enough. You can add queues at any time, but not remove them. A plain value, not an output. Default: `1`.
   *
   * @example 2
   */
  eventQueues?: SettingArgument<"eventQueues">;
  /**
   * Seconds for which the relay holds events back after a change of the dataflow. Without the relay, `up` waits that
   * long. Adobe recommends about five minutes. If fields have been added to the stack's schema, the wait is three
   * times as long: Platform may take fifteen minutes to know a new field, and loses events with it until then. A
   * plain value, not an output. Default: `300`.
   */
  dataflowActivationSeconds?: SettingArgument<"dataflowActivationSeconds">;
  /**
   * Seconds that `npx pulumi destroy` waits for the relay to deliver what it still holds. A plain value, not an
   * output. Default: `1800`.
   */
  drainTimeoutSeconds?: SettingArgument<"drainTimeoutSeconds">;
  /**
   * Node.js version of the relay in Azure: 22 or 24. Default: `22`.
   */
  nodeVersion?: SettingArgument<"nodeVersion">;
  /**
   * Memory of a relay instance in MB: 512, 2048 or 4096. Default: `2048`.
   */
  instanceMemory?: SettingArgument<"instanceMemory">;
  /**
   * Maximum instances of each function group, up to 1000; many Azure regions accept only 40 or more. Default: `40`.
   */
  maximumInstances?: SettingArgument<"maximumInstances">;
  /**
   * Instances that Azure keeps warm for Customer.io's calls, which wait 4 seconds at most. 0 costs nothing, but then
   * those 4 seconds include a cold start. Default: `1`.
   */
  alwaysReadyInstances?: SettingArgument<"alwaysReadyInstances">;
  /**
   * The purpose of the relay's resources in Azure. `dev` is cheap and quick to destroy. `prod` keeps events in
   * several zones, makes deleted events recoverable, and protects against accidental deletion. A plain value, not an
   * output. Default: `"dev"`.
   *
   * @example "prod"
   */
  environment?: SettingArgument<"environment">;
  /**
   * Overrides of what `environment` chooses: `storageRedundancy`, `separateHostStorage`, `zoneRedundant`,
   * `purgeProtection`, `vaultRetentionDays`, `secretLifetimeDays`, `disableFormerSecrets`, `softDeleteDays`,
   * `deleteLocks`, `protect`, `diagnosticSettings`, `dailyLogQuotaGb`. `separateHostStorage`, `deleteLocks`,
   * `protect`, `diagnosticSettings` and `disableFormerSecrets` are plain values, not outputs.
   *
   * @example { storageRedundancy: "GZRS", dailyLogQuotaGb: 5 }
   */
  azure?: SettingArgument<"azure">;
  /**
   * Tags of every resource in Azure that can have tags.
   *
   * @example { costCenter: "crm" }
   */
  azureTags?: SettingArgument<"azureTags">;
  /**
   * Names of resources in Azure, instead of generated ones: `resourceGroup`, `site`, `identity`, `storageAccount`,
   * `hostStorageAccount`, `vault`, `workspace`, `component`, `actionGroup`. A changed name replaces the resource.
   *
   * @example { resourceGroup: "rg-crm-events", site: "func-crm-events" }
   */
  azureNames?: SettingArgument<"azureNames">;
  /**
   * Ids of existing resources in Azure to use: `resourceGroupId`, `workspaceId`, `actionGroupIds`, `vaultId`,
   * `identityId`. The program never changes or deletes them.
   *
   * @example {
   *   resourceGroupId: "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-crm-events",
   * }
   */
  azureExisting?: SettingArgument<"azureExisting">;
  /**
   * Who may call the relay; by default everyone, since the relay accepts only signed events. `customerIo` allows the
   * addresses that Customer.io's API lists, `addresses` other senders of events, `frontDoorIds` your profiles of
   * Azure Front Door, and `operators` the machines that run Pulumi and the command line. A call from elsewhere gets
   * 403. A plain value, not an output.
   *
   * @example { customerIo: true, operators: ["203.0.113.0/24"] }
   */
  allowedCallers?: SettingArgument<"allowedCallers">;
  /**
   * Your own address for Customer.io to post to, such as that of a Front Door or a gateway that forwards the calls to
   * the relay. If it is empty, Customer.io posts to the address of the function app. Default: `""`.
   *
   * @example "https://events.example.com/customerio"
   */
  webhookEndpoint?: SettingArgument<"webhookEndpoint">;
  /**
   * A virtual network for the relay: with `enabled`, its storage and vault have private endpoints and accept no calls
   * from outside. The program creates the network, the subnets and the DNS zones, or uses those of `appSubnetId`,
   * `endpointSubnetId` and `dnsZoneIds`. `addressSpace` is for the network that it creates. `publicAccess` leaves
   * storage and vault open, as a first step. A plain value, not an output.
   *
   * @example { enabled: true, addressSpace: "10.20.30.0/24" }
   */
  privateNetwork?: SettingArgument<"privateNetwork">;
  /**
   * Events that you expect in a month, for the output `estimatedCost`: what the relay costs in Azure, by meter, at
   * list prices with their dates. With 0, it is the cost without events. The setting changes nothing in Azure.
   * Default: `0`.
   *
   * @example 3000000
   */
  monthlyEvents?: SettingArgument<"monthlyEvents">;
  /**
   * A monthly budget for everything in the relay's resource group in Azure, in the currency of the subscription; 0
   * means no budget. Azure notifies everyone who gets the alerts when 80 % and 100 % of it are spent, and when the
   * forecast exceeds it. A budget stops nothing. A plain value, not an output. Default: `0`.
   *
   * @example 250
   */
  monthlyBudget?: SettingArgument<"monthlyBudget">;
  /**
   * E-mail addresses that get the alerts: dead letters, events held back, calls refused, silence, a relay that does
   * not answer. Even without any, the Azure portal shows the alerts.
   *
   * @example ["data-team@example.org"]
   */
  alertEmails?: SettingArgument<"alertEmails">;
  /**
   * Addresses of webhooks that get the alerts in Azure's common alert schema, such as those of PagerDuty or Opsgenie.
   * The stack's state keeps them as secrets.
   *
   * @example ["https://events.example.org/integration/azure"]
   */
  alertWebhooks?: SettingArgument<"alertWebhooks">;
  /**
   * An alert fires if Customer.io has called before, but then makes no call for this many hours: 1 to 47. 0 switches
   * the alert off, such as for a workspace that is quiet on weekends. Default: `24`.
   */
  silenceAlertHours?: SettingArgument<"silenceAlertHours">;
  /**
   * What the relay logs about events that it delivers. `summary` writes counts every few seconds. `events` writes a
   * line with ids for each event, and these lines make up most of the log's price. Each dead letter always has its
   * own line. Default: `"summary"`.
   *
   * @example "events"
   */
  logDetail?: SettingArgument<"logDetail">;
  /**
   * Days for which Azure keeps the relay's logs, in each of their tables: 30 to 730. An existing workspace keeps its
   * own retention. Default: `30`.
   */
  logRetentionDays?: SettingArgument<"logRetentionDays">;
}
