import { z } from "zod";
import { resourcesApiVersion } from "../api-versions.ts";
import type { AzureCheck } from "./azure-question.ts";

/** Resource providers that a relay needs; those of groups and roles are always registered. */
const namespaces = ["Web", "Storage", "KeyVault", "ManagedIdentity", "OperationalInsights", "Insights"];

const provider = z.object({ registrationState: z.string() });

/** A subscription accepts resources only of registered providers. */
export const checkResourceProviders: AzureCheck = async (azure, { subscriptionId, actions, namespaces: more }) => {
  const usesEventGrid = actions.some((action) => action.startsWith("Microsoft.EventGrid/"));
  const usual = [...namespaces, ...(usesEventGrid ? ["EventGrid"] : [])].map((name) => `Microsoft.${name}`);
  const states = await Promise.all(
    [...usual, ...more].map(async (namespace) => {
      const { registrationState } = await azure(
        {
          path: `/subscriptions/${subscriptionId}/providers/${namespace}`,
          apiVersion: resourcesApiVersion,
          purpose: `check whether the resource provider ${namespace} is registered`,
        },
        provider,
      );
      return { namespace, registrationState };
    }),
  );
  const missing = states.filter(({ registrationState }) => !/^regist(ered|ering)$/i.test(registrationState));
  if (missing.length === 0) return [];
  const names = missing.map(({ namespace }) => namespace);
  const commands = names.map((namespace) => `az provider register --namespace ${namespace} --wait`);
  return [
    `The subscription ${subscriptionId} is not registered for ${names.join(", ")}. Register it: ${commands.join("; ")}`,
  ];
};
