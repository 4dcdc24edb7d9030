import { dataPrepFunctions, type FunctionName } from "adobe-data-prep";
import { analyticsEvaluations } from "./analytics.ts";
import { arrayEvaluations } from "./arrays.ts";
import { dateEvaluations } from "./dates.ts";
import type { Evaluation, Evaluations } from "./evaluation.ts";
import { hashingEvaluations } from "./hashing.ts";
import { logicEvaluations } from "./logic.ts";
import { numberEvaluations } from "./numbers.ts";
import { objectEvaluations } from "./objects.ts";
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

/** How a function is worked out; undefined for those that are left out here. */
export function evaluationOf(name: FunctionName): Evaluation | undefined {
  return evaluations[name];
}

/** Functions of Adobe's page that the stand-in lacks: a set that uses one is refused, though Platform would take it. */
export const leftOut: readonly FunctionName[] = dataPrepFunctions
  .map(({ name }) => name)
  .filter((name) => evaluations[name] === undefined);
