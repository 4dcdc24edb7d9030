import { Hono } from "hono";
import type { PlatformState } from "../state/state.ts";
import { answer, type PlatformEnvironment, pathParameter } from "../web/http.ts";
import { plainProblem } from "../web/problem.ts";
import { addDataFileRoutes } from "./data-files.ts";

/** Data Access: the files of batches, and the first hundred rows of a dataset, which is what "Preview dataset" shows in the UI. */
export function dataAccessRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  routes.get("/datasets/:id/preview", (context) => {
    const id = pathParameter(context, "id");
    const dataset = context.get("sandbox").datasets.get(id);
    const isEmpty = dataset?.rows.length === 0 && state.switches.emptyPreview === "404";
    if (dataset === undefined || isEmpty) throw plainProblem(404, `The dataset ${id} has nothing to preview`);
    const data = dataset.rows.slice(0, 100);
    return answer(200, state.switches.previewAnswer === "list" ? data : { data });
  });
  addDataFileRoutes(routes, state);
  return routes;
}
