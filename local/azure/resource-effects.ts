import { randomBytes, randomUUID } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { Archive, isMap, type PropertyMap, reveal } from "../../providers/kit/values.ts";
import { ArmError } from "./arm-error.ts";
import { sitesOn } from "./flex-refusals.ts";
import { zipFolder } from "./folder-archive.ts";
import type { FunctionApps } from "./function-apps.ts";
import type { Request } from "./refusals.ts";
import type { StorageAccounts } from "./storage-accounts.ts";
import { type Resource, type Subscription, text, valueAt } from "./subscription.ts";
import type { AzureSwitches } from "./switches.ts";

/** What the effects of resources work on. */
export interface AzureParts {
  readonly subscription: Subscription;
  readonly storage: StorageAccounts;
  readonly apps: FunctionApps;
  readonly switches: AzureSwitches;
}

/** What happens in Azure when a resource comes, changes or goes; each yields the outputs that only Azure knows. */
interface Effects {
  readonly create?: (request: Request, parts: AzureParts) => PropertyMap | Promise<PropertyMap>;
  readonly update?: (
    request: Request & { existing: Resource },
    parts: AzureParts,
  ) => PropertyMap | Promise<PropertyMap>;
  /** Throws an `ArmError` where Azure refuses. */
  readonly refuseDelete?: (resource: Resource, parts: AzureParts) => void;
  readonly delete?: (resource: Resource, parts: AzureParts) => void | Promise<void>;
  /** Outputs that change by themselves. */
  readonly read?: (resource: Resource, parts: AzureParts) => Promise<PropertyMap>;
}

export function effectsOf(token: string): Effects {
  return effects[token] ?? {};
}

