import { plannedRelay } from "../../components/relay/azure/planned-relay.ts";
import { type RelayRole, relayRoles } from "../../components/relay/azure/relay-roles.ts";
import { roleFor } from "../../relay/deploy/preflight/existing-resources.ts";
import { privateNetwork, privateZones } from "../../settings/network-settings.ts";
import { code, fenced, page, table } from "./markdown.ts";

/** Generates the page of the relay's permissions in Azure from its roles. */
export function rolesPage(): string {
  const roles: readonly RelayRole[] = Object.values(relayRoles);
  return page(
    "# Roles of the relay in Azure",
    "The relay has its own identity, to which `pulumi up` assigns exactly these roles. There are no account keys. If one of the roles is " +
      "missing, only what its row lists fails, with 403. The relay has some of them only with one storage account, others only with two: " +
      "see [`azure.separateHostStorage`](../azure.md#one-storage-account-or-two).",
    table(
      ["Role", "On", "Storage accounts", "What it is needed for"],
      roles.map(({ role, scope, accounts, condition, neededFor }) => [
        role + (condition ? ", with a condition" : ""),
        scope,
        accounts === undefined ? "one or two" : accounts === 1 ? "one" : "two",
        neededFor.join("; "),
      ]),
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
    "## Roles of the login that deploys",
    "In the subscription, or in the group of `azureExisting.resourceGroupId`, the login needs *Contributor* and *Role Based Access Control " +
      "Administrator*, and *Locks Contributor* with `azure.deleteLocks`: [Deploying as a team](../deploying.md#github-actions). On what a " +
      "setting names elsewhere, it needs these. A preview of a new relay checks each right, and names the role that has it.",
    table(
      ["Setting", "Rights on it", "The narrowest built-in role of each"],
      rightsOnGiven().map(([setting, actions]) => [
        code(setting),
        actions.map(code).join(", "),
        [...new Set(actions.map(roleFor))].join(", "),
      ]),
    ),
    "With `azure.disableFormerSecrets`, it also needs *Key Vault Secrets Officer* on the vault, even if the stack created that: without " +
      "this role, `up` warns and continues. [Secrets](../azure.md#secrets).",
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
