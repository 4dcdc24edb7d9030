import { randomBytes, randomUUID } from "node:crypto";
import { isMap, type PropertyMap } from "pulumi-provider-kit";
import { ArmError } from "../arm/arm-error.ts";
import { plainValueAt, type Resource, type Subscription, textAt } from "../arm/subscription.ts";
import { sitesOn } from "../refusals/flex-refusals.ts";
import type { Effects } from "./effects.ts";

/** App Service plans, function apps and their settings. */
export const siteEffects: Record<string, Effects> = {
  "azure-native:web:AppServicePlan": {
    create: ({ id, inputs }) => ({
      status: "Ready",
      geoRegion: textAt(inputs, "location"),
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
    update: async ({ id, inputs, existing }, { apps, subscription, switches }) => {
      const hasMoved = deploymentContainer(inputs) !== deploymentContainer(existing.inputs);
      if (hasMoved && switches.movedDeploymentStorage === "drops-code") await apps.get(id).uninstall();
      return identityOutput(inputs, subscription, existing);
    },
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
    // It is part of the site, so a deletion empties it.
    delete: ({ id }, { apps }) => apps.get(siteOf(id)).changeSettings({}),
  },
};

function deploymentContainer(inputs: PropertyMap): string {
  return textAt(inputs, "functionAppConfig.deployment.storage.value");
}

/** The site that a configuration is part of. */
function siteOf(id: string): string {
  return id.replace(/\/config\/[^/]+$/i, "");
}

function settingsOf(inputs: PropertyMap): Record<string, string> {
  const properties = plainValueAt(inputs, "properties");
  return Object.fromEntries(
    Object.entries(isMap(properties) ? properties : {}).map(([name, value]) => [name, String(value)]),
  );
}

/** App settings given as `siteConfig.appSettings`. */
export function inlineSettings(inputs: PropertyMap): Record<string, string> | undefined {
  const settings = plainValueAt(inputs, "siteConfig.appSettings");
  if (!Array.isArray(settings)) return undefined;
  return Object.fromEntries(settings.filter(isMap).map(({ name, value }) => [String(name), String(value ?? "")]));
}

/** Converts the list of identities to a map with Azure's properties of each. */
function identityOutput(inputs: PropertyMap, subscription: Subscription, existing?: Resource): PropertyMap {
  const identity = plainValueAt(inputs, "identity");
  if (!isMap(identity)) return {};
  const given = identity.userAssignedIdentities;
  const ids = Array.isArray(given) ? given.map(String) : Object.keys(isMap(given) ? given : {});
  const userAssignedIdentities = Object.fromEntries(
    ids.map((id) => {
      const outputs = subscription.get(id)?.outputs ?? {};
      return [id, { principalId: textAt(outputs, "principalId"), clientId: textAt(outputs, "clientId") }];
    }),
  );
  const isSystemAssigned = String(identity.type ?? "").includes("SystemAssigned");
  const principalId = (existing && textAt(existing.outputs, "identity.principalId")) || randomUUID();
  return {
    identity: {
      type: identity.type ?? "None",
      ...(ids.length > 0 && { userAssignedIdentities }),
      ...(isSystemAssigned && { principalId, tenantId: subscription.tenantId }),
    },
  };
}
