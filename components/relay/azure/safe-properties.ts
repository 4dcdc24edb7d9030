import type { PrivateNetwork } from "../../../settings/network-settings.ts";

/** Properties that make the storage account safe in every environment, as azure-native names them. */
export const safeAccount = {
  allowBlobPublicAccess: false,
  allowSharedKeyAccess: false,
  allowCrossTenantReplication: false,
  allowedCopyScope: "AAD",
  isLocalUserEnabled: false,
  sasPolicy: { expirationAction: "Block", sasExpirationPeriod: "00.01:00:00" },
  encryption: {
    keySource: "Microsoft.Storage",
    requireInfrastructureEncryption: true,
    services: { blob: { enabled: true }, file: { enabled: true } },
  },
  defaultToOAuthAuthentication: true,
  enableHttpsTrafficOnly: true,
  minimumTlsVersion: "TLS1_2",
} as const;

/** The same for the function app. */
export const safeSite = {
  reserved: true,
  httpsOnly: true,
  siteConfig: { minTlsVersion: "1.2", scmMinTlsVersion: "1.2" },
} as const;

/** Whether storage and vault are reached from outside: undefined where nobody has chosen, and Azure's default is left as it is. */
export function publicAccessOf({ enabled, publicAccess }: PrivateNetwork): "Enabled" | "Disabled" | undefined {
  if (enabled === undefined) return undefined;
  return enabled && !publicAccess ? "Disabled" : "Enabled";
}

/** Who gets in besides private endpoints. */
export function networkRules(publicAccess: "Enabled" | "Disabled") {
  return { defaultAction: publicAccess === "Enabled" ? "Allow" : "Deny", bypass: "None" } as const;
}
