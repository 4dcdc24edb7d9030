import { createHash } from "node:crypto";
import { WebAppApplicationSettings } from "@pulumi/azure-native/web/webAppApplicationSettings.js";
import { WebAppFtpAllowed } from "@pulumi/azure-native/web/webAppFtpAllowed.js";
import { WebAppScmAllowed } from "@pulumi/azure-native/web/webAppScmAllowed.js";
import * as pulumi from "@pulumi/pulumi";
import { memoryBudget } from "../../relay/core/intake/memory-budget.ts";
import { webApiVersion } from "../../relay/deploy/api-versions.ts";
import { AppServicePlan, FunctionApp, FunctionCode } from "../../relay/deploy/sdk.ts";
import { derive } from "../settings/inputs.ts";
import type { Settings } from "../settings/setting-types.ts";
import { azureName, digestDigits, formerNames } from "./azure/azure-names.ts";
import type { AzurePart } from "./azure/azure-parts.ts";
import type { AzureProfile } from "./azure/azure-profile.ts";
import { safeSite } from "./azure/safe-properties.ts";
import type { AccessRestrictions } from "./network/access-restrictions.ts";
import type { RelayIdentity } from "./relay-identity.ts";
import { relayPackage } from "./relay-package.ts";
import type { RelayStorage } from "./storage/relay-storage.ts";

/** The settings of the app's instances. */
type InstanceSettings = Pick<Settings, "nodeVersion" | "instanceMemory" | "maximumInstances" | "alwaysReadyInstances">;

export interface RelayAppArgs extends InstanceSettings {
  resourceGroup: {
    readonly id: pulumi.Output<string>;
    readonly name: pulumi.Output<string>;
    readonly location: pulumi.Output<string>;
  };
  /** The app's identity in Azure, with all roles that it needs. */
  identity: RelayIdentity;
  storage: RelayStorage;
  /** The container of the deployed code. */
  codeContainerUrl: pulumi.Input<string>;
  /** Whether that container is in a separate account. */
  hasHostStorage: boolean;
  /** What is in the storage accounts. */
  stored: readonly pulumi.Resource[];
  /** A prefix for the names of app and plan, instead of a generated one. */
  siteName?: pulumi.Input<string> | undefined;
  profile: Pick<AzureProfile, "zoneRedundant">;
  /** The allowed callers; undefined: everyone. */
  access?: pulumi.Output<AccessRestrictions> | undefined;
  /** The network through which the app reaches everything; undefined: the internet. */
  network?: { readonly appSubnetId: pulumi.Output<string>; readonly ready: readonly pulumi.Resource[] } | undefined;
  /** The app settings without their digest. They contain references, not secrets. */
  settings: Readonly<Record<string, pulumi.Input<string>>>;
  /** What must succeed before the settings are written. */
  check: pulumi.Output<void>;
}

/** The function app with its plan, its settings, and the relay's deployed code. */
export class RelayApp {
  readonly id: pulumi.Output<string>;
  readonly hostName: pulumi.Output<string>;
  readonly code: FunctionCode;
  readonly parts: Readonly<Record<string, AzurePart>>;

  constructor(name: string, args: RelayAppArgs, options: pulumi.CustomResourceOptions) {
    const plan = planOf(name, args, options);
    const app = createApp(plan, name, args, options);
    const { settings, configuration, properties } = configure(app, name, args, options);
    this.id = app.id;
    this.hostName = app.hostName;
    this.code = new FunctionCode(
      `${name}-code`,
      {
        siteId: app.id,
        hostName: app.hostName,
        scmHostName: app.scmHostName,
        package: new pulumi.asset.FileArchive(relayPackage()),
        configuration,
        settings: properties,
        // Only in this case, so that nothing changes for a stack with one account: its app has always had the same container.
        ...(args.hasHostStorage ? { packageContainer: args.codeContainerUrl } : {}),
        queueId: args.storage.eventsQueueId,
      },
      { ...options, dependsOn: settings },
    );
    this.parts = {
      plan: { id: plan.id, apiVersion: webApiVersion },
      "function app": { id: app.id, apiVersion: webApiVersion },
    };
  }
}

