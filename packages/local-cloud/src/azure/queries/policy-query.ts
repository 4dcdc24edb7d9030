import type { PropertyMap } from "pulumi-provider-kit";
import { ArmError } from "../arm/arm-error.ts";
import { assignmentId, definitionId, denials, expressions } from "../refusals/policies.ts";
import type { Query } from "./query.ts";

/** What Azure Policy says about a resource that does not exist yet. */
export const policyQuery: Query = {
  method: "POST",
  path: /^\/providers\/Microsoft\.PolicyInsights\/checkPolicyRestrictions$/i,
  action: "Microsoft.PolicyInsights/checkPolicyRestrictions/read",
  answer: ({ scope, body }, { switches }) => {
    const { resourceDetails } = body as { resourceDetails?: { resourceContent?: PropertyMap } };
    const content = resourceDetails?.resourceContent;
    if (content === undefined) {
      throw new ArmError(
        400,
        "InvalidCheckRestrictionsRequest",
        "The property 'resourceDetails.resourceContent' is required.",
      );
    }
    const subscription = scope.match(/^\/subscriptions\/[^/]+/i)?.[0] ?? "";
    const armType = String(content.type);
    const policyEvaluations = denials(armType, content, switches).map(({ name, policy, value }) => ({
      policyInfo: {
        policyDefinitionId: definitionId(policy),
        policyAssignmentId: assignmentId(subscription, name),
      },
      evaluationResult: "NonCompliant",
      evaluationDetails: { evaluatedExpressions: expressions(armType, policy, value) },
      effectDetails: { policyEffect: "Deny" },
    }));
    return { fieldRestrictions: [], contentEvaluationResult: { policyEvaluations } };
  },
};
