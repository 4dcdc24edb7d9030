import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { getClientConfigOutput } from "@pulumi/azure-native/authorization/index.js";
import * as keyvault from "@pulumi/azure-native/keyvault/index.js";
import { UserAssignedIdentity } from "@pulumi/azure-native/managedidentity/index.js";
import { ResourceGroup } from "@pulumi/azure-native/resources/index.js";
import * as web from "@pulumi/azure-native/web/index.js";
import * as pulumi from "@pulumi/pulumi";
import manifest from "../../package.json" with { type: "json" };
import { hostBodyLimit } from "../../relay/core/intake/body-limit.ts";
import { noSigningKey, signingKeysSecret } from "../../relay/core/names.ts";
import { packageManifest } from "../../relay/deploy/package-folder.ts";
import {
  AppServicePlan,
  type ArmResource,
  FunctionApp,
  FunctionCode,
  QueueDrain,
  VaultSecret,
} from "../../relay/deploy/sdk.ts";
import { webApiVersion } from "../../relay/deploy/web-api-version.ts";
import type { PlatformCredential } from "../platform/platform-credential.ts";
import { derive } from "../settings/inputs.ts";
import type { Settings } from "../settings/setting-types.ts";
import { AvailabilityTest } from "./availability-test.ts";
import { addedDigits, azureName, compactStem, formerNames } from "./azure-names.ts";
import { type AzurePart, armPart, nativePart } from "./azure-parts.ts";
import { assignRole } from "./azure-roles.ts";
import { type RelaySetting, relayAppSettings } from "./relay-app-settings.ts";
import { RelayMonitoring, type RelayMonitoringArgs } from "./relay-monitoring.ts";
import { warnOfOtherRegion } from "./relay-region.ts";
import { RelayStorage } from "./relay-storage.ts";

/** Settings that the relay or its Azure resources depend on. */
type RelaySettings = Pick<
  Settings,
  | RelaySetting
  | "signingKeys"
  | "nodeVersion"
  | "instanceMemory"
  | "maximumInstances"
  | "alwaysReadyInstances"
  | "drainTimeoutSeconds"
>;

export interface WebhookRelayArgs
  extends RelaySettings,
    Pick<RelayMonitoringArgs, "alertEmails" | "logRetentionDays" | "silenceAlertHours"> {
  /** Where the relay posts events on to. */
  streamingUrl: pulumi.Input<string>;
  /** Adobe credential with which the relay gets access tokens; undefined where the streaming endpoint wants none. */
  credential: PlatformCredential | undefined;
  /** ISO time before which nothing is sent. */
  readyAt: pulumi.Input<string>;
  /** Declares what a destroy deletes after the drain, while the relay still answers. */
  afterDrain(dependsOn: pulumi.Resource[], healthUrl: pulumi.Output<string>): pulumi.Resource[];
}

/**
 * The relay in Azure: a function app on the Flex Consumption plan between Customer.io, which waits 4 seconds and holds
 * everything back after a failure, and Platform. Its own identity opens storage and vault; there are no account keys.
 */
