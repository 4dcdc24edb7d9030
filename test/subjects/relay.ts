import { Reference } from "../engine/engine.ts";
import type { Subject } from "./subject.ts";

const killedByTheEngine = "npm run kills kills the real engine at each effect in Azure: test/e2e/azure-kills";

/** The azure-native resources to which the entries refer. */
export const azureParts = ["account", "group", "queue", "vault"] as const;

/**
 * The types of the package `customerio-aep`. Which tests read an entry:
 *
 * - The reference shows its inputs and its import.
 * - Kill points and single faults read it, unless `unswept` says which test does it instead. Their world is an app and its queue, so
 *   that they replace references and the package by what exists there (test/crash-safety/azure-world.ts).
 * - Fuzzing and conformance don't: both compare with a vendor's published API description, and compose whole programs of one vendor. These
 *   resources live in parts of azure-native's, which only the real engine creates (test/e2e).
 * - The permission matrix doesn't: it takes away Platform's permissions. Azure's roles are tested with the stand-in of Azure
 *   (packages/local-cloud/test/azure).
 * - The import test doesn't: it searches the ids that Platform's screens show. `QueueDrain` alone can be imported, by the queue's ARM id,
 *   which test/relay/deploy/queue-drain/queue-drain.test.ts tries.
 * - No entry has a `list`: only fuzzing and conformance use lists.
 */
export const relaySubjects: readonly Subject[] = [
  {
    type: "customerio-aep:index:ArmResource",
    name: "events",
    inputs: {
      parentId: new Reference("account"),
      path: "queueServices/default/queues/events",
      apiVersion: "2024-01-01",
    },
    change: (inputs) => ({ ...inputs, path: "queueServices/default/queues/others" }),
    replaces: true,
    unswept: killedByTheEngine,
  },
  {
    type: "customerio-aep:index:Budget",
    name: "budget",
    inputs: {
      resourceGroupId: new Reference("group"),
      budgetName: "relay",
      amount: 250,
      actionGroupIds: [
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-ops/providers/Microsoft.Insights/actionGroups/oncall",
      ],
    },
    change: (inputs) => ({ ...inputs, amount: 300 }),
    unswept: "test/relay/deploy/budget.test.ts tries it",
  },
  {
    type: "customerio-aep:index:AppServicePlan",
    name: "plan",
    inputs: {
      resourceGroupId: new Reference("group"),
      planName: "events-plan",
      body: {
        location: new Reference("group", "location"),
        kind: "functionapp",
        sku: { name: "FC1", tier: "FlexConsumption" },
        properties: { reserved: true },
      },
    },
    change: (inputs) => ({ ...inputs, planName: "other-plan" }),
    replaces: true,
    unswept: killedByTheEngine,
  },
  {
    type: "customerio-aep:index:FunctionApp",
    name: "app",
    inputs: {
      resourceGroupId: new Reference("group"),
      siteName: "events-plan",
      body: {
        location: new Reference("plan", "location"),
        kind: "functionapp,linux",
        properties: { serverFarmId: new Reference("plan"), reserved: true, httpsOnly: true },
      },
    },
    change: (inputs) => ({ ...inputs, siteName: "other-app" }),
    replaces: true,
    unswept: killedByTheEngine,
  },
  {
    type: "customerio-aep:index:VaultSecret",
    name: "signing-keys",
    inputs: { vaultId: new Reference("vault"), name: "signing-keys", value: "${signingKeys}" },
    change: (inputs) => ({ ...inputs, value: "another key" }),
    unswept: killedByTheEngine,
  },
  {
    type: "customerio-aep:index:FormerVersions",
    name: "former-secrets",
    inputs: {
      vaultId: new Reference("vault"),
      secrets: { "signing-keys": new Reference("signing-keys", "uriWithVersion") },
    },
    change: (inputs) => ({ ...inputs, secrets: {} }),
    unswept: "test/relay/deploy/former-versions.test.ts tries it with the stand-in's vault",
  },
  {
    type: "customerio-aep:index:FunctionCode",
    name: "code",
    inputs: {
      siteId: new Reference("app"),
      scmHostName: new Reference("app", "scmHostName"),
      hostName: new Reference("app", "hostName"),
      package: { "fn::fileArchive": "./relay/dist" },
    },
    change: (inputs) => ({ ...inputs, configuration: "v2" }),
  },
  {
    type: "customerio-aep:index:QueueDrain",
    name: "drain",
    inputs: { queueId: new Reference("queue") },
    change: (inputs) => ({ ...inputs, timeoutSeconds: 72_000 }),
    imported: {
      id: "/subscriptions/<id>/resourceGroups/<name>/providers/Microsoft.Storage/storageAccounts/<name>/queueServices/default/queues/events",
      where: "Azure portal > the storage account > Queues > the queue > Properties",
    },
  },
  {
    type: "customerio-aep:index:RelayGuard",
    name: "relay-guard",
    inputs: { delivery: "relay", queueId: new Reference("queue"), healthUrl: "https://${app.hostName}/health" },
    change: (inputs) => ({ ...inputs, delivery: "direct" }),
    unswept: "it creates nothing: it refuses by what /health says, which test/relay/deploy/relay-guard.test.ts tries",
  },
];
