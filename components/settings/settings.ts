import * as pulumi from "@pulumi/pulumi";
import { plainWords } from "pulumi-provider-kit/settings";
import { config as plugin } from "../../relay/deploy/config.ts";
import { contradictions } from "../../settings/checks/delivery.ts";
import { idleSettings, withLater } from "../../settings/checks/idle-settings.ts";
import { projectNameProblem } from "../../settings/checks/project-name.ts";
import type { SigningKeyProblems } from "../../settings/checks/signing-keys.ts";
import { platformConflicts } from "../../settings/platform-settings.ts";
import { type SecretName, type SettingValues, secretSettings, settingsSchema } from "../../settings/schema.ts";
import { type SettingWords, stackWords } from "../../settings/setting-words.ts";
import { settingsTable } from "../../settings/table.ts";
import { halfCredentials } from "../platform/relay-credential.ts";
import { filterWarnings } from "./filter-warnings.ts";
import { hasBodiesInProfile } from "./profile-limit.ts";
import { providerSecrets } from "./provider-settings.ts";
import {
  configPathOf,
  describeMistake,
  type Mistake,
  mistakesOf,
  refuseSettings,
  removalRemedy,
  settingRemedy,
  unknownSettings,
} from "./setting-mistakes.ts";
import type { Settings } from "./setting-types.ts";
import { findKeyProblems, warnOfKeys } from "./signing-keys.ts";
import { stackSettings } from "./stack-settings.ts";

/**
 * Reads the stack's configuration of this project. Defaults come from Pulumi.yaml, which the engine applies.
 * @throws pulumi.RunError naming every mistake at once: the key, what is wrong, and the command that fixes it.
 */
export function readStackSettings(config: pulumi.Config): SettingValues & Pick<Settings, SecretName> {
  const nameProblem = projectNameProblem(config.name);
  if (nameProblem !== undefined) refuseSettings([nameProblem]);
  const raw: Record<string, unknown> = {};
  for (const key of Object.keys(settingsSchema.shape)) raw[key] = parse(config.get(key));
  const parsed = settingsSchema.safeParse(raw, { error: plainWords });
  const lines = (mistakes: readonly Mistake[]) =>
    mistakes.map(
      ({ path, reason, remedy }) => `${describeMistake(`${config.name}:${configPathOf(path)}`, reason)} ${remedy}`,
    );
  const keys = readSigningKeys(config);
  refuseSettings([
    ...plainSecrets(config),
    ...misplacedSettings(config),
    ...keys.refusals.map((reason) => signingKeyMistake(config, reason)),
    ...lines(
      unknownSettings(Object.keys(stackSettings(config.name)), [
        ...Object.keys(settingsTable),
        ...Object.keys(plugin.shape),
      ]),
    ),
    ...lines(mistakesOf(parsed.error?.issues ?? [])),
    ...halfCredentials({
      clientId: parsed.data?.relayCredential.clientId,
      hasSecret: (config.get("relayClientSecret") ?? "") !== "",
      words: stackWords(config.name),
    }),
    ...(parsed.success ? platformConflicts(parsed.data) : []).map(({ path, reason, remedy }) => {
      const advice = remedy === "remove" ? removalRemedy(path) : settingRemedy(path);
      return `${config.name}:${configPathOf(path)} ${reason}. ${advice}`;
    }),
    ...(parsed.success ? contradictions(parsed.data) : []).map(
      ({ setting, reason }) =>
        `${config.name}:${setting} can't be used with delivery: direct, since ${reason}. Remove one of them: ` +
        `npx pulumi config rm ${setting}, or npx pulumi config rm delivery`,
    ),
  ]);
  if (!parsed.success) throw parsed.error;
  warnOfKeys(`${config.name}:signingKeys`, keys.warnings);
  warnOf(parsed.data, stackWords(config.name));
  warnOfPlainWebhooks(config, parsed.data);
  return {
    ...parsed.data,
    signingKeys: keys.given ? config.requireSecret("signingKeys") : undefined,
    relayClientSecret:
      (config.get("relayClientSecret") ?? "") === "" ? undefined : config.requireSecret("relayClientSecret"),
  };
}

/**
 * Warns about settings that have no effect, or may not.
 *
 * @param later settings whose value is known only later
 */
