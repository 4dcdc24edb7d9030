import { subscriptionNames } from "pulumi-customerio/events";
import { z } from "zod";
import { mappingSettings } from "../mapping/settings.ts";
import { appNumbers, logDetails, type NumberRange } from "../relay/core/app-settings.ts";
import { eventFilters, personalData } from "../relay/core/policy/policy.ts";
import { unusual } from "../relay/core/unusual.ts";
import { azureTable, ofTheRelay } from "./azure-table.ts";
import { platformSchemas, webhookSchema } from "./platform-settings.ts";
import type { Setting } from "./setting.ts";
import { subscription } from "./subscription.ts";

function wholeNumber({ least, most }: NumberRange) {
  return z.int().min(least).max(most);
}

/**
 * Every setting of the program. From this table come the types, the parser, and what `npm run docs` writes: Pulumi.yaml,
 * Pulumi.example.yaml, docs/settings.md, the arguments of `CustomerIoSource` and their schema for other languages.
 */
export const settingsTable = {
  signingKeys: {
    secret: true,
    schema: z.string(),
    description:
      "Signing keys of the Customer.io workspace, one per line. The relay accepts all of them, so you can rotate a key without a gap. " +
      'In Customer.io: Data & Integrations > Integrations > Reporting Webhooks, the three-dots menu of the webhook, "Copy signing key". ' +
      "Until there is a key, the webhook stays disabled.",
    page: "setup.md",
  },
  events: {
    schema: z.array(subscription).transform((names) => (names.length > 0 ? names : [...subscriptionNames])),
    default: [],
    description:
      "Reporting webhook events to subscribe to, such as `email_delivered`. Empty means every event that this package knows. A name that the " +
      "package does not know yet is sent to Customer.io unchanged, with a warning.",
    examples: [["email_sent", "email_delivered", "email_opened", "email_clicked"]],
  },
  fullResolution: {
    schema: z.boolean(),
    default: false,
    description:
      'Customer.io\'s "Send frequency": `true` sends every open and click, `false` only the first of each delivery.',
    examples: [true],
  },
  withContent: {
    schema: z.boolean(),
    default: false,
    description:
      'Customer.io\'s "Body content": `true` adds the body of a message, which is personal data, to its `sent` event.',
    examples: [true],
  },
  testMode: {
    schema: z.boolean(),
    default: false,
    description:
      "Leaves `cio_id` unmapped, as Adobe asks while you send Customer.io's test events, which do not have one.",
    examples: [true],
    direct: { ignored: "with delivery: direct, cio_id is mapped only for events that have it" },
  },
  mapping: {
    schema: mappingSettings,
    default: {},
    description:
      "Changes to the automatic mapping: `set` (a list of pairs: a `destination`, and a `source` or an `expression`), `remove` (a list of " +
      "destinations) and `identifiers` (`all`, or `id` for a workspace that identifies people by id alone). A preview checks them against " +
      "the schema and the event catalogue.",
    page: "mapping.md",
    examples: [
      {
        set: [
          { destination: "eventType", expression: 'concat("customerio.", object_type, ".", metric)' },
          { destination: "customerio.email", expression: "lower(data.identifiers.email)" },
        ],
        remove: ["customerio.content", "customerio.subject"],
      },
    ],
  },
  schema: {
    schema: platformSchemas.schema,
    default: {},
    decides: ["existing"],
    description:
      "The schema of the dataset. `existing` is the $id, meta:altId or title of a schema to use unchanged; events fill the fields that it has " +
      "under `_<tenant>.customerio`. Without `existing`, the program creates a schema with this `title` and `description`.",
    page: "mapping.md",
    examples: [{ title: "Customer.io events", description: "One record for each event." }, { existing: "My events" }],
  },
  fieldGroup: {
    schema: platformSchemas.fieldGroup,
    default: {},
    decides: [],
    description: "`title` and `description` of the field group that the program creates for the schema.",
    examples: [{ title: "Customer.io fields", description: "What events have." }],
  },
  dataset: {
    schema: platformSchemas.dataset,
    default: {},
    decides: ["existing", "forceDestroy", "keep"],
    description:
      "The dataset. `existing` is the id or name of a dataset to use unchanged, with its schema. Several stacks can fill the same dataset, but if " +
      "two of them have the same workspace, its events arrive twice. Without `existing`, the program creates a dataset with `name`, `description`, " +
      "`rowExpirationDays` (30 to 3650; by default, records never expire) and `tags`. `forceDestroy` lets a destroy or a change delete it even if " +
      "it holds data. `keep` leaves it in Platform, with its schema and field group, when the stack no longer has it. In both cases: " +
      "`errorDiagnostics` (`true` by default) and " +
      "`partialIngestionPercent`, the share of failed records up to which Platform still ingests a batch.",
    page: "taking-down.md",
    examples: [
      {
        name: "Customer.io events",
        description: "Events of all messages.",
        rowExpirationDays: 395,
        partialIngestionPercent: 5,
        tags: { team: ["crm"] },
        keep: true,
      },
      { existing: "5c8c3c555033b814b69f947f", partialIngestionPercent: 5 },
    ],
  },
  profile: {
    schema: platformSchemas.profile,
    default: {},
    decides: true,
    description:
      "Real-Time Customer Profile. `enabled` sends it the events; `true` can't be undone. `identities` names the identity " +
      "namespace of each field that identifies people (`email`, `id`, `cio_id`, `phone`; three at most; `{email: Email}` by default). The " +
      "first one in this order that an event has is its primary identity. `primaryIdentity` is `identityMap`, or a field that every record must then have.",
    page: "profile.md",
    examples: [{ enabled: true, identities: { email: "Email", id: "CrmId" } }],
  },
  sourceConnection: {
    schema: platformSchemas.sourceConnection,
    default: {},
    decides: [],
    description: "`name` and `description` of the dataflow's source connection.",
    examples: [{ name: "Customer.io", description: "Reporting webhook." }],
  },
  targetConnection: {
    schema: platformSchemas.targetConnection,
    default: {},
    decides: [],
    description: "`name` and `description` of the dataflow's target connection.",
    examples: [{ name: "Data lake", description: "Customer.io events." }],
  },
  dataflow: {
    schema: platformSchemas.dataflow,
    default: {},
    decides: [],
    description:
      "`name` and `description` of the dataflow. A new name replaces nothing, except with `delivery: direct`, where every change of the " +
      "dataflow replaces it.",
    examples: [{ name: "Customer.io events", description: "By way of the relay." }],
  },
  webhook: {
    schema: webhookSchema,
    default: {},
    decides: ["disabled"],
    description:
      "`name` of the reporting webhook in Customer.io. `disabled` keeps it from sending, such as in a standby stack in another " +
      "region. Customer.io does not send the events of that time later.",
    page: "disaster-recovery.md",
    examples: [{ name: "Adobe Experience Platform" }, { disabled: true }],
  },
  source: {
    schema: z.enum(["customerio", "http"], { error: "it must be customerio or http" }),
    default: "customerio",
    decides: true,
    description:
      "The source in Platform's catalogue: `customerio`, Adobe's own beta source for Customer.io; or `http`, the HTTP API source with " +
      "an authenticated endpoint, for organizations that don't have the beta. For `http`, the relay gets access tokens with " +
      "`relayCredential` or, if that is not set, with the credential of `aep:clientId`.",
    page: "delivery.md",
    examples: ["http"],
    direct: { refused: "the HTTP API source's endpoint requires an access token, which Customer.io can't send" },
  },
  relayCredential: {
    schema: z.strictObject({
      clientId: z
        .string()
        .min(1, "it must not be empty")
        .optional()
        .meta({ description: "Client id of the credential." }),
      scopes: z.string().min(1, "it must not be empty").optional().meta({
        description: "Scopes of the access tokens, separated by commas; default: those of `aep:scopes`.",
      }),
    }),
    default: {},
    decides: ["clientId"],
    description:
      "With `source: http`, an Adobe credential that only the relay uses: `clientId` and `scopes`, with `relayClientSecret`. It should " +
      "have no permission in Platform beyond sending events. Without it, the relay uses the credential of `aep:clientId`, which may change " +
      "and delete what the stack has created.",
    page: "delivery.md",
    examples: [{ clientId: "4f1f2cb0c1e04f0a9d3b6a1d2c3e4f50" }],
    direct: ofTheRelay,
  },
  relayClientSecret: {
    secret: true,
    schema: z.string(),
    description: "Client secret of `relayCredential`.",
    page: "delivery.md",
  },
  delivery: {
    schema: z.enum(["relay", "direct"], { error: "it must be relay or direct" }),
    default: "relay",
    decides: true,
    description:
      "`relay` checks, holds and replays events. `direct` lets the webhook post directly to Platform, as in Adobe's tutorial, and creates " +
      "nothing in Azure. It is for trials and sandboxes.",
    page: "delivery.md",
    examples: ["direct"],
  },
  filters: {
    schema: eventFilters,
    default: {},
    appSetting: "EVENT_POLICY",
    description:
      "Which events go to Platform: `only` and `except`, each with any of `objectTypes`, `metrics`, `campaigns` (ids) and " +
      "`recipientDomains`. An event must match every list of `only` and none of `except`; empty means every event. The relay counts the " +
      "events that it leaves out. They cost no more than the call. The test events of `npx customerio-aep verify` have the object type " +
      "`verify`, and only `except` applies to them.",
    examples: [
      {
        only: { objectTypes: ["customer", "email"] },
        except: { metrics: ["drafted", "attempted"], campaigns: [12], recipientDomains: ["example.org"] },
      },
    ],
    direct: { refused: "every event that Customer.io sends goes to Platform; choose events with the setting events" },
  },
  personalData: {
    schema: personalData,
    default: {},
    appSetting: "EVENT_POLICY",
    description:
      "Personal data that the relay removes before it stores anything: `content` (`keep` or `drop`), `email` and `recipient` (`keep`, " +
      "`hash` or `drop`). By default everything is kept.",
    examples: [{ content: "drop", email: "hash", recipient: "hash" }],
    direct: { refused: "nothing between Customer.io and Platform could remove it" },
  },
  maximumCallAgeSeconds: {
    schema: wholeNumber(appNumbers.MAXIMUM_CALL_AGE_SECONDS),
    default: appNumbers.MAXIMUM_CALL_AGE_SECONDS.default,
    appSetting: "MAXIMUM_CALL_AGE_SECONDS",
    description:
      "Seconds by which the timestamp of a call's signature may be off; 0 means any time. Customer.io does not document whether it signs a " +
      "repeated call again. If it does not, a call that is refused because of its age holds up all later ones.",
    direct: ofTheRelay,
  },
  duplicateWindowDays: {
    schema: wholeNumber(appNumbers.DUPLICATE_WINDOW_DAYS),
    default: appNumbers.DUPLICATE_WINDOW_DAYS.default,
    appSetting: "DUPLICATE_WINDOW_DAYS",
    description:
      "Days for which the relay remembers delivered events, so that it does not deliver them again if Customer.io repeats them. 0 switches this " +
      "off. It takes one table transaction for an event that arrives alone, about 4 cents per million events, and less for events that arrive together.",
    direct: ofTheRelay,
  },
  maximumRequestsPerSecond: {
    schema: wholeNumber(appNumbers.PLATFORM_REQUESTS_PER_SECOND),
    default: appNumbers.PLATFORM_REQUESTS_PER_SECOND.default,
    appSetting: "PLATFORM_REQUESTS_PER_SECOND",
    description:
      "Maximum requests per second to Platform, over all instances of the relay. Adobe's guidance is 1,000 for an organization.",
    direct: ofTheRelay,
  },
  eventQueues: {
    schema: wholeNumber(appNumbers.EVENT_QUEUES),
    default: appNumbers.EVENT_QUEUES.default,
    decides: true,
    description:
      "Storage queues among which the relay divides the events, up to 8, if one queue's 2,000 messages a second are not enough. You can " +
      "add queues at any time, but not remove them.",
    page: "scaling.md#several-queues",
    examples: [2],
    direct: ofTheRelay,
  },
  dataflowActivationSeconds: {
    schema: z.int().min(0).max(3600),
    default: 300,
    decides: true,
    description:
      "Seconds for which the relay holds events back after a change of the dataflow. Without the relay, `up` waits that long. Adobe " +
      "recommends about five minutes. If fields have been added to the stack's schema, the wait is three times as long: Platform may take " +
      "fifteen minutes to know a new field, and loses events with it until then.",
  },
  drainTimeoutSeconds: {
    schema: z.int().min(1).max(86_400),
    default: 1800,
    decides: true,
    description: "Seconds that `npx pulumi destroy` waits for the relay to deliver what it still holds.",
    page: "taking-down.md",
    direct: ofTheRelay,
  },
  nodeVersion: {
    schema: z.literal([22, 24]),
    default: 22,
    description: "Node.js version of the relay in Azure: 22 or 24.",
    direct: ofTheRelay,
  },
  instanceMemory: {
    schema: z.literal([512, 2048, 4096]),
    default: appNumbers.INSTANCE_MEMORY_MB.default,
    appSetting: "INSTANCE_MEMORY_MB",
    description: "Memory of a relay instance in MB: 512, 2048 or 4096.",
    direct: ofTheRelay,
  },
  maximumInstances: {
    schema: z.int().min(1).max(1000),
    default: 40,
    description: "Maximum instances of each function group, up to 1000; many Azure regions accept only 40 or more.",
    direct: ofTheRelay,
  },
  alwaysReadyInstances: {
    schema: z.int().min(0).max(40),
    default: 1,
    description:
      "Instances that Azure keeps warm for Customer.io's calls, which wait 4 seconds at most. 0 costs nothing, but then those 4 seconds include " +
      "a cold start.",
    direct: ofTheRelay,
  },
  ...azureTable,
  alertEmails: {
    schema: z.array(z.email()),
    default: [],
    description:
      "E-mail addresses that get the alerts: dead letters, events held back, calls refused, silence, a relay that does not answer. Even " +
      "without any, the Azure portal shows the alerts.",
    page: "operating.md#alerts",
    examples: [["data-team@example.org"]],
    direct: ofTheRelay,
  },
  alertWebhooks: {
    // Azure also calls http: (Microsoft, "Configure a webhook on an Azure metric alert"), but such an address contains a key.
    schema: z.array(z.url({ protocol: /^https$/, error: "it must be an address that begins with https://" })),
    default: [],
    description:
      "Addresses of webhooks that get the alerts in Azure's common alert schema, such as those of PagerDuty or Opsgenie. The stack's state " +
      "keeps them as secrets.",
    page: "operating.md#alerts",
    examples: [["https://events.example.org/integration/azure"]],
    direct: ofTheRelay,
  },
  silenceAlertHours: {
    // A log alert of Azure looks back two days at most.
    schema: z.int().min(0).max(47),
    default: unusual.silenceHours,
    description:
      "An alert fires if Customer.io has called before, but then makes no call for this many hours: 1 to 47. 0 switches the alert off, such as " +
      "for a workspace that is quiet on weekends.",
    direct: ofTheRelay,
  },
  logDetail: {
    schema: z.enum(logDetails, { error: "it must be summary or events" }),
    default: "summary",
    appSetting: "LOG_DETAIL",
    description:
      "What the relay logs about events that it delivers. `summary` writes counts every few seconds. `events` writes a line with ids for each " +
      "event, and these lines make up most of the log's price. Each dead letter always has its own line.",
    page: "azure.md",
    examples: ["events"],
    direct: ofTheRelay,
  },
  logRetentionDays: {
    schema: z.int().min(30).max(730),
    default: 30,
    description:
      "Days for which Azure keeps the relay's logs, in each of their tables: 30 to 730. An existing workspace keeps its own retention.",
    page: "azure.md",
    direct: ofTheRelay,
  },
} as const satisfies Record<string, Setting>;
