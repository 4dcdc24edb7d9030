import { plainValueAt, type Resource, textAt } from "../arm/subscription.ts";
import { covers } from "../identity/data-plane-authorization.ts";
import { findRole } from "../identity/role-definitions.ts";
import type { Query } from "./query.ts";

/** What a subscription has and allows; `describe` returns a resource in Azure Resource Manager's envelope. */
export function subscriptionQueries(describe: (resource: Resource) => object): readonly Query[] {
  return [
    {
      method: "GET",
      path: /^\/providers\/Microsoft\.Authorization\/permissions$/i,
      action: "Microsoft.Authorization/permissions/read",
      answer: ({ scope, callerId }, { subscription }) => ({
        value: subscription.grants
          .filter(({ principalId, scope: at }) => principalId === callerId && covers(at, scope))
          .flatMap(({ roleDefinitionId }) => findRole(roleDefinitionId) ?? [])
          .map(({ actions, notActions, dataActions }) => ({ actions, notActions, dataActions, notDataActions: [] })),
      }),
    },
    {
      method: "GET",
      path: /^\/providers\/(Microsoft\.\w+)$/i,
      action: "Microsoft.Resources/subscriptions/providers/read",
      answer: ({ scope, groups: [namespace = ""] }, { switches }) => {
        const registrationState = switches.unregisteredProviders.includes(namespace) ? "NotRegistered" : "Registered";
        const id = `${scope}/providers/${namespace}`;
        return { id, namespace, registrationState, registrationPolicy: "RegistrationRequired", resourceTypes: [] };
      },
    },
    {
      method: "GET",
      path: /^\/providers\/Microsoft\.Insights\/scheduledQueryRules$/i,
      action: "Microsoft.Insights/scheduledQueryRules/read",
      answer: ({ scope }, { subscription }) => ({
        value: subscription
          .list("monitor:ScheduledQueryRule")
          .filter(({ id }) => covers(scope, id))
          .map(describe),
      }),
    },
    {
      method: "GET",
      path: /^\/resources$/i,
      action: "Microsoft.Resources/subscriptions/resources/read",
      answer: ({ parameters }, { subscription }) => {
        const [, name, type] = parameters.$filter?.match(/^name eq '([^']+)' and resourceType eq '([^']+)'$/) ?? [];
        const isAsked = (resource: Resource) =>
          resource.name.toLowerCase() === name?.toLowerCase() &&
          resource.type.armType.toLowerCase() === type?.toLowerCase();
        return { value: subscription.list().filter(isAsked).map(describe) };
      },
    },
    ...nameQueries,
  ];
}

const nameQueries: readonly Query[] = [
  {
    method: "POST",
    path: /^\/providers\/Microsoft\.Storage\/checkNameAvailability$/i,
    action: "Microsoft.Storage/checknameavailability/read",
    answer: ({ body }, { subscription, switches }) => {
      const name = String(body.name);
      if (!/^[a-z0-9]{3,24}$/.test(name)) return unavailable("AccountNameInvalid", `${name} is not a valid name.`);
      const isTaken = subscription.findByName("storage:StorageAccount", name) || switches.namesTaken.includes(name);
      return isTaken
        ? unavailable("AlreadyExists", `The storage account named ${name} is already taken.`)
        : { nameAvailable: true };
    },
  },
  {
    method: "POST",
    path: /^\/providers\/Microsoft\.KeyVault\/checkNameAvailability$/i,
    action: "Microsoft.KeyVault/checkNameAvailability/read",
    answer: ({ body }, { subscription, switches }) => {
      const name = String(body.name).toLowerCase();
      const isTaken =
        subscription.findByName("keyvault:Vault", name) !== undefined ||
        subscription.deletedVaults.has(name) ||
        switches.namesTaken.includes(name);
      return isTaken
        ? unavailable("AlreadyExists", `The vault name '${name}' is already in use.`)
        : { nameAvailable: true };
    },
  },
  {
    method: "GET",
    path: /^\/providers\/Microsoft\.KeyVault\/deletedVaults$/i,
    action: "Microsoft.KeyVault/deletedVaults/read",
    answer: ({ scope }, { subscription }) => ({
      value: [...subscription.deletedVaults.values()].map(({ vault }) => {
        const location = textAt(vault.inputs, "location");
        const id = `${scope}/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${vault.name}`;
        const isProtected = plainValueAt(vault.inputs, "properties.enablePurgeProtection") === true;
        const properties = { vaultId: vault.id, location, ...(isProtected && { purgeProtectionEnabled: true }) };
        return { id, name: vault.name, type: "Microsoft.KeyVault/deletedVaults", properties };
      }),
    }),
  },
];

function unavailable(reason: string, message: string): object {
  return { nameAvailable: false, reason, message };
}
