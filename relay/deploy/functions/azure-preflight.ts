import type { FunctionDefinition } from "pulumi-provider-kit";
import { z } from "zod";
import { resourcesApiVersion } from "../api-versions.ts";
import type { AzureClient } from "../client/client.ts";
import { type AzureCheck, type AzureQuery, plannedRelaySchema } from "../preflight/azure-question.ts";
import { hasRelay } from "../preflight/existing-relay.ts";
import { checkExisting } from "../preflight/existing-resources.ts";
import { checkNames } from "../preflight/names.ts";
import { checkPolicies } from "../preflight/policies.ts";
import { checkQuota } from "../preflight/quota.ts";
import { checkNodeVersion, checkPlan, checkRedundancy } from "../preflight/region.ts";
import { checkResourceProviders } from "../preflight/resource-providers.ts";
import { checkRights } from "../preflight/rights.ts";

const result = z.object({
  problems: z.array(z.string()).meta({ description: "What prevents the relay, each with what to do." }),
  unchecked: z.array(z.string()).meta({ description: "What could not be checked, and why." }),
});

/** Milliseconds for all checks together, so that slow answers don't delay a preview further. */
const patience = 20_000;

const checks: readonly AzureCheck[] = [
  checkRights,
  checkResourceProviders,
  checkPlan,
  checkNodeVersion,
  checkRedundancy,
  checkQuota,
  checkNames,
  checkPolicies,
  checkExisting,
];

/** The checks of a subscription before a relay is created in it. */
export const getAzurePreflight: FunctionDefinition<AzureClient, typeof plannedRelaySchema, typeof result> = {
  token: "customerio-aep:index:getAzurePreflight",
  description:
    "What prevents a relay that does not exist yet: missing rights, resource providers that are not registered, a " +
    "region without the plan, its zones or the Node.js version, names that are taken, a used-up quota, what Azure Policy denies, and " +
    "resources to use that do not exist or can't be used. " +
    "If the relay exists already, nothing is checked: one call finds it, by the alerts of its stack.",
  args: plannedRelaySchema,
  result,
  async call(client, given, signal) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    const unchecked: string[] = [];
    /** A check that Azure does not answer, such as without the right to read, blocks nothing. */
    const attempt = async <Answer>(otherwise: Answer, question: () => Promise<Answer>): Promise<Answer> => {
      try {
        return await question();
      } catch (error) {
        if (signal.aborted) throw error;
        unchecked.push(error instanceof Error ? error.message : String(error));
        return otherwise;
      }
    };
    const azure: AzureQuery = (question, answer) => client.query(question, answer, limit);
    if (await attempt(true, () => hasRelay(azure, given))) return { problems: [], unchecked };
    const groupsRegion = () => attempt(undefined, () => locationOf(given.resourceGroupId, azure));
    const planned = { ...given, location: given.location ?? (await groupsRegion()) };
    const problems = await Promise.all(checks.map((check) => attempt([], () => check(azure, planned))));
    return { problems: problems.flat(), unchecked: [...new Set(unchecked)] };
  },
};

async function locationOf(resourceGroupId: string | undefined, azure: AzureQuery): Promise<string | undefined> {
  if (resourceGroupId === undefined) return undefined;
  const question = {
    path: resourceGroupId,
    apiVersion: resourcesApiVersion,
    purpose: "read the region of the resource group",
  };
  return (await azure(question, z.object({ location: z.string() }))).location;
}
