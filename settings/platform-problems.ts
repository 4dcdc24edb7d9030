import type { PreflightReport } from "pulumi-aep/preflight";
import type { Source } from "./schema.ts";
import type { SettingWords } from "./setting-words.ts";

/**
 * What the sandbox lacks, each with its remedy and the screen where to find it.
 *
 * @param source undefined if it is not known which one is meant
 */
export function platformProblems(report: PreflightReport, source: Source | undefined, words: SettingWords): string[] {
  const { sandbox, sandboxState, missingPermissions } = report;
  if (sandboxState === "absent") {
    return [
      `The sandbox "${sandbox}" is not among those that the credential may use. Check its name (npx pulumi config set aep:sandbox ` +
        "<name>), and in Experience Platform under Permissions > Roles that a role has the sandbox, and the credential " +
        "among its API credentials.",
    ];
  }
  const problems: string[] = [];
  if (!["active", "unknown"].includes(sandboxState)) {
    problems.push(
      `The sandbox "${sandbox}" is ${sandboxState}. Wait until it is active, or have an administrator fix it.`,
    );
  }
  if (missingPermissions.length > 0) {
    problems.push(
      `The credential lacks the permissions ${missingPermissions.join(", ")} in the sandbox "${sandbox}". In Experience ` +
        "Platform, add them under Permissions > Roles to the role that has the credential among its API credentials.",
    );
  }
  return [...problems, ...sourceProblems(report, source, words)];
}

function sourceProblems(
  { sandbox, customerIoSource, httpSource }: PreflightReport,
  source: Source | undefined,
  words: SettingWords,
): string[] {
  if (source === undefined) return [];
  if (source === "http") {
    if (httpSource !== "absent") return [];
    const instead =
      customerIoSource === "offered" ? ` It offers the Customer.io source: ${words.set("source", "customerio")}` : "";
    return [`The sandbox "${sandbox}" does not offer the HTTP API source (Sources > Catalog > Streaming).${instead}`];
  }
  if (customerIoSource !== "absent") return [];
  const ask = "Ask Adobe for it: it is a beta";
  const instead =
    httpSource === "absent" ? "." : `; or use the HTTP API source instead: ${words.set("source", "http")}`;
  return [`The sandbox "${sandbox}" does not offer the Customer.io source. ${ask}${instead}`];
}
