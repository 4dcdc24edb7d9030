import { dataRoles } from "../../cli/relay/storage-permission.ts";
import { plannedRelay } from "../../components/relay/azure/planned-relay.ts";
import { type RelayRole, relayRoles } from "../../components/relay/azure/relay-roles.ts";
import { roleFor } from "../../relay/deploy/preflight/actions.ts";
import { takeoverRole } from "../../relay/deploy/resources/succession.ts";
import { privateNetwork, privateZones } from "../../settings/network-settings.ts";
import { code, fenced, page, table } from "./markdown.ts";

const { blobReader, queueReader, tableReader, blobContributor, queueContributor, tableContributor } = dataRoles;
const readers = [blobReader, queueReader, tableReader];
const contributors = [blobContributor, queueContributor, tableContributor];

/** The roles that each command of the CLI needs on the relay's storage account. */
export const operatorRoles: readonly { readonly commands: readonly string[]; readonly roles: readonly string[] }[] = [
  { commands: ["status", "console", "verify", "audit", "backfill --dry-run", "support-bundle"], roles: readers },
  { commands: ["signing-key"], roles: [tableReader] },
  { commands: ["export", "replay --dry-run"], roles: [blobReader] },
  { commands: ["replay"], roles: [blobContributor, queueContributor] },
  { commands: ["replay --purge-older-than", "restore"], roles: [blobContributor, tableContributor] },
  { commands: ["audit --heal", "backfill"], roles: [blobContributor, queueContributor, tableReader] },
  { commands: ["console --allow-actions", "evacuate"], roles: contributors },
  { commands: ["init", "preview", "tail", "failover", "drift", "cost"], roles: [] },
];

