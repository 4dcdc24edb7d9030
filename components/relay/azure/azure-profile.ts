import type * as pulumi from "@pulumi/pulumi";
import { type AzureChoices, type Environment, environmentChoices } from "../../../settings/azure-settings.ts";
import type { Settings } from "../../settings/setting-types.ts";

/** What decides which resources exist is known when the program runs. */
type Deciding = "separateHostStorage" | "deleteLocks" | "protect" | "diagnosticSettings" | "disableFormerSecrets";

/** How the relay's resources in Azure are to be. */
export type AzureProfile = {
  readonly [Choice in keyof AzureChoices]: Choice extends Deciding
    ? AzureChoices[Choice]
    : pulumi.Input<AzureChoices[Choice]>;
};

/** What an environment chooses, but for what the setting `azure` says. */
export function azureProfile(environment: Environment, chosen: Settings["azure"]): AzureProfile {
  const given = Object.entries(chosen).filter(([, value]) => value !== undefined);
  return { ...environmentChoices[environment], ...(Object.fromEntries(given) as Partial<AzureProfile>) };
}
