import type { Policies, ResourceValidationPolicy } from "@pulumi/policy";
import {
  findMissingTags,
  forbidPublicBlobs,
  forbidSharedKeys,
  type ResourceRule,
  requirePurgeProtection,
  requireTls,
  requireZoneRedundantStorage,
} from "./azure-rules.ts";
import { stackInUrn } from "./checked-resource.ts";
import { findUnprotectedDatasets, forbidProfile, requireHttpsWebhook } from "./event-rules.ts";
import { findPlainSecrets } from "./secret-rules.ts";

const productionStacks = {
  properties: {
    productionStacks: {
      type: "array" as const,
      items: { type: "string" as const },
      default: ["prod", "production"],
      description: "Names of the stacks that must keep this rule.",
    },
  },
};

interface ProductionConfig {
  readonly productionStacks: readonly string[];
}

function everywhere(name: string, description: string, rule: ResourceRule): ResourceValidationPolicy {
  return {
    name,
    description,
    enforcementLevel: "mandatory",
    validateResource: (resource, reportViolation) => {
      const violation = rule(resource);
      if (violation !== undefined) reportViolation(violation);
    },
  };
}

function inProduction(name: string, description: string, rule: ResourceRule): ResourceValidationPolicy {
  return {
    name,
    description,
    enforcementLevel: "mandatory",
    configSchema: productionStacks,
    validateResource: (resource, reportViolation) => {
      const { productionStacks: stacks } = resource.getConfig<ProductionConfig>();
      const violation = stacks.includes(stackInUrn(resource.urn)) ? rule(resource) : undefined;
      if (violation !== undefined) reportViolation(violation);
    },
  };
}

/** The rules of the pack, also for use in other packs. Each is mandatory unless the pack's configuration says otherwise. */
export const relayPolicies: Policies = [
  everywhere("public-blobs", "Nothing that the relay stores is public.", forbidPublicBlobs),
  everywhere("shared-keys", "The relay's storage accepts only identities.", forbidSharedKeys),
  everywhere("tls", "Storage and function app accept only TLS 1.2 or later.", requireTls),
  everywhere("profile", "Events do not go to Real-Time Customer Profile.", forbidProfile),
  everywhere("https-webhook", "Customer.io posts to an address with TLS.", requireHttpsWebhook),
  {
    name: "plain-secrets",
    description: "App settings refer to secrets in a vault, and hold none.",
    enforcementLevel: "mandatory",
    validateResource: (resource, reportViolation) => {
      for (const name of findPlainSecrets(resource)) {
        reportViolation(
          `The app setting ${name} holds a secret. Keep it in a key vault, and refer to it: @Microsoft.KeyVault(…).`,
        );
      }
    },
  },
  {
    name: "required-tags",
    description: "Resources in Azure have the tags that the company requires.",
    enforcementLevel: "mandatory",
    configSchema: {
      properties: {
        tags: { type: "array", items: { type: "string" }, default: [], description: "Names of the tags." },
      },
    },
    validateResource: (resource, reportViolation) => {
      const violation = findMissingTags(resource, resource.getConfig<{ tags: string[] }>().tags);
      if (violation !== undefined) reportViolation(violation);
    },
  },
  inProduction(
    "storage-redundancy",
    "In production, events survive the loss of a datacenter.",
    requireZoneRedundantStorage,
  ),
  inProduction("purge-protection", "In production, nobody can purge the deleted vault.", requirePurgeProtection),
  {
    name: "protected-datasets",
    description: "In production, a destroy does not delete rows.",
    enforcementLevel: "mandatory",
    configSchema: productionStacks,
    validateStack: ({ resources, getConfig }, reportViolation) => {
      const { productionStacks: stacks } = getConfig<ProductionConfig>();
      for (const { urn } of findUnprotectedDatasets(resources)) {
        if (!stacks.includes(stackInUrn(urn))) continue;
        const message =
          "A destroy would delete the dataset with its rows. Run: npx pulumi config set --path dataset.forceDestroy false";
        reportViolation(message, urn);
      }
    },
  },
];
