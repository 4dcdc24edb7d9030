import { z } from "zod";
import type { PlainSetting, SecretSetting, Setting } from "./setting.ts";
import { settingsTable } from "./table.ts";

type Table = typeof settingsTable;

/** Settings that are kept as secrets, and all others, by their names. */
export type SecretName = { [Name in keyof Table]: Table[Name] extends SecretSetting ? Name : never }[keyof Table];
export type SettingName = Exclude<keyof Table, SecretName>;

const entries = Object.entries(settingsTable) as [string, Setting][];

export const secretSettings = Object.fromEntries(
  entries.flatMap(([name, setting]) => (setting.secret ? [[name, setting]] : [])),
) as { readonly [Name in SecretName]: SecretSetting };

export const plainSettings = Object.fromEntries(
  entries.flatMap(([name, setting]) => (setting.secret ? [] : [[name, setting]])),
) as { readonly [Name in SettingName]: PlainSetting };

/** Whether a setting's value is a secret, or holds some: the addresses of `alertWebhooks` have keys in their paths. */
export function isSecretSetting(name: string): boolean {
  return Object.hasOwn(secretSettings, name) || name === "alertWebhooks";
}

/** Every setting but the secrets, each with its default, which Pulumi.yaml has too: a program of your own has no such file. */
export const settingsSchema = z.strictObject(
  Object.fromEntries(Object.entries(plainSettings).map(([name, setting]) => [name, withDefault(setting)])) as {
    [Name in SettingName]: z.ZodPrefault<Table[Name]["schema"]>;
  },
);

/** The settings as values, but the secrets. */
export type SettingValues = z.output<typeof settingsSchema>;
export type Source = SettingValues["source"];

/** The defaults of all settings. */
export function settingDefaults(): SettingValues {
  return settingsSchema.parse({});
}

function withDefault({ schema, default: value, description }: PlainSetting): z.ZodType {
  // An object's own properties have defaults, which a parse adds.
  const optional = typeof value === "object" ? schema.prefault(value as never) : schema.default(value as never);
  return optional.meta({ description });
}
