import { randomUUID } from "node:crypto";
import { BlobServiceClient } from "@azure/storage-blob";
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { type Principal, type Subscription, textAt } from "../arm/subscription.ts";
import { bearerToken, isForManagement, readToken } from "../identity/access-token.ts";
import { type Origin, originOf } from "../network/access-restrictions.ts";
import type { StorageAccounts } from "../storage/storage-accounts.ts";
import type { AzureSwitches } from "../switches.ts";
import { InvalidPackage, readPackage } from "./package-archive.ts";

/** Kudu's deployment states, from Azure Functions Core Tools. */
const status = { pending: 0, building: 1, deploying: 2, failed: 3, success: 4 } as const;

interface Deployment {
  readonly id: string;
  readonly deployer: string;
  readonly received: Date;
  readonly log: { time: Date; message: string }[];
  status: number;
  ended?: Date;
}

/** The app that a package is deployed to. */
interface DeployedApp {
  readonly settings: Readonly<Record<string, string>>;
  readonly scmHostName: string;
  install(files: ReadonlyMap<string, Uint8Array>, deploymentId: string): Promise<void>;
  /** Without an id: of the system-assigned identity. */
  principal(identityId: string | undefined): Principal | undefined;
}

interface OneDeployOptions {
  /** The app's own id. */
  readonly id: string;
  readonly name: string;
  readonly app: DeployedApp;
  readonly tokenSecret: string;
  readonly subscription: Subscription;
  readonly storage: StorageAccounts;
  readonly switches: AzureSwitches;
  /** Whether the deployment site accepts calls from the origin of this one. */
  readonly takes: (origin: Origin) => boolean;
}

/** The package could not be stored in the configured deployment storage. The messages are Kudu's own. */
class StorageRefusal extends Error {}

/**
 * The part of a Flex Consumption app's scm site that *one deploy* needs (documented only by Azure/azure-functions-core-tools and
 * Azure/functions-action; the status body is from Azure/azure-dev#3658).
 */
export class OneDeploy {
  readonly routes: Hono<{ Bindings: HttpBindings }>;
  readonly #options: OneDeployOptions;
  readonly #deployments: Deployment[] = [];

  constructor(options: OneDeployOptions) {
    this.#options = options;
    this.routes = new Hono<{ Bindings: HttpBindings }>()
      .use(async (context, next) => {
        const origin = originOf(context.env.incoming);
        return options.takes(origin) ? next() : context.text("", 403, { "x-ms-forbidden-ip": origin.address });
      })
      .use(async (context, next) => {
        const refused = this.#authorize(context.req.header("authorization"), context.req.method);
        return refused === undefined ? next() : context.body(null, refused);
      })
      .post("/api/publish", (context) => this.#publish(context))
      .get("/api/deployments", (context) => context.json(this.#deployments.map((one) => this.#describe(one))))
      .get("/api/deployments/:id", (context) => {
        const found = this.#find(context.req.param("id"));
        return found ? context.json(this.#describe(found)) : context.body(null, 404);
      })
      .get("/api/deployments/:id/log", (context) => {
        const lines = this.#find(context.req.param("id"))?.log ?? [];
        return context.json(
          lines.map(({ time, message }) => ({
            log_time: time.toISOString(),
            id: "",
            message,
            type: 0,
            details_url: null,
          })),
        );
      });
  }

  #find(id: string): Deployment | undefined {
    return id === "latest" ? this.#deployments[0] : this.#deployments.find((deployment) => deployment.id === id);
  }

  #authorize(header: string | undefined, method: string): 401 | 403 | undefined {
    const { tokenSecret, subscription, id } = this.#options;
    const claims = readToken(tokenSecret, bearerToken(header) ?? "");
    if (claims === undefined || claims.exp * 1000 < Date.now() || !isForManagement(claims.aud)) return 401;
    const action = method === "POST" ? "Microsoft.Web/sites/publish/Action" : "Microsoft.Web/sites/deployments/read";
    return subscription.allows(claims.oid, action, id) ? undefined : 403;
  }

  async #publish(context: Context): Promise<Response> {
    if (context.req.header("content-type") !== "application/zip") return context.body(null, 415);
    if (context.req.query("RemoteBuild")?.toLowerCase() === "true") {
      return context.text("The local cloud does not build packages: publish with RemoteBuild=false.", 400);
    }
    if (this.#deployments.some(({ ended }) => ended === undefined)) {
      return context.text("There is a deployment currently in progress. Please try again when it completes.", 409);
    }
    const deployment: Deployment = {
      id: randomUUID(),
      deployer: context.req.query("Deployer") ?? "",
      received: new Date(),
      log: [],
      status: status.pending,
    };
    this.#deployments.unshift(deployment);
    const refusesAtOnce = this.#options.switches.storageRefusal === "publish";
    let zip: Uint8Array;
    try {
      zip = new Uint8Array(await context.req.arrayBuffer());
      this.#note(deployment, "[StorageAccessibleCheck] starting.");
      await this.#checkStorage();
    } catch (error) {
      this.#fail(deployment, error instanceof Error ? error.message : String(error));
      if (!(error instanceof StorageRefusal)) throw error;
      return refusesAtOnce ? context.text(error.message, 400) : context.json(deployment.id, 202);
    }
    const work = this.#deploy(deployment, zip);
    if (context.req.query("isAsync")?.toLowerCase() === "true") return context.json(deployment.id, 202);
    await work;
    return context.json(deployment.id, 200);
  }

  async #deploy(deployment: Deployment, zip: Uint8Array): Promise<void> {
    const { app, switches } = this.#options;
    try {
      deployment.status = status.building;
      this.#note(deployment, "[ExtractZipStep] starting.");
      const files = await readPackage(zip, switches.filesWithoutUnixMode);
      deployment.status = status.deploying;
      this.#note(deployment, "[UploadPackageStep] starting.");
      await this.#upload("released-package.zip", zip);
      await app.install(files, deployment.id);
      this.#note(deployment, "Deployment was successful.");
      deployment.status = status.success;
      deployment.ended = new Date();
    } catch (error) {
      const isExpected = error instanceof InvalidPackage || error instanceof StorageRefusal;
      this.#fail(deployment, isExpected ? error.message : `Deployment failed: ${String(error)}`);
    }
  }