function planOf(
  name: string,
  { resourceGroup, storage, siteName, profile }: RelayAppArgs,
  options: pulumi.CustomResourceOptions,
): AppServicePlan {
  const planStem = azureName("plan", `${name}-plan`);
  return new AppServicePlan(
    planStem,
    {
      resourceGroupId: resourceGroup.id,
      // An app keeps its account: a new account gets a new plan and app, and the old app empties the old account.
      planName: pulumi.all([siteName, storage.account.id]).apply(([given, id]) => {
        return (given === undefined ? planStem : `${given}-`) + digestDigits(id);
      }),
      body: {
        location: resourceGroup.location,
        kind: "functionapp",
        sku: { name: "FC1", tier: "FlexConsumption" },
        properties: { reserved: true, zoneRedundant: profile.zoneRedundant },
      },
    },
    { ...options, aliases: [{ type: "azure-native:web:AppServicePlan" }] },
  );
}

function createApp(
  plan: AppServicePlan,
  name: string,
  { resourceGroup, identity, ...args }: RelayAppArgs,
  options: pulumi.CustomResourceOptions,
): FunctionApp {
  const formerApp = { type: "azure-native:web:WebApp" };
  return new FunctionApp(
    azureName("site", name),
    {
      resourceGroupId: resourceGroup.id,
      // A plan has one app. An app that an interrupted `up` could not record is found under this name.
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
          keyVaultReferenceIdentity: identity.id,
          ...safeSite,
          ...(args.access && {
            siteConfig: args.access.apply((rules) => ({ ...safeSite.siteConfig, ...rules })),
          }),
          ...(args.network && { virtualNetworkSubnetId: args.network.appSubnetId }),
          functionAppConfig: {
            deployment: {
              storage: {
                type: "blobContainer",
                value: args.codeContainerUrl,
                authentication: { type: "UserAssignedIdentity", userAssignedIdentityResourceId: identity.id },
              },
            },
            runtime: { name: "node", version: derive(args.nodeVersion, String) },
            scaleAndConcurrency: {
              instanceMemoryMB: args.instanceMemory,
              maximumInstanceCount: args.maximumInstances,
              alwaysReady: derive(args.alwaysReadyInstances, (instanceCount) =>
                instanceCount > 0 ? [{ name: "http", instanceCount }] : [],
              ),
              triggers: {
                http: {
                  perInstanceConcurrency: derive(args.instanceMemory, (memory) => memoryBudget(memory).calls),
                },
              },
            },
          },
        },
      },
    },
    {
      ...options,
      aliases: [formerApp, ...formerNames("site", name).map((alias) => Object.assign({}, formerApp, alias))],
      dependsOn: [...identity.roles, ...args.stored, ...(args.network?.ready ?? [])],
    },
  );
}

/** Switches passwords off and writes the app settings. */
function configure(
  app: FunctionApp,
  name: string,
  { resourceGroup, settings, check }: RelayAppArgs,
  options: pulumi.CustomResourceOptions,
) {
  // From the id, since an app of an earlier version has a different name from the program's.
  const ofApp = { resourceGroupName: resourceGroup.name, name: app.id.apply(lastPart) };
  // Parts of the app, which are deleted with it. Deleting one alone would reset it in an app that may still run.
  const goesWithApp = { ...options, retainOnDelete: true, deleteBeforeReplace: false };
  new WebAppFtpAllowed(`${name}-ftp`, { ...ofApp, allow: false }, goesWithApp);
  new WebAppScmAllowed(`${name}-scm`, { ...ofApp, allow: false }, goesWithApp);
  // Reported by the instances, so that the settings in force can be compared.
  const configuration = pulumi.all([pulumi.all(settings), check]).apply(([known]) => fingerprint(known));
  const properties = { ...settings, RELAY_CONFIGURATION: configuration };
  const appSettings = new WebAppApplicationSettings(`${name}-settings`, { ...ofApp, properties }, goesWithApp);
  return { settings: appSettings, configuration, properties };
}

/** The last segment of an Azure Resource Manager id: the object's name. */
function lastPart(id: string): string {
  return id.split("/").at(-1) ?? "";
}

/** Distinguishes sets of settings. They contain references, not secrets. */
function fingerprint(settings: Record<string, string>): string {
  return createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 16);
}
