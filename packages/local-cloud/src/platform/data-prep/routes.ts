import { Hono } from "hono";
import type { PlatformState } from "../state/state.ts";
import { answer, type PlatformEnvironment, readObject } from "../web/http.ts";
import { type JsonObject, objectOf, stringOf } from "../web/json.ts";
import { plainProblem } from "../web/problem.ts";
import { functionsByName } from "./functions/signatures.ts";
import { compileExpression } from "./language/expression.ts";
import { operators } from "./language/operators.ts";
import { mappingSetRoutes } from "./mapping-set-routes.ts";

/** Data Prep: mapping sets, their validation and preview, and the expression language. */
export function dataPrepRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.route("/mappingSets", mappingSetRoutes(state));

  routes.get("/languages/el/functions", () =>
    answer(
      200,
      Array.from(functionsByName, ([name, { category, syntax }]) => ({ category, function: name, syntax, since: 1 })),
    ),
  );
  routes.get("/languages/el/operators", () =>
    answer(
      200,
      operators.map((operator) => ({ ...operator })),
    ),
  );
  routes.post("/languages/el/validate", async (context) => {
    const { expression, sampleData } = await readObject(context);
    // The API description's own example wraps the expression in an object of the same name.
    const text = stringOf(expression) ?? stringOf(objectOf(expression).expression);
    if (text === undefined) throw plainProblem(400, "The expression is missing");
    return answer(200, isValid(text, stringOf(sampleData), state.clock()));
  });
  return routes;
}

/** Whether an expression can be compiled and, given a sample, evaluated. */
function isValid(text: string, sampleData: string | undefined, now: number): boolean {
  try {
    const expression = compileExpression(text);
    if (sampleData !== undefined) expression({ source: JSON.parse(sampleData) as JsonObject, now });
    return true;
  } catch {
    return false;
  }
}
