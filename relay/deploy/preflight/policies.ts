import { z } from "zod";
import { settingWordsOf } from "../../../settings/setting-words.ts";
import { policyApiVersion } from "../api-versions.ts";
import { type AzureCheck, type PlannedRelay, scopeOf } from "./azure-question.ts";
import { chooseRegion } from "./choose-region.ts";
import { evaluatedPaths, evaluationDetails, policyRemedy } from "./policy-remedy.ts";

const restrictions = z.object({
  contentEvaluationResult: z
    .object({
      policyEvaluations: z
        .array(
          z.object({
            policyInfo: z.object({
              policyAssignmentId: z.string().nullish(),
              policyDefinitionId: z.string().nullish(),
            }),
            evaluationResult: z.string(),
            evaluationDetails: evaluationDetails.nullish(),
            effectDetails: z.object({ policyEffect: z.string().nullish() }).nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

/**
 * What Azure Policy would refuse (Azure's REST reference: Policy Restrictions, *Check At Subscription Scope* and *Check At Resource
 * Group Scope*). The answer may lack policies of management groups, so an `up` may still be refused.
 */
export const checkPolicies: AzureCheck = async (azure, planned) => {
  const denials = await Promise.all(
    planned.resources.map(async (resource) => {
      const { contentEvaluationResult } = await azure(
        {
          method: "POST",
          path: `${scopeOf(planned)}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions`,
          apiVersion: policyApiVersion,
          body: {
            resourceDetails: {
              resourceContent: { type: resource.type, location: planned.location, ...resource.content },
              apiVersion: resource.apiVersion,
            },
          },
          purpose: `ask Azure Policy about ${resource.type}`,
        },
        restrictions,
      );
      return (contentEvaluationResult?.policyEvaluations ?? [])
        .filter(({ evaluationResult }) => /^noncompliant$/i.test(evaluationResult))
        .filter(({ effectDetails }) => /^deny/i.test(effectDetails?.policyEffect ?? ""))
        .map(({ policyInfo, evaluationDetails: details }) => {
          const assignmentId = policyInfo.policyAssignmentId ?? policyInfo.policyDefinitionId ?? "unknown";
          return { assignmentId, paths: evaluatedPaths(details), resource };
        });
    }),
  );
  return describe(denials.flat(), planned);
};

interface Denial {
  readonly assignmentId: string;
  readonly paths: readonly string[];
  readonly resource: PlannedRelay["resources"][number];
}

/** One sentence per policy, since a policy on tags refuses every resource. */
function describe(denials: readonly Denial[], planned: PlannedRelay): string[] {
  const [scope, words, otherRegion] = [scopeOf(planned), settingWordsOf(planned.project), chooseRegion(planned)];
  const byPolicy = Map.groupBy(denials, ({ assignmentId }) => assignmentId);
  return [...byPolicy].map(([assignmentId, [first, ...rest]]) => {
    const types = [first, ...rest].flatMap((denial) => denial?.resource.type ?? []);
    // Every policy first evaluates the type, which explains nothing.
    const paths = (first?.paths ?? []).filter((path) => path !== "type");
    const reason = paths.length > 0 ? `, by ${paths.join(", ")}` : "";
    const remedy = policyRemedy(paths, {
      assignmentId,
      scope,
      words,
      otherRegion,
      ...(first && { type: first.resource.type }),
    });
    return `Azure Policy denies ${types.join(", ")}${reason} (${assignmentId}). ${remedy}`;
  });
}
