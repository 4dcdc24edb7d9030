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

/**
 * Whether storage and vault can be reached from outside. Undefined if the user has not chosen, which keeps Azure's
 * default.
 */
export function publicAccessOf({ enabled, publicAccess }: PrivateNetwork): "Enabled" | "Disabled" | undefined {
  if (enabled === undefined) return undefined;
  return enabled && !publicAccess ? "Disabled" : "Enabled";
}

/** Who has access besides private endpoints. */
export function networkRules(publicAccess: "Enabled" | "Disabled") {
  return { defaultAction: publicAccess === "Enabled" ? "Allow" : "Deny", bypass: "None" } as const;
}
