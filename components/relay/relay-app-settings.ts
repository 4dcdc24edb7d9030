import * as pulumi from "@pulumi/pulumi";
import { type AppSettingName, appSettings } from "../../relay/core/app-settings.ts";
import { plainSettings, type SettingName } from "../../settings/schema.ts";
import type { settingsTable } from "../../settings/table.ts";
import { derive } from "../settings/inputs.ts";
import type { Settings } from "../settings/setting-types.ts";

type Table = typeof settingsTable;

/** Settings of the program that the relay reads: those with an app setting in the table. */
export type CarriedSetting = {
  [Name in SettingName]: Table[Name] extends { readonly appSetting: AppSettingName } ? Name : never;
}[SettingName];

/**
 * App settings that don't come from a setting of the program, except the connection string, which the relay in Azure
 * does not have, and the digest.
 */
type OtherAppSetting = Exclude<
  AppSettingName,
  Table[CarriedSetting]["appSetting"] | "RELAY_STORAGE" | "RELAY_CONFIGURATION"
>;

/**
 * The relay's app settings without their digest, in the order of `appSettings`.
 *
 * @param settings the program's settings, of which those with an app setting are used
 * @param others all other app settings; undefined ones are left out
 */
export function relayAppSettings(
  settings: Pick<Settings, CarriedSetting>,
  others: Readonly<Record<OtherAppSetting, pulumi.Input<string> | undefined>>,
): Record<string, pulumi.Input<string>> {
  const given: Readonly<Record<string, pulumi.Input<string> | undefined>> = { ...others, ...carrySettings(settings) };
  return Object.fromEntries(
    Object.keys(appSettings).flatMap((name) => {
      const value = given[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function carrySettings(settings: Pick<Settings, CarriedSetting>): Record<string, pulumi.Input<string>> {
  const names = Object.keys(plainSettings) as SettingName[];
  const byAppSetting = Object.groupBy(names, (name) => plainSettings[name].appSetting ?? "none");
  const { none: _, ...groups } = byAppSetting;
  return Object.fromEntries(
    Object.entries(groups).map(([appSetting, group]) => {
      const [only, ...more] = group as [CarriedSetting, ...CarriedSetting[]];
      if (more.length === 0) return [appSetting, derive<unknown, string>(settings[only], String)];
      return [
        appSetting,
        pulumi.jsonStringify(Object.fromEntries([only, ...more].map((name) => [name, settings[name]]))),
      ];
    }),
  );
}
