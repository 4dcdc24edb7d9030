import { platformSchemas } from "./platform-settings.ts";
import { plainSettings, type SettingName } from "./schema.ts";

/** Settings of the dataflow and its other objects in Platform. */
export const dataflowSettings = [
  "mapping",
  "testMode",
  ...(Object.keys(platformSchemas) as (keyof typeof platformSchemas)[]),
  "source",
  "delivery",
  "personalData",
  "dataflowActivationSeconds",
] as const satisfies readonly SettingName[];

/** Settings of the reporting webhook in Customer.io. */
export const webhookSettings = [
  "events",
  "fullResolution",
  "withContent",
  "webhook",
] as const satisfies readonly SettingName[];

/** Settings of a whole source alone: its relay as a part has the argument `credential`. */
const sourceSettings = ["relayCredential"] as const satisfies readonly SettingName[];

export type DataflowSetting = (typeof dataflowSettings)[number];
export type WebhookSetting = (typeof webhookSettings)[number];
/** Settings of the relay: all others, and `personalData`, on which the dataflow's samples depend too. */
export type RelaySetting =
  | Exclude<SettingName, DataflowSetting | WebhookSetting | (typeof sourceSettings)[number]>
  | "personalData";

const others: ReadonlySet<SettingName> = new Set([
  ...dataflowSettings.filter((name) => name !== "personalData"),
  ...webhookSettings,
  ...sourceSettings,
]);

export const relaySettings = (Object.keys(plainSettings) as SettingName[]).filter(
  (name): name is RelaySetting => !others.has(name),
);