  /** Kudu tries the deployment storage with the app's own identity before it begins. */
  async #checkStorage(): Promise<void> {
    await this.#upload("kudu-state.json", Buffer.from("{}"));
  }

  async #upload(name: string, content: Uint8Array): Promise<void> {
    const { service, container } = this.#deploymentStorage();
    try {
      const blob = service.getContainerClient(container).getBlockBlobClient(name);
      await blob.uploadData(content);
    } catch (error) {
      const { statusCode = 500, details } = error as { statusCode?: number; details?: { message?: string } };
      const reason = details?.message?.split("\n")[0] ?? "The storage account can't be reached.";
      throw refusal(`Response status code does not indicate success: ${statusCode} (${reason}).`);
    }
  }

  #deploymentStorage(): { service: BlobServiceClient; container: string } {
    const { subscription, storage, app, id } = this.#options;
    const inputs = subscription.get(id)?.inputs ?? {};
    const at = (name: string) => textAt(inputs, `functionAppConfig.deployment.storage.${name}`);
    const url = at("value");
    const found = storage.findByBlobUrl(url);
    if (found === undefined) throw refusal(`Name or service not known (${url}).`);
    const endpoint = found.azurite.endpoint("blob");
    const container = url.slice(endpoint.length).replace(/\/$/, "");
    const kind = at("authentication.type");
    if (kind === "StorageAccountConnectionString") {
      const setting = at("authentication.storageAccountConnectionStringName");
      const connectionString = app.settings[setting];
      if (connectionString === undefined) throw refusal(`There is no app setting '${setting}'.`);
      return { service: BlobServiceClient.fromConnectionString(connectionString), container };
    }
    const userAssigned = at("authentication.userAssignedIdentityResourceId") || undefined;
    const principal = app.principal(kind === "SystemAssignedIdentity" ? undefined : userAssigned);
    if (principal === undefined) throw refusal("The identity for the deployment storage is not assigned to the app.");
    return { service: new BlobServiceClient(endpoint, storage.credential(principal)), container };
  }

  #note(deployment: Deployment, message: string): void {
    deployment.log.push({ time: new Date(), message });
  }

  #fail(deployment: Deployment, message: string): void {
    this.#note(deployment, message);
    deployment.status = status.failed;
    deployment.ended = new Date();
  }

  #describe(deployment: Deployment): object {
    const { app, name } = this.#options;
    const url = `https://${app.scmHostName}/api/deployments/${deployment.id}`;
    const succeeded = deployment.status === status.success;
    return {
      id: deployment.id,
      status: deployment.status,
      status_text: deployment.status === status.failed ? (deployment.log.at(-1)?.message ?? "") : "",
      author_email: "",
      author: "",
      deployer: deployment.deployer,
      remoteBuild: false,
      message: "",
      progress: "",
      received_time: deployment.received.toISOString(),
      start_time: deployment.received.toISOString(),
      end_time: deployment.ended?.toISOString() ?? null,
      last_success_end_time: succeeded ? (deployment.ended?.toISOString() ?? null) : null,
      complete: deployment.ended !== undefined,
      active: succeeded && deployment === this.#deployments.find(({ status: state }) => state === status.success),
      is_temp: false,
      is_readonly: false,
      url,
      log_url: `${url}/log`,
      site_name: name,
      build_summary: { errors: [], warnings: [], logger: null },
    };
  }
}

function refusal(reason: string): StorageRefusal {
  return new StorageRefusal(
    "[StorageAccessibleCheck] Error while checking access to storage account using " +
      `Kudu.Legion.Core.Storage.BlobContainerStorage: BlobUploadFailedException: Failed to upload blob to storage account: ${reason}`,
  );
}
