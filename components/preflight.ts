import * as pulumi from "@pulumi/pulumi";
import { getPreflight } from "../providers/aep/sdk.ts";
import { getReportingWebhooks } from "../providers/customerio/sdk.ts";
import type { PlatformSettings } from "./platform-settings.ts";
import type { Source } from "./platform-source.ts";
import { refusalOf } from "./refusal.ts";

/** What a stack is going to need of Platform. */
export interface Needs {
  readonly source: Source;
  readonly profile: Pick<PlatformSettings["profile"], "enabled">;
}

type Report = Awaited<ReturnType<typeof getPreflight>>;

/** The providers to ask, where they are not those of the stack's settings. */
export interface PreflightProviders {
  readonly platform?: pulumi.ProviderResource;
  readonly workspace?: pulumi.ProviderResource;
}

/**
 * Asks Platform and Customer.io, in a preview too, whether everything is there that the stack needs.
 * @throws pulumi.RunError naming all that is missing at once, each with what to do. What Platform does not tell is a warning.
 */
export async function preflight(needs: Needs, { platform, workspace }: PreflightProviders = {}): Promise<void> {
  const [report, refusal] = await Promise.all([
    getPreflight({ profile: needs.profile.enabled }, platform && { provider: platform }),
    refusalOf(getReportingWebhooks(workspace && { provider: workspace })),
  ]);
  const missing = problemsOf(report, needs);
  const problems = [
    ...(missing.length > 0 ? [["Experience Platform lacks what this stack needs", ...missing]] : []),
    ...(refusal === undefined ? [] : [["Customer.io does not let this stack in", refusal]]),
  ];
  if (problems.length > 0) {
    const said = problems.map(([what, ...list]) => [`${what}, so nothing was begun:`, ...list].join("\n  - "));
    throw new pulumi.RunError(said.join("\n"));
  }
  for (const reason of report.unchecked) await pulumi.log.warn(`Not checked beforehand: ${reason}`);
}

function problemsOf(report: Report, { source }: Needs): string[] {
  const { sandbox, sandboxState, missingPermissions } = report;
  if (sandboxState === "absent") {
    return [
      `The sandbox "${sandbox}" is not among those that the credential may use. Check its name (pulumi config set aep:sandbox ` +
        "<name>), and in Experience Platform under Permissions > Roles that a role has the sandbox, and the credential " +
        "among its API credentials.",
    ];
  }
  const problems: string[] = [];
  if (!["active", "unknown"].includes(sandboxState)) {
    problems.push(
      `The sandbox "${sandbox}" is ${sandboxState}. Wait until it is active, or have an administrator mend it.`,
    );
  }
  if (missingPermissions.length > 0) {
    problems.push(
      `The credential lacks the permissions ${missingPermissions.join(", ")} in the sandbox "${sandbox}". In Experience ` +
        "Platform, add them under Permissions > Roles to the role that has the credential among its API credentials.",
    );
  }
  return [...problems, ...sourceProblems(report, source)];
}

function sourceProblems({ sandbox, customerIoSource, httpSource }: Report, source: Source): string[] {
  if (source === "http") {
    if (httpSource !== "absent") return [];
    const instead =
      customerIoSource === "offered" ? " It offers the Customer.io source: pulumi config set source customerio" : "";
    return [`The sandbox "${sandbox}" does not offer the HTTP API source (Sources > Catalog > Streaming).${instead}`];
  }
  if (customerIoSource !== "absent") return [];
  const ask = "Ask Adobe for it: it is a beta";
  const instead =
    httpSource === "absent" ? "." : "; or use the HTTP API source in its place: pulumi config set source http";
  return [`The sandbox "${sandbox}" does not offer the Customer.io source. ${ask}${instead}`];
}
