/** A built-in role: its permissions on resources (`actions`) and on their data (`dataActions`). */
export interface RoleDefinition {
  readonly name: string;
  readonly id: string;
  readonly actions: readonly string[];
  /** Actions that are excluded from `actions`. */
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
}

const queues = "Microsoft.Storage/storageAccounts/queueServices/queues";
const messages = `${queues}/messages`;
const containers = "Microsoft.Storage/storageAccounts/blobServices/containers";
const blobs = `${containers}/blobs`;
const tables = "Microsoft.Storage/storageAccounts/tableServices/tables";

/** The roles that such a program may assign (Microsoft Learn, "Azure built-in roles"). */
export const roleDefinitions: readonly RoleDefinition[] = [
  role("Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", ["*"]),
  {
    ...role("Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c", ["*"]),
    notActions: [
      ...["Delete", "Write", "elevateAccess/Action"].map((action) => `Microsoft.Authorization/*/${action}`),
      "Microsoft.Blueprint/blueprintAssignments/write",
      "Microsoft.Blueprint/blueprintAssignments/delete",
      "Microsoft.Compute/galleries/share/action",
      "Microsoft.Purview/consents/*",
    ],
  },
  role("Role Based Access Control Administrator", "f58310d9-a9f6-439a-9e8d-f62e7b41a168", [
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleAssignments/delete",
    "*/read",
    "Microsoft.Support/*",
  ]),
  role("Locks Contributor", "28bf596f-4eb7-45ce-b5bc-6cf482fec137", ["Microsoft.Authorization/locks/*"]),
  role("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7", ["*/read"]),
  role("Website Contributor", "de139f84-1756-47ae-9be6-808fbbe84772", ["Microsoft.Web/sites/*"]),
  role("Storage Account Contributor", "17d1049b-9a84-46fb-8f53-869881c3d3ab", ["Microsoft.Storage/storageAccounts/*"]),
  role(
    "Storage Queue Data Contributor",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    [`${queues}/delete`, `${queues}/read`, `${queues}/write`],
    [`${messages}/delete`, `${messages}/read`, `${messages}/write`, `${messages}/process/action`],
  ),
  role("Storage Queue Data Message Sender", "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a", [], [`${messages}/add/action`]),
  role(
    "Storage Queue Data Message Processor",
    "8a0f0c08-91a1-4084-bc3d-661d67233fed",
    [],
    [`${messages}/read`, `${messages}/process/action`],
  ),
  role("Storage Queue Data Reader", "19e7f393-937e-4f77-808e-94535e297925", [`${queues}/read`], [`${messages}/read`]),
  role("Storage Blob Data Owner", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", [`${containers}/*`], [`${blobs}/*`]),
  role(
    "Storage Blob Data Contributor",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    [`${containers}/delete`, `${containers}/read`, `${containers}/write`],
    [`${blobs}/delete`, `${blobs}/read`, `${blobs}/write`, `${blobs}/move/action`, `${blobs}/add/action`],
  ),
  role("Storage Blob Data Reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", [`${containers}/read`], [`${blobs}/read`]),
  role(
    "Storage Table Data Contributor",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    [`${tables}/read`, `${tables}/write`, `${tables}/delete`],
    [`${tables}/entities/*`],
  ),
  role(
    "Storage Table Data Reader",
    "76199698-9eea-4c19-bc75-cec21354c6b6",
    [`${tables}/read`],
    [`${tables}/entities/read`],
  ),
  role(
    "Key Vault Secrets User",
    "4633458b-17de-408a-b874-0445c86b69e6",
    [],
    ["Microsoft.KeyVault/vaults/secrets/getSecret/action", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"],
  ),
  role(
    "Key Vault Secrets Officer",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    [],
    ["Microsoft.KeyVault/vaults/secrets/*"],
  ),
  role(
    "Monitoring Metrics Publisher",
    "3913510d-42f4-4e42-8a64-420c390055eb",
    [],
    ["Microsoft.Insights/Metrics/Write"],
  ),
];

function role(name: string, id: string, actions: string[], dataActions: string[] = []): RoleDefinition {
  return { name, id, actions, notActions: [], dataActions };
}

/** The role that a `roleDefinitionId` (a bare GUID or a whole resource id) names. */
export function findRole(roleDefinitionId: string): RoleDefinition | undefined {
  const id = roleDefinitionId.split("/").at(-1)?.toLowerCase();
  return roleDefinitions.find((definition) => definition.id === id);
}

/** Whether a role allows an action. Permissions on resources never include actions on data, not even for an Owner. */
export function roleAllows(definition: RoleDefinition, action: string): boolean {
  const covers = (patterns: readonly string[]) => patterns.some((pattern) => matches(pattern, action));
  if (isDataAction(action)) return covers(definition.dataActions);
  return covers(definition.actions) && !covers(definition.notActions);
}

function matches(pattern: string, action: string): boolean {
  const source = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${source}$`, "i").test(action);
}

/** Whether an action is on data. */
export function isDataAction(action: string): boolean {
  return /\/(messages|blobs|entities)\/|\/vaults\/secrets\/.*action$|\/Metrics\/Write$/i.test(action);
}