const effects: Record<string, Effects> = {
  "azure-native:resources:ResourceGroup": { create: () => ({ properties: { provisioningState: "Succeeded" } }) },
  "azure-native:storage:StorageAccount": {
    create: async ({ id, name, inputs }, { storage }) => {
      const azurite = await storage.create(id, name, inputs);
      // Azurite has no files, data lake or static sites: those addresses have the public cloud's form and lead nowhere.
      const elsewhere = (service: string) => `https://${name}.${service}.core.windows.net/`;
      return {
        primaryEndpoints: {
          blob: azurite.endpoint("blob"),
          queue: azurite.endpoint("queue"),
          table: azurite.endpoint("table"),
          file: elsewhere("file"),
          dfs: elsewhere("dfs"),
          web: elsewhere("web"),
        },
        primaryLocation: text(inputs, "location"),
        statusOfPrimary: "available",
        creationTime: new Date().toISOString(),
        provisioningState: "Succeeded",
      };
    },
    delete: ({ id }, { storage }) => storage.delete(id),
  },
  "azure-native:storage:Queue": {
    create: async ({ id, name }, { storage }) => {
      await storage.queues(accountOf(id)).getQueueClient(name).createIfNotExists();
      return { approximateMessageCount: 0 };
    },
    delete: async ({ id, name }, { storage }) => {
      await storage.queues(accountOf(id)).getQueueClient(name).deleteIfExists();
    },
    read: async ({ id, name }, { storage }) => {
      const properties = await storage.queues(accountOf(id)).getQueueClient(name).getProperties();
      return { approximateMessageCount: properties.approximateMessagesCount ?? 0 };
    },
  },
  "azure-native:storage:BlobContainer": {
    create: async ({ id, name }, { storage }) => {
      const container = storage.blobs(accountOf(id)).getContainerClient(name);
      await container.createIfNotExists();
      const { etag, lastModified } = await container.getProperties();
      return {
        etag: etag ?? "",
        lastModifiedTime: lastModified?.toISOString() ?? "",
        leaseState: "Available",
        leaseStatus: "Unlocked",
        hasImmutabilityPolicy: false,
        hasLegalHold: false,
      };
    },
    delete: async ({ id, name }, { storage }) => {
      await storage.blobs(accountOf(id)).getContainerClient(name).deleteIfExists();
    },
  },
  "azure-native:storage:Blob": {
    create: async ({ id, name, inputs }, { storage }) => {
      const container = storage.blobs(accountOf(id)).getContainerClient(text(inputs, "containerName"));
      const blob = container.getBlockBlobClient(name);
      await blob.uploadData(await contentOf(inputs));
      return { url: blob.url };
    },
    delete: async ({ id, name, inputs }, { storage }) => {
      const container = storage.blobs(accountOf(id)).getContainerClient(text(inputs, "containerName"));
      await container.getBlobClient(name).deleteIfExists();
    },
  },
  "azure-native:storage:ManagementPolicy": { create: () => ({ lastModifiedTime: new Date().toISOString() }) },
  "azure-native:web:AppServicePlan": {
    create: ({ id, inputs }) => ({
      status: "Ready",
      geoRegion: text(inputs, "location"),
      numberOfSites: 0,
      provisioningState: "Succeeded",
      resourceGroup: id.split("/")[4] ?? "",
      subscription: id.split("/")[2] ?? "",
    }),
    refuseDelete: ({ id, name }, { subscription }) => {
      const sites = sitesOn(subscription, id).map((site) => site.name);
      if (sites.length === 0) return;
      const message = `Server farm '${name}' cannot be deleted because it has web app(s) ${sites.join(", ")} assigned to it.`;
      throw new ArmError(409, "Conflict", message);
    },
  },
  "azure-native:web:WebApp": {
    create: async ({ id, name, inputs }, { apps, subscription }) => {
      const app = await apps.create(id, name);
      await app.changeSettings(inlineSettings(inputs) ?? {});
      return {
        defaultHostName: app.hostName,
        hostNames: [app.hostName],
        enabledHostNames: [app.hostName, app.scmHostName],
        hostNameSslStates: [
          { hostType: "Standard", name: app.hostName, sslState: "Disabled" },
          { hostType: "Repository", name: app.scmHostName, sslState: "Disabled" },
        ],
        state: "Running",
        usageState: "Normal",
        availabilityState: "Normal",
        outboundIpAddresses: "127.0.0.1",
        possibleOutboundIpAddresses: "127.0.0.1",
        customDomainVerificationId: randomBytes(32).toString("hex").toUpperCase(),
        lastModifiedTimeUtc: new Date().toISOString(),
        repositorySiteName: name,
        resourceGroup: id.split("/")[4] ?? "",
        ...identityOutput(inputs, subscription),
      };
    },
    update: ({ inputs, existing }, { subscription }) => identityOutput(inputs, subscription, existing),
    delete: ({ id }, { apps }) => apps.delete(id),
  },
  "azure-native:web:WebAppApplicationSettings": {
    create: async ({ id, inputs }, { apps }) => {
      await apps.get(siteOf(id)).changeSettings(settingsOf(inputs));
      return {};
    },
    update: async ({ id, inputs }, { apps }) => {
      await apps.get(siteOf(id)).changeSettings(settingsOf(inputs));
      return {};
    },
    // It is part of the site: to delete it is to empty it.
    delete: ({ id }, { apps }) => apps.get(siteOf(id)).changeSettings({}),
  },
  "azure-native:keyvault:Vault": {
    create: ({ name }, { subscription }) => {
      const deleted = subscription.deletedVaults.get(name.toLowerCase());
      subscription.deletedVaults.delete(name.toLowerCase());
      for (const secret of deleted?.secrets ?? []) subscription.put(secret);
      const vaultUri = `https://${name.toLowerCase()}.vault.azure.net/`;
      return { properties: { vaultUri, provisioningState: "Succeeded" } };
    },
    delete: (vault, { subscription }) => {
      const secrets = subscription.tree(vault.id).filter(({ type }) => type.token === "azure-native:keyvault:Secret");
      subscription.deletedVaults.set(vault.name.toLowerCase(), { vault, secrets });
      for (const { id } of secrets) subscription.remove(id);
    },
  },
  "azure-native:keyvault:Secret": {
    create: ({ name, inputs }) => secretOutputs(text(inputs, "vaultName"), name),
    update: ({ name, inputs, existing }) =>
      text(inputs, "properties.value") === text(existing.inputs, "properties.value")
        ? {}
        : secretOutputs(text(inputs, "vaultName"), name),
    delete: ({ id }, { subscription }) => {
      subscription.deletedSecrets.add(id.toLowerCase());
    },
  },
  "azure-native:authorization:RoleAssignment": {
    create: ({ id, inputs }, { subscription, switches }) => {
      subscription.grant(id, {
        principalId: text(inputs, "principalId"),
        roleDefinitionId: text(inputs, "roleDefinitionId"),
        scope: text(inputs, "scope"),
        activeFrom: Date.now() + switches.roleAssignmentDelay,
      });
      const now = new Date().toISOString();
      return { createdOn: now, updatedOn: now, createdBy: "", updatedBy: "" };
    },
  },
  "azure-native:managedidentity:UserAssignedIdentity": {
    create: (_request, { subscription }) => ({
      principalId: randomUUID(),
      clientId: randomUUID(),
      tenantId: subscription.tenantId,
    }),
  },
  "azure-native:applicationinsights:Component": {
    create: ({ name, inputs }, { subscription }) => {
      const [instrumentationKey, appId, location] = [randomUUID(), randomUUID(), text(inputs, "location")];
      return {
        instrumentationKey,
        appId,
        applicationId: name,
        connectionString:
          `InstrumentationKey=${instrumentationKey};IngestionEndpoint=https://${location}-0.in.applicationinsights.azure.com/;` +
          `LiveEndpoint=https://${location}.livediagnostics.monitor.azure.com/;ApplicationId=${appId}`,
        creationDate: new Date().toISOString(),
        provisioningState: "Succeeded",
        tenantId: subscription.tenantId,
      };
    },
  },
  "azure-native:applicationinsights:Workbook": {
    create: () => ({ timeModified: new Date().toISOString(), revision: "1", userId: "", etag: randomUUID() }),
  },
  "azure-native:operationalinsights:Workspace": {
    create: () => {
      const now = new Date().toISOString();
      const etag = randomUUID();
      return { customerId: randomUUID(), createdDate: now, modifiedDate: now, provisioningState: "Succeeded", etag };
    },
  },
  "azure-native:monitor:MetricAlert": {
    create: () => ({ lastUpdatedTime: new Date().toISOString(), isMigrated: false }),
  },
  "azure-native:monitor:ScheduledQueryRule": {
    create: ({ type }) => ({ createdWithApiVersion: type.apiVersion, etag: randomUUID() }),
  },
};

