/** The tag that the policy `tags` requires, and the regions that `regions` allows. */
const requiredTag = "costCenter";
const allowedRegions = ["westeurope", "northeurope", "global"];

/** One of Microsoft's built-in policies, assigned with the effect Deny (Microsoft, "Azure Policy built-in definitions"). */
export interface Policy {
  readonly displayName: string;
  /** GUID of the definition. */
  readonly definition: string;
  /** ARM types that it applies to, in lower case; default: every type that is in a region. */
  readonly types?: readonly string[];
  /** The property that it checks, as Azure names it. */
  readonly path: string;
  /** Whether it allows the value. */
  readonly allows: (value: unknown) => boolean;
}

const account = ["microsoft.storage/storageaccounts"];

export const policies = {
  "public-blobs": {
    displayName: "Storage account public access should be disallowed",
    definition: "4fa4b6c0-31ca-4c0d-b10d-24b96f62a751",
    types: account,
    path: "properties.allowBlobPublicAccess",
    allows: (value) => value === false,
  },
  "shared-keys": {
    displayName: "Storage accounts should prevent shared key access",
    definition: "8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54",
    types: account,
    path: "properties.allowSharedKeyAccess",
    allows: (value) => value === false,
  },
  tls: {
    displayName: "Storage accounts should have the specified minimum TLS version",
    definition: "fe83a0eb-a853-422d-aac2-1bffd182c5d0",
    types: account,
    path: "properties.minimumTlsVersion",
    allows: (value) => value === "TLS1_2" || value === "TLS1_3",
  },
  redundancy: {
    displayName: "Storage accounts should be limited by allowed SKUs",
    definition: "7433c107-6db4-4ad1-b57a-a76dce0154a1",
    types: account,
    path: "sku.name",
    allows: (value) => typeof value === "string" && value.endsWith("ZRS"),
  },
  "public-network": {
    displayName: "Storage accounts should disable public network access",
    definition: "b2982f36-99f2-4db5-8eff-283140c09693",
    types: account,
    path: "properties.publicNetworkAccess",
    allows: (value) => value === "Disabled",
  },
  "network-rules": {
    displayName: "Storage accounts should restrict network access",
    definition: "34c877ad-507e-4c82-993e-3452a6e0ad3c",
    types: account,
    path: "properties.networkAcls.defaultAction",
    allows: (value) => value === "Deny",
  },
  "purge-protection": {
    displayName: "Key vaults should have deletion protection enabled",
    definition: "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53",
    types: ["microsoft.keyvault/vaults"],
    path: "properties.enablePurgeProtection",
    allows: (value) => value === true,
  },
  "https-only": {
    displayName: "Function apps should only be accessible over HTTPS",
    definition: "6d555dd1-86f2-4f1c-8ed7-5abae7c6cbab",
    types: ["microsoft.web/sites"],
    path: "properties.httpsOnly",
    allows: (value) => value === true,
  },
  tags: {
    displayName: "Require a tag on resources",
    definition: "871b6d14-10aa-478d-b590-94f262ecfa99",
    path: `tags['${requiredTag}']`,
    allows: (value) => value !== undefined,
  },
  regions: {
    displayName: "Allowed locations",
    definition: "e56962a6-4747-49cd-b67b-bf8b01975c4c",
    path: "location",
    allows: (value) => allowedRegions.includes(String(value).toLowerCase().replaceAll(" ", "")),
  },
} as const satisfies Record<string, Policy>;

export type PolicyName = keyof typeof policies;
