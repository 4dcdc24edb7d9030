import { randomUUID } from "node:crypto";
import { isMap, type PropertyMap } from "pulumi-provider-kit";
import { textAt } from "../arm/subscription.ts";
import type { Grant } from "../identity/data-plane-authorization.ts";
import { refuseLogTableDeletion } from "../refusals/table-refusals.ts";
import type { Effects } from "./effects.ts";
import { networkEffects } from "./network-effects.ts";
import { secretEffects } from "./secret-effects.ts";
import { siteEffects } from "./site-effects.ts";
import { storageEffects } from "./storage-effects.ts";

const effects: Record<string, Effects> = {
  ...storageEffects,
  ...siteEffects,
  ...secretEffects,
  ...networkEffects,
  "azure-native:resources:ResourceGroup": { create: () => ({ properties: { provisioningState: "Succeeded" } }) },
  "azure-native:keyvault:Vault": {
    create: ({ name }, { subscription }) => {
      const deleted = subscription.deletedVaults.get(name.toLowerCase());
      subscription.deletedVaults.delete(name.toLowerCase());
      for (const secret of deleted?.secrets ?? []) subscription.put(secret);
      return { properties: { vaultUri: subscription.vaultUri(name), provisioningState: "Succeeded" } };
    },
    patch: (vault, properties, { subscription }) => {
      const change = (values: PropertyMap): PropertyMap => {
        return { ...values, properties: { ...(isMap(values.properties) && values.properties), ...properties } };
      };
      subscription.put({ ...vault, inputs: change(vault.inputs), outputs: change(vault.outputs) });
    },
    delete: (vault, { subscription }) => {
      const secrets = subscription.tree(vault.id).filter(({ type }) => type.token === "azure-native:keyvault:Secret");
      subscription.deletedVaults.set(vault.name.toLowerCase(), { vault, secrets });
      for (const { id } of secrets) subscription.remove(id);
    },
  },
  "azure-native:authorization:RoleAssignment": {
    create: ({ id, inputs }, { subscription, switches }) => {
      subscription.grant(id, grantOf(inputs, Date.now() + switches.roleAssignmentDelay));
      const now = new Date().toISOString();
      return { createdOn: now, updatedOn: now, createdBy: "", updatedBy: "" };
    },
    // Only the condition can change.
    update: ({ id, inputs }, { subscription }) => {
      subscription.grant(id, grantOf(inputs, subscription.grantOf(id)?.activeFrom ?? 0));
      return { updatedOn: new Date().toISOString() };
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
      const [instrumentationKey, appId, location] = [randomUUID(), randomUUID(), textAt(inputs, "location")];
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
  "azure-native:applicationinsights:WebTest": { create: () => ({ provisioningState: "Succeeded" }) },
  "azure-native:operationalinsights:Workspace": {
    create: () => {
      const now = new Date().toISOString();
      const etag = randomUUID();
      return { customerId: randomUUID(), createdDate: now, modifiedDate: now, provisioningState: "Succeeded", etag };
    },
  },
  "azure-native:operationalinsights:Table": {
    create: () => ({ provisioningState: "Succeeded" }),
    refuseDelete: ({ name }) => refuseLogTableDeletion(name),
  },
  "azure-native:eventgrid:EventSubscription": {
    create: () => ({ provisioningState: "Succeeded", systemData: { createdAt: new Date().toISOString() } }),
  },
  "azure-native:monitor:MetricAlert": {
    create: () => ({ lastUpdatedTime: new Date().toISOString(), isMigrated: false }),
  },
  "azure-native:monitor:ScheduledQueryRule": {
    create: ({ type }) => ({ createdWithApiVersion: type.apiVersion, etag: randomUUID() }),
  },
};

/** What creating, changing and deleting a resource of this type does in Azure. */
export function effectsOf(token: string): Effects {
  return effects[token] ?? {};
}

function grantOf(inputs: PropertyMap, activeFrom: number): Grant {
  const condition = textAt(inputs, "condition");
  return {
    principalId: textAt(inputs, "principalId"),
    roleDefinitionId: textAt(inputs, "roleDefinitionId"),
    scope: textAt(inputs, "scope"),
    activeFrom,
    ...(condition !== "" && { condition }),
  };
}