/** Generates the page of the permissions in Azure that the relay, operators and deployments need. */
export function rolesPage(): string {
  const roles: readonly RelayRole[] = Object.values(relayRoles);
  return page(
    "# Roles in Azure",
    "This page lists the roles that the relay itself needs, those of [operators](#roles-of-operators), and those of [the login that " +
      "deploys](#roles-of-the-login-that-deploys).",
    "## Roles of the relay",
    "The relay has its own identity, to which `pulumi up` assigns exactly these roles. There are no account keys. If one of the roles is " +
      "missing, only what its row lists fails, with 403. The relay has some of them only with one storage account, others only with two: " +
      "see [`azure.separateHostStorage`](../azure.md#one-storage-account-or-two).",
    table(
      ["Role", "On", "Storage accounts", "What it is needed for"],
      [
        ...roles.map(({ role, scope, accounts, condition, neededFor }) => [
          role + (condition ? ", with a condition" : ""),
          scope,
          accounts === undefined ? "one or two" : accounts === 1 ? "one" : "two",
          neededFor.join("; "),
        ]),
        [
          takeoverRole.role,
          "the storage account of a relay that it replaces, until that account is deleted",
          "one or two",
          "copy the notes of [delivered events](../tasks/replace.md#delivered-events)",
        ],
      ],
    ),
    `With the conditions, the relay can write to the container ${code("dead-letters")} and list it, but neither read nor delete from it.`,
    ...roles.flatMap(({ role, scope, condition }) =>
      condition
        ? [
            `${role} on ${scope}:`,
            fenced("", condition.replaceAll(" AND !", "\n  AND !").replaceAll(" OR (@", "\n  OR (@")),
          ]
        : [],
    ),
    "They do not prevent everything: Azure has no condition on deleting a whole container, and the relay can overwrite a dead letter under " +
      "its own name. With soft delete and versions, you can restore both.",
    "## Roles of operators",
    "Messages, dead letters and counts are data in the relay's storage account. Even an *Owner* can't read them without a data role. To read " +
      `them, an operator needs ${listed(readers)}; to change them, ${listed(contributors)}, which include the former. Assign them on the ` +
      "storage account of the events, after the first `up`:",
    fenced(
      "sh",
      [
        "az ad signed-in-user show --query id --output tsv   # your object id",
        "npx pulumi stack --show-ids                          # the account's id, below azure-native:storage:StorageAccount",
        ...readers.map(
          (role) => `az role assignment create --assignee <object id> --role "${role}" --scope <id of the account>`,
        ),
      ].join("\n"),
    ),
    "An assignment takes a minute or two to have an effect. If a command lacks a role, it prints the line that assigns it, with both ids. With " +
      "two storage accounts, the name of the host's begins with `cioaephost`: that one holds no events. With " +
      "[`privateNetwork`](../networking.md#a-private-network-for-storage-and-vault), the commands also have to run inside the network.",
    table(
      ["Commands of `customerio-aep`", "Roles on the relay's storage account"],
      operatorRoles.map(({ commands, roles }) => [
        commands.map(code).join(", "),
        roles.length === 0 ? "none" : roles.join(", "),
      ]),
    ),
    "`evacuate` needs its roles on the accounts of both relays. `tail` and `support-bundle` read the log, and need *Log Analytics Reader* " +
      "on the workspace. `drift` lists app settings, which Azure counts as secrets, and needs *Website Contributor* on the function app. For " +
      "everything else that the commands ask Azure, *Reader* is enough.",
    "## Roles of the login that deploys",
    "In the subscription, or in the group of `azureExisting.resourceGroupId`, the login needs *Contributor* and *Role Based Access Control " +
      "Administrator*, and *Locks Contributor* with `azure.deleteLocks`: [Deploying as a team](../deploying.md#github-actions). If a " +
      "setting names a resource elsewhere, it needs these rights on that. A preview of a new relay checks each right, and names the role that has it.",
    table(
      ["Setting", "Rights on it", "The narrowest built-in role of each"],
      rightsOnGiven().map(([setting, actions]) => [
        code(setting),
        actions.map(code).join(", "),
        [...new Set(actions.map(roleFor))].join(", "),
      ]),
    ),
    "With `azure.disableFormerSecrets`, it also needs *Key Vault Secrets Officer* on the vault, even if the stack created that: without " +
      "this role, `up` warns and continues: see [secrets](../azure.md#secrets).",
  );
}

/** Lists the rights that an `up` needs on each existing resource that a setting can name, from the list that a preview checks. */
function rightsOnGiven(): [string, readonly string[]][] {
  const group = "/subscriptions/s/resourceGroups/g/providers";
  const subnet = (name: string) => `${group}/Microsoft.Network/virtualNetworks/v/subnets/${name}`;
  const zones = Object.entries(privateZones).map(([service, zone]) => {
    return [service, `${group}/Microsoft.Network/privateDnsZones/${zone}`] as const;
  });
  const planned = plannedRelay(
    {
      environment: "prod",
      azure: {},
      azureTags: {},
      azureNames: {},
      monthlyBudget: 0,
      nodeVersion: 22,
      azureExisting: {
        workspaceId: `${group}/Microsoft.OperationalInsights/workspaces/w`,
        actionGroupIds: [`${group}/Microsoft.Insights/actionGroups/a`],
        vaultId: `${group}/Microsoft.KeyVault/vaults/v`,
        identityId: `${group}/Microsoft.ManagedIdentity/userAssignedIdentities/i`,
      },
      privateNetwork: privateNetwork.parse({
        enabled: true,
        appSubnetId: subnet("app"),
        endpointSubnetId: subnet("endpoints"),
        dnsZoneIds: Object.fromEntries(zones),
      }),
    },
    { subscriptionId: "s", tenantId: "t" },
  );
  return (planned.existing ?? []).map(({ setting, actions }) => [setting.replace(/\[\d+\]$/, "[…]"), actions]);
}

function listed(roles: readonly string[]): string {
  return new Intl.ListFormat("en").format(roles.map((role) => `*${role}*`));
}
