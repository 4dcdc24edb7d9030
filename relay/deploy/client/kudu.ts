import { HttpClient, VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { storageAccessCode } from "./arm-complaint.ts";
import type { AzureCalls } from "./azure-calls.ts";
import type { NotYet } from "./patience.ts";

/** The state of a deployment. `conflict`: another one was running; `cancelled`: it was stopped by hand. */
type DeploymentState = "running" | "success" | "failed" | "conflict" | "partial" | "cancelled";

export interface Deployment {
  readonly id: string;
  readonly state: DeploymentState;
  /** The deployment site's message, if any. */
  readonly text: string | undefined;
  /** The deployer, as given by the publish; undefined if the deployment site does not return it. */
  readonly deployer?: string | undefined;
}

/** Why a package was refused for now. */
export interface NotAccepted extends NotYet {
  /** Whether the package may have arrived anyway. */
  readonly uncertain?: boolean;
}

// Kudu's DeployStatus, as numbers or names (Azure/azure-functions-core-tools, Azure/functions-action).
const states: Record<string, DeploymentState> = {
  "-1": "cancelled",
  "0": "running",
  "1": "running",
  "2": "running",
  "3": "failed",
  "4": "success",
  "5": "conflict",
  "6": "partial",
  cancelled: "cancelled",
  pending: "running",
  building: "running",
  deploying: "running",
  failed: "failed",
  success: "success",
  conflict: "conflict",
  partialsuccess: "partial",
};

const deploymentAnswer = z.object({
  id: z.string().nullish(),
  status: z.union([z.string(), z.number()]).transform((status, context) => {
    const state = states[String(status).toLowerCase()];
    if (!state) context.addIssue({ code: "custom", message: "unknown status" });
    return state ?? z.NEVER;
  }),
  status_text: z.string().nullish(),
  deployer: z.string().nullish(),
});
const logAnswer = z.array(z.object({ message: z.string().nullish() }));

/**
 * Milliseconds to wait for a refusal to end: a new access rule or role takes a minute or two to reach the site, and a new site's name
 * takes a moment to propagate.
 */
const accessPatience = 2 * 60_000;

/** The deployment site ("scm site", Kudu) of one function app on the Flex Consumption plan. */
export class Kudu {
  readonly #hostName: string;
  readonly #http: HttpClient;

  constructor(hostName: string, calls: AzureCalls) {
    this.#hostName = hostName;
    this.#http = new HttpClient({
      vendor: "Azure's deployment site",
      baseUrl: `https://${hostName}`,
      baseUrlSetting: "scmHostName of customerio-aep:index:FunctionCode",
      // Long enough for some megabytes over a slow line.
      attemptTimeout: 180_000,
      ...calls,
    });
  }

  /**
   * Publishes a package ("one deploy", the only way on Flex Consumption). Azure deploys it in the background.
   *
   * @param deployer identifies the deployment if its publish got no clear answer
   */
  async publish(
    zip: Uint8Array,
    deployer: string,
    signal: AbortSignal,
  ): Promise<{ deployment: Partial<Deployment> } | NotAccepted> {
    const purpose = `publish the relay's code to ${this.#hostName}`;
    try {
      const { data } = await this.#http.call({
        method: "POST",
        path: "/api/publish",
        params: { RemoteBuild: "false", Deployer: deployer, isAsync: "true" },
        headers: { "Content-Type": "application/zip" },
        body: Buffer.from(zip),
        signal,
        purpose,
      });
      const deployment = parseDeployment(data);
      return deployment ? { deployment } : waitForAnswer(explainUnreadable(purpose));
    } catch (error) {
      return classifyRefusal(error);
    }
  }

  /** A deployment by its id, or `latest`. Not done while the site gives no usable answer. */
  async readDeployment(id: string, signal: AbortSignal): Promise<Deployment | NotYet> {
    const notYet = "Azure is deploying the relay's code";
    const purpose = `follow the deployment of the relay's code at ${this.#hostName}`;
    try {
      const path = `/api/deployments/${encodeURIComponent(id)}`;
      const { data } = await this.#http.call({ method: "GET", path, signal, purpose });
      const parsed = deploymentAnswer.safeParse(data);
      if (!parsed.success) return { notYet, detail: explainUnreadable(purpose) };
      const { status: state, status_text: text, deployer } = parsed.data;
      return { id: parsed.data.id ?? id, state, text: text || undefined, deployer: deployer ?? undefined };
    } catch (error) {
      if (!(error instanceof VendorError) || error.status === 400 || error.status === 401) throw error;
      return { notYet, detail: error.message };
    }
  }

  /** The last lines of a deployment's log; empty if it is not available. */
  async readLog(id: string, signal: AbortSignal): Promise<string> {
    try {
      const path = `/api/deployments/${encodeURIComponent(id)}/log`;
      const { data } = await this.#http.call({ method: "GET", path, signal, purpose: "read the deployment's log" });
      const lines = logAnswer.parse(data).flatMap(({ message }) => (message ? [message] : []));
      return lines.slice(-3).join(" | ");
    } catch {
      // The log only explains a failure that is reported anyway.
      return "";
    }
  }
}

/**
 * Reads a 2xx answer to a publish: the deployment's id as text, the deployment with its state, or an empty body. Undefined for a page,
 * which is not from the deployment site.
 */
function parseDeployment(data: unknown): Partial<Deployment> | undefined {
  if (typeof data === "string" && data.trim() !== "") {
    return /^[\w.-]+$/.test(data.trim()) ? { id: data.trim() } : undefined;
  }
  const parsed = deploymentAnswer.partial().safeParse(data);
  if (!parsed.success) return {};
  const { id, status, status_text } = parsed.data;
  return { ...(id ? { id } : {}), ...(status ? { state: status } : {}), text: status_text || undefined };
}

function classifyRefusal(error: unknown): NotAccepted {
  if (!(error instanceof VendorError)) throw error;
  const detail = error.message;
  switch (error.status) {
    case 400:
      if (error.code !== storageAccessCode) throw error;
      return { notYet: "waiting for the app's role on its deployment container", detail };
    case 403:
      return { notYet: "waiting for the deployment site to let you in", detail, patience: accessPatience };
    case 409:
      return { notYet: "waiting for another deployment to end", detail };
    case undefined:
      return waitForAnswer(detail);
    default:
      if (!error.outcomeUnknown) throw error;
      return { notYet: "waiting for the deployment site", detail, uncertain: true };
  }
}

function waitForAnswer(detail: string): NotAccepted {
  return { notYet: "waiting for the deployment site to answer", detail, patience: accessPatience, uncertain: true };
}

function explainUnreadable(purpose: string): string {
  return (
    `Could not ${purpose}: the answer did not come from a deployment site. Check scmHostName of customerio-aep:index:FunctionCode, ` +
    "and that no proxy answers instead"
  );
}
