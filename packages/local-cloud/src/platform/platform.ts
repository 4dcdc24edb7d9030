import { Hono } from "hono";
import { listen } from "../listen.ts";
import { accessControlRoutes } from "./access/access-control.ts";
import { dataAccessRoutes } from "./access/data-access.ts";
import { gateway, requireSandbox } from "./access/gateway.ts";
import { imsRoutes } from "./access/ims.ts";
import { requirePermission } from "./access/permissions.ts";
import { sandboxManagementRoutes } from "./access/sandbox-management.ts";
import { platformAdminRoutes } from "./admin.ts";
import { batchIngestionRoutes } from "./batch-ingestion.ts";
import { batchRoutes } from "./catalog/batches.ts";
import { datasetRoutes } from "./catalog/datasets.ts";
import { dataPrepRoutes } from "./data-prep/routes.ts";
import { injectFaults } from "./faults.ts";
import { forgetDeleted } from "./flow-service/lifecycle.ts";
import { flowServiceRoutes } from "./flow-service/routes.ts";
import { identityNamespaceRoutes } from "./identity-namespaces.ts";
import { observabilityRoutes } from "./observability.ts";
import { LocalQueryService } from "./query-service/routes.ts";
import { schemaRegistryRoutes } from "./schema-registry/routes.ts";
import type { Sandbox } from "./state/model.ts";
import type { PlatformOptions } from "./state/options.ts";
import { PlatformState } from "./state/state.ts";
import { streamingRoutes } from "./streaming.ts";
import { answer, type PlatformContext, type PlatformEnvironment } from "./web/http.ts";
import { uuid } from "./web/identifiers.ts";
import { Problem, plainProblem } from "./web/problem.ts";

export type { PlatformOptions, PlatformSwitches } from "./state/options.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

export interface PlatformStandIn {
  /** The one origin of gateway (`AEP_PLATFORM_URL`), identity service (`AEP_IMS_URL`) and inlets (`${url}/collection/…`). */
  readonly url: string;
  /** Answers as its port does, without a connection: for callers in the same process. */
  readonly fetch: Fetch;
  /** Its state, for tests in the same process. */
  readonly state: PlatformState;
  /** Stops listening and forgets everything. */
  close(): Promise<void>;
}

/**
 * Starts a stand-in for Adobe Experience Platform on a free port of 127.0.0.1: IMS, Schema Registry, Catalog, Flow Service,
 * Data Prep, Data Access, batch ingestion, Query Service, sandboxes, access control, identity namespaces, Observability Insights, the
 * streaming host, and the admin routes under `/__local/` (see admin.ts). It keeps everything in memory; two of them share nothing.
 */
export async function startPlatform(options: PlatformOptions): Promise<PlatformStandIn> {
  const state = new PlatformState(options);
  const queryService = new LocalQueryService(state);
  const app = platformApp(state, queryService);
  const listener = await listen(app.fetch);
  state.url = `http://127.0.0.1:${listener.port}`;
  return {
    url: state.url,
    fetch: (request) => app.fetch(request),
    state,
    async close() {
      await queryService.close();
      await listener.close();
    },
  };
}

function platformApp(state: PlatformState, queryService: LocalQueryService): Hono<PlatformEnvironment> {
  // The API descriptions write some paths with a slash at the end and some without.
  const app = new Hono<PlatformEnvironment>({ strict: false });
  app.use(async (context, next) => {
    context.set("requestId", uuid());
    await next();
    context.res.headers.set("X-Request-Id", context.get("requestId"));
  });
  app.route("/", imsRoutes(state));
  app.route("/", streamingRoutes(state));
  app.route("/__local", platformAdminRoutes(state));

  app.use("/data/*", gateway(state), injectFaults(state, "gateway"), requireSandbox(state));
  app.use("/data/foundation/*", async (context, next) => {
    const sandbox: Sandbox | undefined = context.get("sandbox");
    if (sandbox !== undefined) forgetDeleted(state, sandbox);
    await next();
  });
  for (const { path, routes, typeOf } of servicesOf(state, queryService)) {
    if (typeOf) app.use(`/data/${path}/*`, requirePermission(state, typeOf));
    app.route(`/data/${path}`, routes);
  }

  app.notFound((context) =>
    refuse(state, context, plainProblem(404, `No API at ${context.req.method} ${context.req.path}`)),
  );
  app.onError((error, context) => {
    // Anything else is a defect of the stand-in; its message helps more than a dropped connection.
    const problem = error instanceof Problem ? error : plainProblem(500, error.stack ?? error.message);
    return refuse(state, context, problem);
  });
  return app;
}

/** A service behind the gateway. */
interface Service {
  /** Below `/data`. */
  readonly path: string;
  readonly routes: Hono<PlatformEnvironment>;
  /** The resource type of access control that a call needs a right on; undefined: none. */
  readonly typeOf?: Parameters<typeof requirePermission>[1];
}

function servicesOf(state: PlatformState, queryService: LocalQueryService): readonly Service[] {
  const datasets = () => "datasets";
  return [
    { path: "foundation/schemaregistry", routes: schemaRegistryRoutes(state), typeOf: registryType },
    { path: "foundation/catalog", routes: datasetRoutes(state), typeOf: datasets },
    { path: "foundation/catalog", routes: batchRoutes(state) },
    { path: "foundation/import", routes: batchIngestionRoutes(state), typeOf: datasets },
    { path: "foundation/flowservice", routes: flowServiceRoutes(state), typeOf: () => "streaming-source" },
    { path: "foundation/query", routes: queryService.routes(), typeOf: () => "queries" },
    { path: "foundation/conversion", routes: dataPrepRoutes(state) },
    { path: "foundation/export", routes: dataAccessRoutes(state) },
    { path: "foundation/sandbox-management", routes: sandboxManagementRoutes(state) },
    { path: "foundation/access-control", routes: accessControlRoutes(state) },
    { path: "infrastructure/observability/insights", routes: observabilityRoutes(state) },
    { path: "core/idnamespace", routes: identityNamespaceRoutes() },
  ];
}

/** Changing descriptors, which are identity metadata, needs a separate permission; viewing them needs only that for schemas. */
function registryType(path: string, method: string): string {
  return method !== "GET" && path.includes("/descriptors") ? "identity-descriptor" : "schemas";
}

function refuse(state: PlatformState, context: PlatformContext, problem: Problem): Response {
  if (context.req.path.startsWith("/collection/")) state.journal.noteRefusal(problem.status);
  const quoted = { requestId: context.get("requestId"), now: state.clock() };
  return answer(problem.status, problem.body?.(quoted), problem.headers);
}