export function warnOf(
  settings: SettingValues,
  words: SettingWords,
  later: Readonly<Record<string, unknown>> = {},
): void {
  const named = (setting: string) => words.name(setting);
  for (const { setting, reason } of idleSettings(settings, later)) {
    void pulumi.log.warn(`${named(setting)} has no effect, since ${reason}.`);
  }
  for (const { setting, reason } of filterWarnings(settings.filters)) {
    void pulumi.log.warn(`${named(setting)}: ${reason}`);
  }
  if (hasBodiesInProfile(withLater(settings, later))) {
    void pulumi.log.warn(
      `${named("withContent")} adds the bodies of messages to the events. Profile drops an event of more than 10 KB, which the dataset still gets. ` +
        `To have all events in Profile, leave the bodies out: ${words.set("withContent", "false")}`,
    );
  }
  if (settings.delivery === "relay" && hasBudgetForNobody(withLater(settings, later))) {
    void pulumi.log.warn(
      `${named("monthlyBudget")} is set, but nobody would be notified. Give an address: ` +
        words.set("alertEmails[0]", "<address>"),
    );
  }
  if (settings.delivery === "relay" && hasUnlinkedZones(settings)) {
    void pulumi.log.warn(
      `${named("privateNetwork.dnsZoneIds")} is set without ${named("privateNetwork.appSubnetId")}, so the stack creates a network. The relay ` +
        "can't reach its storage before the owner of the zones has linked them to it. Set the subnets of a network that they are linked to, or " +
        `let the stack create zones too: ${words.remove("privateNetwork.dnsZoneIds")}`,
    );
  }
  if (settings.delivery === "relay" && settings.maximumInstances < usualLeastInstances) {
    void pulumi.log.warn(
      `${named("maximumInstances")} is ${settings.maximumInstances}. Many Azure regions accept only ${usualLeastInstances} or more, and ` +
        `refuse fewer in the middle of an update. If yours does: ${words.set("maximumInstances", String(usualLeastInstances))}`,
    );
  }
}

function hasBudgetForNobody({ monthlyBudget, alertEmails, alertWebhooks, azureExisting }: SettingValues): boolean {
  const people: readonly unknown[] = [alertEmails, alertWebhooks, azureExisting.actionGroupIds ?? []];
  // A list that is known only later is not one yet, and has somebody.
  return monthlyBudget > 0 && people.every((list) => Array.isArray(list) && list.length === 0);
}

/** Only zones that the stack creates are linked to the network that it creates. */
function hasUnlinkedZones({ privateNetwork: { appSubnetId, dnsZoneIds } }: SettingValues): boolean {
  return dnsZoneIds !== undefined && appSubnetId === undefined;
}

/** The minimum number of instances in Azure's documentation of Flex Consumption; regions differ by now. */
const usualLeastInstances = 40;

/** Name of this package, its plugin and its own project. */
const packageName = "customerio-aep";

/** A key counts as given when the setting is neither absent nor empty, which Pulumi.yaml's default is. */
function readSigningKeys(config: pulumi.Config): SigningKeyProblems & { readonly given: boolean } {
  const text = config.get("signingKeys") ?? "";
  if (text === "") return { given: false, refusals: [], warnings: [] };
  return { given: true, ...findKeyProblems(text, config.name) };
}

function signingKeyMistake(config: pulumi.Config, reason: string): string {
  return (
    `${config.name}:signingKeys ${reason}. Copy the key again from the webhook's menu in Customer.io ("Copy signing key"), ` +
    "and paste it when this command asks for it: npx pulumi config set --secret signingKeys"
  );
}

function isGiven(key: string): boolean {
  return (pulumi.runtime.allConfig()[key]?.trim() ?? "") !== "";
}

/**
 * Pulumi.yaml can't require encryption: not for a setting with a default, and not for those of providers. The engine names
 * what is stored as a secret in `PULUMI_CONFIG_SECRET_KEYS`, as a JSON list.
 */
function plainSecrets(config: pulumi.Config): string[] {
  const own = Object.keys(secretSettings).map((name) => `${config.name}:${name}`);
  return [...own, ...providerSecrets]
    .filter((key) => isGiven(key) && !isEncrypted(key))
    .map(
      (key) =>
        `${key} is stored in plain text. Store it encrypted, and rotate it if others could read it: ` +
        `npx pulumi config set --secret ${key.replace(`${config.name}:`, "")}`,
    );
}

/** Settings with this package's name in front, as its own project has them. In another project, only the plugin gets them. */
function misplacedSettings({ name: project }: pulumi.Config): string[] {
  // In the project of that name, a second source may have a configuration of its own.
  if (project === packageName || pulumi.getProject() === packageName) return [];
  const names = Object.keys(stackSettings(packageName)).filter((name) => !(name in plugin.shape));
  return names.map(
    (name) =>
      `${packageName}:${name} has no effect: the settings of this project begin with ${project}:. Write ${project}:${name} instead, and remove ` +
      `it: npx pulumi config rm ${packageName}:${name}`,
  );
}

/** A list is encrypted if one of its entries is. */
function isEncrypted(key: string): boolean {
  return (JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS || "[]") as string[]).includes(key);
}

/** Not refused, since earlier versions took them in plain text without a word. */
function warnOfPlainWebhooks(config: pulumi.Config, { alertWebhooks }: SettingValues): void {
  const key = `${config.name}:alertWebhooks`;
  if (alertWebhooks.length === 0 || isEncrypted(key)) return;
  void pulumi.log.warn(
    `${key} is stored in plain text, and anyone who reads it can raise alerts. Store each address encrypted: ` +
      stackWords(config.name).setSecret("alertWebhooks[0]"),
  );
}

/** Pulumi passes every value as text; numbers, booleans and lists are JSON in it. */
function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "number" && String(value) !== text ? text : value;
  } catch {
    return text;
  }
}
