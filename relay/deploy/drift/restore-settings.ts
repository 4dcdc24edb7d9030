import type { Operation } from "pulumi-provider-kit";
import type { AzureClient } from "../client/client.ts";
import { settingDrift } from "./setting-drift.ts";

/** Restores app settings that somebody has changed, since the azure-native resource that wrote them does not notice. */
export async function restoreSettings(
  { client, signal, warn }: Pick<Operation<AzureClient>, "client" | "signal" | "warn">,
  { siteId, settings }: { readonly siteId: string; readonly settings?: Readonly<Record<string, string>> | undefined },
): Promise<void> {
  if (settings === undefined) return;
  const listed = await client.siteSettings(siteId).list(signal);
  const drift = listed === undefined ? [] : settingDrift(settings, listed);
  if (drift.length === 0) return;
  warn(`restores changed app settings: ${drift.map(({ name }) => name).join(", ")}`);
  await client.siteSettings(siteId).write(settings, signal);
}