export class WebhookRelay extends pulumi.ComponentResource {
  /** Where Customer.io posts events; stays the same for the life of the stack. */
  readonly url: pulumi.Output<string>;
  /** Where the relay says how it is. */
  readonly healthUrl: pulumi.Output<string>;
  /** Azure Resource Manager id of the queue in which events wait. */
  readonly queueId: pulumi.Output<string>;
  /** What a destroy deletes one by one. Queues, containers, secrets and settings go with what holds them. */
  readonly parts: Readonly<Record<string, AzurePart>>;
  /** What has to be there before Customer.io may send, and has to go after it has stopped. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, args: WebhookRelayArgs, options?: pulumi.ComponentResourceOptions) {
    super("customerio-aep:index:WebhookRelay", name, {}, options);
    const parent = { parent: this };
    const { subscriptionId, tenantId } = getClientConfigOutput(parent);

    const group = new ResourceGroup(
      azureName("resourceGroup", name),
      {},
      { ...parent, aliases: formerNames("resourceGroup", name) },
    );
    // Another provider of the program's own has a region of its own.
    if (this.getProvider("azure-native:resources:ResourceGroup") === undefined) warnOfOtherRegion(group);
    const inGroup = { resourceGroupName: group.name };
    const identity = new UserAssignedIdentity(azureName("identity", `${name}-identity`), inGroup, parent);
    const storage = new RelayStorage(`${name}-storage`, { ...inGroup, relayName: name }, parent);
    const monitoring = new RelayMonitoring(
      `${name}-monitoring`,
      { ...inGroup, resourceGroupId: group.id, ...args, expectsEvents: args.signingKeys !== undefined },
      parent,
    );
    const vault = new keyvault.Vault(
      azureName("vault", compactStem(name)),
      { ...inGroup, properties: { tenantId, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true } },
      { ...parent, aliases: formerNames("vault", name) },
    );
    const roles: Record<string, ArmResource> = {};
    const grant = (role: Parameters<typeof assignRole>[1]["role"], scope: pulumi.Input<string>) => {
      const roleArgs = { role, scope, subscriptionId, principalId: identity.principalId };
      roles[`role ${role}`] = assignRole(`${name}-${role}`, roleArgs, parent);
    };
    grant("storage-blob-data-owner", storage.accountId);
    grant("storage-queue-data-contributor", storage.accountId);
    grant("storage-table-data-contributor", storage.accountId);
    grant("key-vault-secrets-user", vault.id);
    grant("monitoring-metrics-publisher", monitoring.componentId);

    const reference = (setting: string, value: pulumi.Input<string>) => {
      const secretArgs = { vaultId: vault.id, name: setting, value };
      const aliases = [{ type: "azure-native:keyvault:Secret" }];
      const secret = new VaultSecret(`${name}-${setting}`, secretArgs, { ...parent, aliases });
      // With its version, so that a new value is a new setting, which the app takes at once.
      return pulumi.interpolate`@Microsoft.KeyVault(SecretUri=${secret.uriWithVersion})`;
    };
    // Secrets are there without a value too: Azure Resource Manager can't delete one.
    const signingKeys = reference(signingKeysSecret, args.signingKeys ?? noSigningKey);
    const clientSecret = reference("platform-client-secret", args.credential?.clientSecret ?? "none");
    const settings = {
      ...relayAppSettings(args, {
        PLATFORM_STREAMING_URL: reference("platform-streaming-url", args.streamingUrl),
        PLATFORM_READY_AT: args.readyAt,
        FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(hostBodyLimit),
        PLATFORM_IMS_URL: args.credential?.imsUrl,
        PLATFORM_CLIENT_ID: args.credential?.clientId,
        PLATFORM_SCOPES: args.credential?.scopes,
        PLATFORM_ORG_ID: args.credential?.orgId,
        PLATFORM_CLIENT_SECRET: args.credential && clientSecret,
        CUSTOMERIO_SIGNING_KEYS: args.signingKeys && signingKeys,
        ...storage.connection("RELAY_STORAGE", identity.clientId),
      }),
      ...storage.connection("AzureWebJobsStorage", identity.clientId),
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.connectionString,
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: pulumi.interpolate`ClientId=${identity.clientId};Authorization=AAD`,
    };

    const planStem = azureName("plan", `${name}-plan`);
    const plan = new AppServicePlan(
      planStem,
      {
        resourceGroupId: group.id,
        // An app keeps the account that it has: a new account gets a plan and an app of its own, and the old app empties the old one.
        planName: storage.accountId.apply((id) => planStem + addedDigits(id)),
        body: {
          location: group.location,
          kind: "functionapp",
          sku: { name: "FC1", tier: "FlexConsumption" },
          properties: { reserved: true },
        },
      },
      { ...parent, aliases: [{ type: "azure-native:web:AppServicePlan" }] },
    );
    const formerApp = { type: "azure-native:web:WebApp" };
    const app = new FunctionApp(
      azureName("site", name),
      {
        resourceGroupId: group.id,
        // A plan takes one app. One that an interrupted `up` made, but could not note, is found under this name.
        siteName: plan.id.apply(lastPart),
        body: {
          location: plan.location,
          kind: "functionapp,linux",
          identity: {
            type: "UserAssigned",
            userAssignedIdentities: identity.id.apply((id): Record<string, object> => ({ [id]: {} })),
          },
          properties: {
            serverFarmId: plan.id,
            reserved: true,
            httpsOnly: true,
            keyVaultReferenceIdentity: identity.id,
            functionAppConfig: {
              deployment: {
                storage: {
                  type: "blobContainer",
                  value: storage.codeContainerUrl,
                  authentication: { type: "UserAssignedIdentity", userAssignedIdentityResourceId: identity.id },
                },
              },
              runtime: { name: "node", version: textOf(args.nodeVersion) },
              scaleAndConcurrency: {
                instanceMemoryMB: args.instanceMemory,
                maximumInstanceCount: args.maximumInstances,
                alwaysReady: derive(args.alwaysReadyInstances, (instanceCount) =>
                  instanceCount > 0 ? [{ name: "http", instanceCount }] : [],
                ),
                // The intake only verifies and enqueues; more calls share an instance than Azure's default of 16.
                triggers: { http: { perInstanceConcurrency: 100 } },
              },
            },
          },
        },
      },
      {
        ...parent,
        aliases: [formerApp, ...formerNames("site", name).map((alias) => Object.assign({}, formerApp, alias))],
        dependsOn: [...Object.values(roles), ...storage.resources],
      },
    );
    // From the id: an app that an earlier version made has another name than the program gives it now.
    const appName = app.id.apply(lastPart);
    const basicAuth = { ...inGroup, name: appName, allow: false };
    // Parts of the app, which go with it. To delete one alone is to reset it, of an app that may still be at work.
    const ofTheApp = { ...parent, retainOnDelete: true, deleteBeforeReplace: false };
    new web.WebAppFtpAllowed(`${name}-ftp`, basicAuth, ofTheApp);
    new web.WebAppScmAllowed(`${name}-scm`, basicAuth, ofTheApp);
    // What the instances say of themselves, so that the settings in force can be compared.
    const configuration = pulumi.all(settings).apply(fingerprint);
    const appSettings = new web.WebAppApplicationSettings(
      `${name}-settings`,
      { ...inGroup, name: appName, properties: { ...settings, RELAY_CONFIGURATION: configuration } },
      ofTheApp,
    );
    const code = new FunctionCode(
      `${name}-code`,
      {
        siteId: app.id,
        hostName: app.hostName,
        scmHostName: app.scmHostName,
        package: new pulumi.asset.FileArchive(relayPackage()),
        configuration,
        queueId: storage.eventsQueueId,
      },
      { ...parent, dependsOn: appSettings },
    );
    this.healthUrl = pulumi.interpolate`https://${app.hostName}/health`;
    this.queueId = storage.eventsQueueId;
    // What nothing is remembered of needs no successor.
    const remembered = pulumi.output(args.duplicateWindowDays).apply((days) => days > 0);
    const ifRemembered = (value: pulumi.Output<string>) =>
      pulumi.all([remembered, value]).apply(([isRemembered, known]) => (isRemembered ? known : undefined));
    const drain = new QueueDrain(
      `${name}-drain`,
      {
        queueId: storage.eventsQueueId,
        healthUrl: this.healthUrl,
        takeoverUrl: ifRemembered(pulumi.interpolate`https://${app.hostName}/takeover`),
        principalId: ifRemembered(identity.principalId),
        timeoutSeconds: args.drainTimeoutSeconds,
      },
      // The engine must not end the wait before the resource itself does, which tells what is left; an hour more is for a successor.
      {
        ...parent,
        dependsOn: [code, ...args.afterDrain([code], this.healthUrl)],
        customTimeouts: { delete: `${args.drainTimeoutSeconds + 3660}s` },
      },
    );

    const availability = new AvailabilityTest(
      `${name}-availability`,
      {
        ...inGroup,
        componentId: monitoring.componentId,
        actionGroupId: monitoring.actionGroupId,
        url: this.healthUrl,
      },
      // Once the code works, and gone before it is: a relay that is being made or taken down wakes nobody.
      { ...parent, dependsOn: code },
    );

    this.url = pulumi.interpolate`https://${app.hostName}/customerio`;
    this.ready = [code, drain];
    this.parts = {
      "resource group": nativePart(group),
      identity: nativePart(identity),
      "storage account": nativePart(storage.account),
      vault: nativePart(vault),
      ...monitoring.parts,
      ...Object.fromEntries(Object.entries(roles).map(([name, role]) => [name, armPart(role)])),
      plan: { id: plan.id, apiVersion: webApiVersion },
      "function app": { id: app.id, apiVersion: webApiVersion },
      ...availability.parts,
    };
    this.registerOutputs({ url: this.url });
  }
}

/** Of an id of Azure Resource Manager: the object's own name. */
function lastPart(id: string): string {
  return id.split("/").at(-1) ?? "";
}

function textOf(value: pulumi.Input<number>): pulumi.Input<string> {
  return derive(value, String);
}

/** Tells two sets of settings apart. They hold references, no secrets. */
function fingerprint(settings: Record<string, string>): string {
  return createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 16);
}

function relayPackage(): string {
  const folder = path.resolve(import.meta.dirname, "../../relay/dist");
  if (!existsSync(path.join(folder, "host.json"))) {
    throw new pulumi.RunError("The relay's code is not built yet (relay/dist is missing). Build it: npm run build");
  }
  const { version } = packageManifest(folder);
  if (version !== manifest.version) {
    throw new pulumi.RunError(
      `The relay's code in relay/dist has version ${version}, but the program has ${manifest.version}. Build it again: npm run build`,
    );
  }
  return folder;
}
