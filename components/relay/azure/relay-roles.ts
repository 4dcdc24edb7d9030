import { containerNames, queueNames } from "../../../relay/core/names.ts";

/** Azure's built-in roles by their fixed GUIDs (learn.microsoft.com, "Azure built-in roles"). */
const roleIds = {
  "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
  "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
  "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
  "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
  "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
} as const;

/** A role of the relay's identity. */
export interface RelayRole {
  readonly role: keyof typeof roleIds;
  readonly roleId: string;
  /** What the role is given on, in words. */
  readonly scope: string;
  /** What of the role holds only in part, in Azure's language for conditions. */
  readonly condition?: string;
  /** What needs the role, and fails without it. */
  readonly neededFor: readonly string[];
}

const blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

/**
 * Takes everything from a blob role that reads or deletes what is in a container: what is left is to write and to list. Of what has a
 * condition Azure asks at each call; a role without these actions would have to be a custom one, which only an Owner may define.
 */
function writeOnly(container: string): string {
  const taken = [
    `ActionMatches{'${blobs}/read'} AND NOT SubOperationMatches{'Blob.List'}`,
    ...["delete", "deleteBlobVersion/action", "permanentDelete/action", "move/action"].map(
      (action) => `ActionMatches{'${blobs}/${action}'}`,
    ),
  ];
  const untouched = taken.map((action) => `!(${action})`).join(" AND ");
  const elsewhere = `@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringNotEquals '${container}'`;
  return `((${untouched}) OR (${elsewhere}))`;
}

/**
 * Everything that the relay's identity may do in Azure. The docs' table is made from this, and a test takes away each in turn and sees
 * what it is needed for fail, and nothing else.
 */
export const relayRoles = {
  blobs: role("Storage Blob Data Owner", "the storage account", {
    condition: writeOnly(containerNames.deadLetters),
    neededFor: [
      "read the code and its own locks and keys (Functions host)",
      "write, read and delete claims",
      "write and count dead letters",
    ],
  }),
  events: role("Storage Queue Data Contributor", `the queue \`${queueNames.events}\``, {
    neededFor: ["add messages", "take, hold and delete messages (Functions host)", "look at the queue and its marks"],
  }),
  poison: role("Storage Queue Data Contributor", `the queue \`${queueNames.poison}\``, {
    neededFor: ["move messages that failed (Functions host)", "take messages that failed", "look at its head"],
  }),
  tables: role("Storage Table Data Contributor", "the storage account, since tables are made at run time", {
    neededFor: ["note deliveries", "count", "count the instances that send"],
  }),
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
  rest: Pick<RelayRole, "condition" | "neededFor">,
): RelayRole & { readonly role: RelayRole["role"] } {
  return { role, roleId: roleIds[role], scope, ...rest };
}
