import { Hono } from "hono";
import type { PlatformState } from "../state/state.ts";
import { answer, type PlatformEnvironment } from "../web/http.ts";
import { plainProblem } from "../web/problem.ts";
import { QueryEndpoint } from "./endpoint.ts";

/** Query Service. Its PostgreSQL starts only when somebody asks for the connection parameters. */
export class LocalQueryService {
  readonly #state: PlatformState;
  #endpoint: Promise<QueryEndpoint> | undefined;

  constructor(state: PlatformState) {
    this.#state = state;
  }

  /** Adobe's “Connection parameters endpoint”. */
  routes(): Hono<PlatformEnvironment> {
    const routes = new Hono<PlatformEnvironment>();
    routes.get("/connection_parameters", async (context) => {
      if (this.#state.switches.queryService === "not-entitled") {
        throw plainProblem(403, "The organization is not entitled to Query Service");
      }
      const { port } = await this.#start();
      const token = (context.req.header("authorization") ?? "").replace(/^Bearer /, "");
      return answer(200, {
        username: this.#state.options.credentials.orgId,
        dbName: `${context.get("sandbox").name}:all`,
        host: "localhost",
        port,
        version: 1,
        token,
        compressedToken: token,
        websocketHost: "localhost",
      });
    });
    return routes;
  }

  async close(): Promise<void> {
    await (await this.#endpoint)?.close();
  }

  #start(): Promise<QueryEndpoint> {
    const { certificate } = this.#state.options;
    if (certificate === undefined) throw plainProblem(500, "This stand-in has no certificate for Query Service");
    this.#endpoint ??= QueryEndpoint.start(this.#state, certificate);
    return this.#endpoint;
  }
}
