/** Of Azure's Storage Resource Provider. */
export const storageApiVersion = "2024-01-01";

/** What makes the storage account safe in every environment, in azure-native's words. */
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

/** The same of the function app. */
export const safeSite = {
  reserved: true,
  httpsOnly: true,
  siteConfig: { minTlsVersion: "1.2", scmMinTlsVersion: "1.2" },
} as const;
