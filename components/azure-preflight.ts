import { getClientConfig } from "@pulumi/azure-native/authorization/getClientConfig.js";
import * as pulumi from "@pulumi/pulumi";
import { getAzureLogin, getAzurePreflight } from "../relay/deploy/sdk.ts";
import type { SettingWords } from "../settings/setting-words.ts";
import { refusalOf } from "./refusal.ts";
import { hasOwnProvider } from "./relay/azure/own-provider.ts";
import { type AzureNeeds, plannedRelay } from "./relay/azure/planned-relay.ts";

interface AzureFound {
  /** Problems, each with its remedy. */
  readonly problems: readonly string[];
  /** Checks that Azure did not answer, and why. */
  readonly unchecked: readonly string[];
}

/**
 * Logs in to Azure with both providers of the relay, also in a preview, and checks whether Azure would accept a relay that does
 * not exist yet: rights, region, names, quota, policies. If a login fails, or the two differ, nothing else is checked.
 */
export async function findAzureProblems(
  needs: AzureNeeds,
  { project }: SettingWords,
  parent: pulumi.ComponentResource | undefined,
): Promise<AzureFound> {
  const cloud = explainOtherCloud(process.env);
  if (cloud !== undefined) return { problems: [cloud], unchecked: [] };
  const ask = parent && { parent };
  const native = getClientConfig(ask);
  const subscriptionId = await chosenSubscription(native, parent);
  const ours = getAzureLogin({ ...(subscriptionId && { subscriptionId }) }, ask);
  const [refused, nativeRefused] = await Promise.all([refusalOf(ours), refusalOf(native)]);
  if (refused !== undefined || nativeRefused !== undefined) {
    const problems = [refused ?? [], nativeRefused === undefined ? [] : `The provider azure-native: ${nativeRefused}`];
    return { problems: problems.flat(), unchecked: [] };
  }
  const [{ objectId }, login] = await Promise.all([ours, native]);
  if (objectId && login.objectId && objectId.toLowerCase() !== login.objectId.toLowerCase()) {
    return { problems: [explainTwoLogins(objectId, login.objectId)], unchecked: [] };
  }
  return getAzurePreflight({ ...plannedRelay(needs, login, parent), ...(project !== undefined && { project }) }, ask);
}

/**
 * The subscription that azure-native uses: Azure CLI logs in to its tenant. The stack's setting is known at once. Otherwise azure-native says
 * it: without it, Azure CLI would have to log in a second time, for the calls that name the subscription.
 */
async function chosenSubscription(
  native: ReturnType<typeof getClientConfig>,
  parent: pulumi.ComponentResource | undefined,
): Promise<string | undefined> {
  const configured = hasOwnProvider(parent) ? undefined : new pulumi.Config("azure-native").get("subscriptionId");
  return (
    configured ??
    native.then(
      (login) => login.subscriptionId,
      () => undefined,
    )
  );
}

/** Names by which azure-native takes another cloud than Azure's public one (`GetCloudByName` in pulumi-azure-native). */
const otherCloud = /^(usgov|usgovernment|azureusgovernment|azureusgovernmentcloud|china|azurechinacloud)$/i;

function explainOtherCloud(environment: NodeJS.ProcessEnv): string | undefined {
  const config = new pulumi.Config("azure-native").get("environment");
  // In azure-native's order (`readAzureCloudFromConfig`).
  const [chosen] = [
    { cloud: config, remedy: "run: npx pulumi config rm azure-native:environment" },
    { cloud: environment.ARM_ENVIRONMENT, remedy: "unset ARM_ENVIRONMENT" },
    { cloud: environment.AZURE_ENVIRONMENT, remedy: "unset AZURE_ENVIRONMENT" },
  ].filter(({ cloud }) => cloud);
  if (chosen?.cloud === undefined || !otherCloud.test(chosen.cloud)) return undefined;
  return `The relay runs only in Azure's public cloud, but azure-native would use ${chosen.cloud}. To use the public cloud, ${chosen.remedy}`;
}

function explainTwoLogins(ours: string, native: string): string {
  return (
    `Two identities would create this stack: the provider azure-native logs in with the object id ${native}, and the provider ` +
    `customerio-aep with ${ours}. Choose the login with the variables ARM_*, which both read, not with settings such as ` +
    "azure-native:clientId; or run az login with the right identity."
  );
}
