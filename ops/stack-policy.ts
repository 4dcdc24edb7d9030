import { type EventPolicy, eventPolicy } from "../relay/core/policy.ts";
import type { PulumiStack } from "./pulumi-stack.ts";

/** What the settings `filters` and `personalData` say, which Pulumi keeps as JSON. */
export function policyOf(stack: PulumiStack): EventPolicy {
  const { filters, personalData } = stack.settingsOf("customerio-aep");
  return eventPolicy.parse({ filters: JSON.parse(filters || "{}"), personalData: JSON.parse(personalData || "{}") });
}
