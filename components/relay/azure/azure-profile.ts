import type * as pulumi from "@pulumi/pulumi";
import { type AzureChoices, type Environment, environmentChoices } from "../../../settings/azure-settings.ts";
import type { Settings } from "../../settings/setting-types.ts";

/** Choices that decide which resources exist are known when the program runs. */
type Deciding = "separateHostStorage" | "deleteLocks" | "protect" | "diagnosticSettings" | "disableFormerSecrets";

/** The choices for the relay's resources in Azure. */
export type AzureProfile = {
  readonly [Choice in keyof AzureChoices]: Choice extends Deciding
    ? AzureChoices[Choice]
    : pulumi.Input<AzureChoices[Choice]>;
};

/** An environment's choices, with the overrides of the setting `azure`. */
export function azureProfile(environment: Environment, chosen: Settings["azure"]): AzureProfile {
  const given = Object.entries(chosen).filter(([, value]) => value !== undefined);
  return { ...environmentChoices[environment], ...(Object.fromEntries(given) as Partial<AzureProfile>) };
}
