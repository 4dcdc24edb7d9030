import { isMap, type PropertyMap, type PropertyValue } from "pulumi-provider-kit";
import { ArmError } from "../arm/arm-error.ts";
import type { ResourceRequest } from "../arm/resource-request.ts";
import { plainValueAt } from "../arm/subscription.ts";
import type { AzureSwitches } from "../switches.ts";
import { type Policy, type PolicyName, policies } from "./policy-definitions.ts";

/** What the assigned policies deny about a resource. */
export function denials(
  armType: string,
  values: PropertyMap,
  { policies: assigned }: Pick<AzureSwitches, "policies">,
): { readonly name: PolicyName; readonly policy: Policy; readonly value: PropertyValue | undefined }[] {
  return assigned
    .map((name) => {
      const policy: Policy = policies[name];
      const value = valueAt(values, policy.path);
      // Parts of other resources and resource groups are not "indexed": policies on tags and regions skip them.
      const concerns = policy.types?.includes(armType.toLowerCase()) ?? isIndexed(armType, values);
      return { name, policy, value, isDenied: concerns && !policy.allows(value) };
    })
    .filter(({ isDenied }) => isDenied);
}

function isIndexed(armType: string, values: PropertyMap): boolean {
  return plainValueAt(values, "location") !== undefined && !/\/resourceGroups$/i.test(armType);
}

/** azure-native has separate inputs for what is under `properties` in Azure, and another name for an account's network rules. */
function valueAt(values: PropertyMap, path: string): PropertyValue | undefined {
  const [, tag] = path.match(/^tags\['(.+)'\]$/) ?? [];
  if (tag !== undefined) {
    const tags = plainValueAt(values, "tags");
    return isMap(tags) ? tags[tag] : undefined;
  }
  const input = path.replace(/^properties\./, "").replace(/^networkAcls\./, "networkRuleSet.");
  return plainValueAt(values, path) ?? plainValueAt(values, input);
}

/** Throws the `ArmError` with which Azure Policy denies a resource, if it does. */
export function refuseByPolicy({ id, name, type, inputs }: ResourceRequest, switches: AzureSwitches): void {
  const denied = denials(type.armType, inputs, switches);
  if (denied.length === 0) return;
  const subscription = id.match(/^\/subscriptions\/[^/]+/i)?.[0] ?? "";
  const identifiers = denied.map(({ name: assignment, policy }) => ({
    policyAssignment: { name: policy.displayName, id: assignmentId(subscription, assignment) },
    policyDefinition: { name: policy.displayName, id: definitionId(policy) },
  }));
  const message = `Resource '${name}' was disallowed by policy. Policy identifiers: '${JSON.stringify(identifiers)}'.`;
  const additionalInfo = denied.map(({ name: assignment, policy, value }) => ({
    type: "PolicyViolation",
    info: {
      evaluationDetails: { evaluatedExpressions: expressions(type.armType, policy, value) },
      policyDefinitionId: definitionId(policy),
      policyDefinitionName: policy.definition,
      policyDefinitionDisplayName: policy.displayName,
      policyDefinitionEffect: "deny",
      policyAssignmentId: assignmentId(subscription, assignment),
      policyAssignmentName: assignment,
      policyAssignmentDisplayName: policy.displayName,
      policyAssignmentScope: subscription,
      policyAssignmentParameters: {},
    },
  }));
  throw new ArmError(403, "RequestDisallowedByPolicy", message, { target: name, additionalInfo });
}

export function assignmentId(subscription: string, name: string): string {
  return `${subscription}/providers/Microsoft.Authorization/policyAssignments/${name}`;
}

export function definitionId({ definition }: Policy): string {
  return `/providers/Microsoft.Authorization/policyDefinitions/${definition}`;
}

/** What the evaluation of a policy has checked. */
export function expressions(armType: string, { path }: Policy, value: PropertyValue | undefined): object[] {
  const type = { expression: "type", path: "type", expressionValue: armType, targetValue: armType };
  const found = { expression: path, path, ...(value !== undefined && { expressionValue: value }) };
  return [
    { result: "True", expressionKind: "Field", ...type, operator: "Equals" },
    { result: "True", expressionKind: "Field", ...found, operator: value === undefined ? "Exists" : "NotEquals" },
  ];
}