/** The storage account that a queue or container is part of. */
export function accountOf(id: string): string {
  return id.replace(/\/(queue|blob)Services\/.*$/i, "");
}

/** The site that a configuration is part of. */
function siteOf(id: string): string {
  return id.replace(/\/config\/[^/]+$/i, "");
}

function settingsOf(inputs: PropertyMap): Record<string, string> {
  const properties = valueAt(inputs, "properties");
  return Object.fromEntries(
    Object.entries(isMap(properties) ? properties : {}).map(([name, value]) => [name, String(value)]),
  );
}

/** App settings given as `siteConfig.appSettings`. */
export function inlineSettings(inputs: PropertyMap): Record<string, string> | undefined {
  const settings = valueAt(inputs, "siteConfig.appSettings");
  if (!Array.isArray(settings)) return undefined;
  return Object.fromEntries(settings.filter(isMap).map(({ name, value }) => [String(name), String(value ?? "")]));
}

function secretOutputs(vaultName: string, name: string): PropertyMap {
  const secretUri = `https://${vaultName.toLowerCase()}.vault.azure.net/secrets/${name}`;
  return { properties: { secretUri, secretUriWithVersion: `${secretUri}/${randomBytes(16).toString("hex")}` } };
}

/** A list of identities goes in; out comes a map with what Azure knows of each. */
function identityOutput(inputs: PropertyMap, subscription: Subscription, existing?: Resource): PropertyMap {
  const identity = valueAt(inputs, "identity");
  if (!isMap(identity)) return {};
  const given = identity.userAssignedIdentities;
  const ids = Array.isArray(given) ? given.map(String) : Object.keys(isMap(given) ? given : {});
  const userAssignedIdentities = Object.fromEntries(
    ids.map((id) => {
      const outputs = subscription.get(id)?.outputs ?? {};
      return [id, { principalId: text(outputs, "principalId"), clientId: text(outputs, "clientId") }];
    }),
  );
  const isSystemAssigned = String(identity.type ?? "").includes("SystemAssigned");
  const principalId = (existing && text(existing.outputs, "identity.principalId")) || randomUUID();
  return {
    identity: {
      type: identity.type ?? "None",
      ...(ids.length > 0 && { userAssignedIdentities }),
      ...(isSystemAssigned && { principalId, tenantId: subscription.tenantId }),
    },
  };
}

async function contentOf(inputs: PropertyMap): Promise<Uint8Array> {
  const source = inputs.source === undefined ? undefined : reveal(inputs.source);
  if (!(source instanceof Archive)) throw new Error("The local cloud uploads blobs from a FileArchive only.");
  return (await stat(source.path)).isDirectory() ? zipFolder(source.path) : readFile(source.path);
}
