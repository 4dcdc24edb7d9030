import { containerNames, queueNames } from "../../../relay/core/names.ts";

/** Azure's built-in roles by their fixed GUIDs (learn.microsoft.com, "Azure built-in roles"). */
const roleIds = {
  "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
  "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
  "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
  "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
  "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
} as const;

/** A role of the relay's identity. */
export interface RelayRole {
  readonly role: keyof typeof roleIds;
  readonly roleId: string;
  /** The number of storage accounts with which the identity has the role; undefined: with one and with two. */
  readonly accounts?: 1 | 2;
  /** The scope of the role, in words. */
  readonly scope: string;
  /** A restriction of the role, in Azure's language for conditions. */
  readonly condition?: string;
  /** What fails without the role. */
  readonly neededFor: readonly string[];
}

const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

/** Actions of a blob role that read or delete the contents of a container, as conditions name them. */
const readBlobs = `ActionMatches{'${blobs}/read'} AND NOT SubOperationMatches{'Blob.List'}`;
const contributorsActions = [readBlobs, deletion("delete"), deletion("move/action")];
const ownersActions = [
  readBlobs,
  ...["delete", "deleteBlobVersion/action", "permanentDelete/action", "move/action"].map(deletion),
];

function deletion(action: string): string {
  return `ActionMatches{'${blobs}/${action}'}`;
}

/**
 * Removes from a blob role everything that reads or deletes the contents of a container, so that writing and listing remain. Azure evaluates a
 * condition at each call; a role without these actions would have to be a custom one, which only an Owner may define.
 */
function writeOnly(actions: readonly string[]): string {
  return actions.map((action) => `!(${action})`).join(" AND ");
}

/** The same for one container of the account in the role's scope. */
function writeOnlyIn(container: string, actions: readonly string[]): string {
  const elsewhere = `@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringNotEquals '${container}'`;
  return `((${writeOnly(actions)}) OR (${elsewhere}))`;
}

const hostsWork = "read the code and its own locks and keys (Functions host)";
const claimsWork = "write, read and delete claims";
const deadLettersWork = "write and count dead letters";

/**
 * Everything that the relay's identity may do in Azure. The docs' table is generated from this, and a test removes each in turn and checks
 * that exactly what needs it fails.
 */
export const relayRoles = {
  host: role("Storage Blob Data Owner", "the storage account of the Functions host", {
    accounts: 2,
    // Microsoft names this role as the minimum for the host (Azure Functions, "Connecting to host storage with an identity").
    neededFor: [hostsWork],
  }),
  claims: role("Storage Blob Data Contributor", `the container \`${containerNames.claims}\``, {
    accounts: 2,
    neededFor: [claimsWork],
  }),
  deadLetters: role("Storage Blob Data Contributor", `the container \`${containerNames.deadLetters}\``, {
    accounts: 2,
    condition: `(${writeOnly(contributorsActions)})`,
    neededFor: [deadLettersWork],
  }),
  blobs: role("Storage Blob Data Owner", "the storage account", {
    accounts: 1,
    condition: writeOnlyIn(containerNames.deadLetters, ownersActions),
    neededFor: [hostsWork, claimsWork, deadLettersWork],
  }),
  events: role("Storage Queue Data Contributor", `the queue \`${queueNames.events}\`, and each further queue`, {
    neededFor: ["add messages", "take, hold and delete messages (Functions host)", "look at the queue and its marks"],
  }),
  poison: role("Storage Queue Data Contributor", `the queue \`${queueNames.poison}\`, and that of each further queue`, {
    neededFor: [
      "move messages that failed (Functions host)",
      "take messages that failed, and put them back",
      "look at its head",
    ],
  }),
  tables: role(
    "Storage Table Data Contributor",
    "the storage account of the events, since tables are made at run time",
    {
      neededFor: ["note deliveries", "count", "count the instances that send"],
    },
  ),
  secret: role("Key Vault Secrets User", "each secret that an app setting refers to, with an assignment of its own", {
    neededFor: ["read the secret (App Service, as the app's identity)"],
  }),
  metrics: role("Monitoring Metrics Publisher", "the Application Insights component", {
    neededFor: ["write logs (Functions host)"],
  }),
} as const satisfies Record<string, RelayRole>;

function role(
  role: RelayRole["role"],
  scope: string,
  rest: Pick<RelayRole, "accounts" | "condition" | "neededFor">,
): RelayRole & { readonly role: RelayRole["role"] } {
  return { role, roleId: roleIds[role], scope, ...rest };
}
