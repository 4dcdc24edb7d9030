import { isDeepStrictEqual } from "node:util";
import { environmentChoices } from "../azure-settings.ts";
import { type SettingValues, settingDefaults } from "../schema.ts";
import { type Hindrance, withoutEffect } from "./delivery.ts";

/** Settings that another setting makes idle: `when` says whether it does. */
interface IdleRule {
  readonly settings: readonly string[];
  readonly reason: string;
  readonly when: (settings: SettingValues) => boolean;
}

/** What `azureExisting` replaces, by its property. */
const replaced = {
  resourceGroupId: ["azureNames.resourceGroup"],
  workspaceId: ["azureNames.workspace", "azure.dailyLogQuotaGb", "logRetentionDays"],
  actionGroupIds: ["azureNames.actionGroup", "alertEmails", "alertWebhooks"],
  vaultId: ["azureNames.vault", "azure.purgeProtection", "azure.vaultRetentionDays"],
  identityId: ["azureNames.identity"],
} as const;

const ofAzure: readonly IdleRule[] = [
  ...Object.entries(replaced).map(([property, settings]) => ({
    settings,
    reason: `azureExisting.${property} is used unchanged`,
    when: ({ azureExisting }: SettingValues) => azureExisting[property as keyof typeof replaced] !== undefined,
  })),
  {
    settings: ["azureNames.hostStorageAccount"],
    reason: "azure.separateHostStorage is off, so there is no such account",
    when: ({ azure, environment }) =>
      !(azure.separateHostStorage ?? environmentChoices[environment].separateHostStorage),
  },
  {
    settings: ["privateNetwork.publicAccess", "privateNetwork.addressSpace"],
    reason: "privateNetwork.enabled is not set",
    when: ({ privateNetwork }) => privateNetwork.enabled === undefined,
  },
  {
    settings: ["privateNetwork.addressSpace"],
    reason: "the network of privateNetwork.appSubnetId is used",
    when: ({ privateNetwork }) => privateNetwork.appSubnetId !== undefined,
  },
];

const ofEvents: readonly IdleRule[] = [
  {
    settings: ["allowedCallers.customerIo"],
    reason:
      "Customer.io posts to webhookEndpoint, whose calls come from other addresses. The relay refuses them all until allowedCallers.addresses or " +
      "allowedCallers.frontDoorIds allows them",
    when: ({ webhookEndpoint, allowedCallers: { addresses, frontDoorIds } }) =>
      webhookEndpoint !== "" && addresses.length === 0 && frontDoorIds.length === 0,
  },
  {
    settings: ["relayCredential"],
    reason: "the relay gets access tokens only with source: http",
    when: ({ source }) => source !== "http",
  },
  {
    settings: ["profile.identities", "profile.primaryIdentity"],
    reason: "profile.enabled is not set",
    when: ({ profile }) => !profile.enabled,
  },
];

/**
 * Settings that are set but change nothing, each with the reason.
 *
 * @param later settings whose value is known only later: they count as set, and replace those in `settings`
 */
export function idleSettings(
  settings: SettingValues,
  later: Readonly<Record<string, unknown>> = {},
): readonly Hindrance[] {
  const given = withLater(settings, later);
  const unused = withoutEffect(given);
  if (settings.delivery === "direct") return unused;
  const defaults = settingDefaults();
  const rules = [...ofAzure, ...ofEvents].filter(({ when }) => when(given));
  return rules.flatMap(({ settings: names, reason }) =>
    names
      .filter((setting) => !isDeepStrictEqual(valueAt(given, setting), valueAt(defaults, setting)))
      .map((setting) => ({ setting, reason })),
  );
}

/** Settings together with those whose value is known only later. Parts of an object may be among these. */
export function withLater(settings: SettingValues, later: Readonly<Record<string, unknown>>): SettingValues {
  const known: Readonly<Record<string, unknown>> = settings;
  const merged = Object.entries(later).map(([name, value]) => {
    const isPart = Object.getPrototypeOf(value) === Object.prototype;
    return [name, isPart ? { ...(known[name] as object), ...(value as object) } : value];
  });
  return { ...settings, ...Object.fromEntries(merged) };
}

function valueAt(settings: SettingValues, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, part) => (value as Readonly<Record<string, unknown>> | undefined)?.[part], settings);
}
