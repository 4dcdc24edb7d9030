import { analyticsEvaluations } from "./analytics.ts";
import { arrayEvaluations } from "./arrays.ts";
import { dateEvaluations } from "./dates.ts";
import type { Evaluation, Evaluations } from "./evaluation.ts";
import { hashingEvaluations } from "./hashing.ts";
import { logicEvaluations } from "./logic.ts";
import { numberEvaluations } from "./numbers.ts";
import { objectEvaluations } from "./objects.ts";
import { type FunctionName, functionsByName, type Signature } from "./signatures.ts";
import { stringEvaluations } from "./strings.ts";
import { urlEvaluations } from "./urls.ts";

const evaluations: Evaluations = {
  ...stringEvaluations,
  ...hashingEvaluations,
  ...urlEvaluations,
  ...dateEvaluations,
  ...objectEvaluations,
  ...arrayEvaluations,
  ...logicEvaluations,
  ...numberEvaluations,
  ...analyticsEvaluations,
};

/** A function, and how it is worked out; without an evaluation where the stand-in lacks it. */
export interface DataPrepFunction extends Signature {
  readonly evaluation: Evaluation | undefined;
}

/** The function of a name, second names included; names are case-sensitive. */
export function findFunction(name: string): DataPrepFunction | undefined {
  const signature = functionsByName.get(name);
  return signature && { ...signature, evaluation: evaluations[signature.name] };
}

/** Functions of Adobe's page that the stand-in lacks: a set that uses one is refused, though Platform would take it. */
export const leftOut: readonly FunctionName[] = [
  ...new Set([...functionsByName.values()].map(({ name }) => name)),
].filter((name) => evaluations[name] === undefined);
