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

/** A function and its evaluation, which is absent if the stand-in lacks it. */
export interface DataPrepFunction extends Signature {
  readonly evaluation: Evaluation | undefined;
}

/** Finds a function by one of its names; names are case-sensitive. */
export function findFunction(name: string): DataPrepFunction | undefined {
  const signature = functionsByName.get(name);
  return signature && { ...signature, evaluation: evaluations[signature.name] };
}

/** Functions on Adobe's page that the stand-in lacks: it refuses a set that uses one, although Platform would accept it. */
export const leftOut: readonly FunctionName[] = [
  ...new Set([...functionsByName.values()].map(({ name }) => name)),
].filter((name) => evaluations[name] === undefined);
