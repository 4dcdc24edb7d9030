import { z } from "zod";

/** The purpose of the relay: a trial, or events that must not be lost. */
export const environments = ["dev", "prod"] as const;
export type Environment = (typeof environments)[number];

function name(pattern: RegExp, words: string, what: string) {
  return z
    .string()
    .regex(pattern, `it must have ${words}`)
    .optional()
    .meta({ description: `${what}: ${words}.` });
}

function idOf(type: string, what: string) {
  const pattern = new RegExp(
    `^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/${type.replace(".", "\\.")}/[^/]+$`,
    "i",
  );
  return z
    .string()
    .regex(pattern, `it must be an id: /subscriptions/…/resourceGroups/…/providers/${type}/…`)
    .meta({ description: what });
}

/** The choices for the relay's resources in Azure. `environment` has a default for each. */
export const azureChoices = z.strictObject({
  storageRedundancy: z.enum(["LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS"]).meta({
    description:
      "Where Azure keeps the copies of what the relay has accepted: `LRS` in one datacenter, `ZRS` in three zones.",
  }),
  separateHostStorage: z.boolean().meta({
    description:
      "Whether the Functions host and the relay's code have a storage account of their own, apart from the one with the events.",
  }),
  zoneRedundant: z
    .boolean()
    .meta({ description: "Whether the function app's instances are spread over the region's zones." }),
  purgeProtection: z.boolean().meta({
    description:
      "Whether nobody can purge the deleted vault before `vaultRetentionDays` are over. `true` can't be undone.",
  }),
  vaultRetentionDays: z
    .int()
    .min(7)
    .max(90)
    .meta({ description: "Days for which a deleted vault can be recovered, fixed when the vault is created." }),
  secretLifetimeDays: z
    .int()
    .min(0)
    .max(3650)
    .refine((days) => days === 0 || days >= 60, "it must be 0, or 60 or more")
    .meta({
      description:
        "Days after which the secrets in the vault expire, 60 or more; once a quarter of them is over, `npx pulumi up` extends the date; 0: never.",
    }),
  disableFormerSecrets: z.boolean().meta({
    description:
      "Whether former versions of a secret are disabled in the vault once the relay works with the new one. The login needs the role Key " +
      "Vault Secrets Officer.",
  }),
  softDeleteDays: z
    .int()
    .min(0)
    .max(365)
    .meta({ description: "Days for which deleted and overwritten blobs can be recovered; 0: not at all." }),
  deleteLocks: z
    .boolean()
    .meta({ description: "Whether delete locks of Azure are on the storage account and the vault." }),
  protect: z.boolean().meta({ description: "Whether Pulumi refuses to delete what holds events." }),
  diagnosticSettings: z.boolean().meta({
    description: "Whether the workspace gets the audit logs of vault and blobs, and the function app's metrics.",
  }),
  dailyLogQuotaGb: z.number().min(0).max(4000).meta({
    description: "Gigabytes of logs a day, after which the workspace accepts no more until the next day; 0: no cap.",
  }),
});

export type AzureChoices = z.output<typeof azureChoices>;

/**
 * The choices of each environment. `dev` costs little and is quick to destroy. It is the default, since `prod` creates resources that
 * can't be undone (purge protection) or that refuse to be deleted (locks, `protect`). Users should get those only on request.
 */
export const environmentChoices: Readonly<Record<Environment, AzureChoices>> = {
  dev: {
    storageRedundancy: "LRS",
    separateHostStorage: false,
    zoneRedundant: false,
    purgeProtection: false,
    vaultRetentionDays: 7,
    secretLifetimeDays: 0,
    disableFormerSecrets: false,
    softDeleteDays: 0,
    deleteLocks: false,
    protect: false,
    diagnosticSettings: false,
    dailyLogQuotaGb: 0,
  },
  prod: {
    storageRedundancy: "ZRS",
    separateHostStorage: true,
    zoneRedundant: true,
    purgeProtection: true,
    vaultRetentionDays: 90,
    secretLifetimeDays: 365,
    disableFormerSecrets: true,
    softDeleteDays: 14,
    deleteLocks: true,
    protect: true,
    diagnosticSettings: true,
    dailyLogQuotaGb: 10,
  },
};

const accountName = /^[a-z0-9]{3,24}$/;
const accountWords = "3 to 24 lower-case letters and digits";

/** Names that replace generated ones, as in Azure's rules. */
export const azureNames = z
  .strictObject({
    resourceGroup: name(
      /^[-\w.()]{0,89}[-\w()]$/,
      "1 to 90 letters, digits and -_.(), with no period at the end",
      "Resource group",
    ),
    site: name(
      /^[a-z0-9][a-z0-9-]{0,49}[a-z0-9]$/i,
      "2 to 51 letters, digits and hyphens",
      "Beginning of the name of the function app and of its plan, to which a hyphen and 8 digits are added",
    ),
    identity: name(/^[a-z0-9][\w-]{2,127}$/i, "3 to 128 letters, digits, hyphens and underscores", "Managed identity"),
    storageAccount: name(accountName, accountWords, "Storage account of the events"),
    hostStorageAccount: name(
      accountName,
      accountWords,
      "Storage account of the Functions host, with `azure.separateHostStorage`",
    ),
    vault: name(
      /^(?=.{3,24}$)[a-z](-?[a-z0-9])*$/i,
      "3 to 24 letters, digits and single hyphens, starting with a letter",
      "Key vault",
    ),
    workspace: name(
      /^[a-z0-9][a-z0-9-]{2,61}[a-z0-9]$/i,
      "4 to 63 letters, digits and hyphens",
      "Log Analytics workspace",
    ),
    component: name(/^[^%&\\?/]{0,259}[^%&\\?/. ]$/, "1 to 260 characters other than %&\\?/", "Application Insights"),
    actionGroup: name(
      /^[^:<>+/&%\\?|]{0,259}[^:<>+/&%\\?|. ]$/,
      "1 to 260 characters other than :<>+/&%\\?|",
      "Action group",
    ),
  })
  .refine(({ storageAccount, hostStorageAccount }) => !storageAccount || storageAccount !== hostStorageAccount, {
    path: ["hostStorageAccount"],
    error: "it must differ from storageAccount, since each account has a name of its own",
  });

/** Existing resources that are used unchanged. */
export const azureExisting = z.strictObject({
  resourceGroupId: z
    .string()
    .regex(/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+$/i, "it must be an id: /subscriptions/…/resourceGroups/…")
    .optional()
    .meta({ description: "Resource group in which the program creates everything." }),
  workspaceId: idOf(
    "Microsoft.OperationalInsights/workspaces",
    "Log Analytics workspace that gets the relay's logs.",
  ).optional(),
  actionGroupIds: z
    .array(idOf("Microsoft.Insights/actionGroups", "An action group."))
    .min(1)
    .optional()
    .meta({ description: "Action groups that get the alerts, instead of one for `alertEmails` and `alertWebhooks`." }),
  vaultId: idOf("Microsoft.KeyVault/vaults", "Key vault, with Azure roles, that holds the relay's secrets.").optional(),
  identityId: idOf(
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "Managed identity that the relay has, in the stack's subscription.",
  ).optional(),
});

/** Azure's limits of tags: 50 a resource, names of 128 characters on storage accounts, values of 256. */
export const azureTags = z
  .record(
    z.string().regex(/^[^<>%&\\?/]{1,128}$/, "a tag's name must have 1 to 128 characters other than <>%&\\?/"),
    z.string().max(256),
  )
  .refine((tags) => Object.keys(tags).length <= 49, "Azure allows 50 tags on a resource, and needs one of them itself");
