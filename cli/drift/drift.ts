import { z } from "zod";
import { type CommandTarget, pulumiCommand } from "../../relay/core/operator-command.ts";
import type { AzureClient } from "../../relay/deploy/client/client.ts";
import { identifyRunningCode } from "../../relay/deploy/drift/code-drift.ts";
import { findSecretDrift } from "../../relay/deploy/drift/secret-drift.ts";
import { settingDrift } from "../../relay/deploy/drift/setting-drift.ts";
import { startTimeLimit } from "../clients.ts";
import type { StackSource } from "../stack/source.ts";
import { type StackResource, valuesOf } from "../stack/state.ts";
import { findAccessDrifts } from "./access.ts";
import type { Drift } from "./difference.ts";

const code = z.object({
  siteId: z.string(),
  hostName: z.string(),
  healthPath: z.string(),
  settings: z.record(z.string(), z.string()).optional(),
  build: z.string().optional(),
});
const secret = z.object({ name: z.string(), uriWithVersion: z.string() });

/** What a comparison found. */
export interface DriftReport {
  readonly drift: readonly Drift[];
  /** Why something could not be compared: for example, a relay that can't reach its storage does not say which code it runs. */
  readonly unknown: readonly string[];
}

/**
 * Compares Azure with what the last `up` left. What can't be compared does not hide what can: that may be its cause.
 *
 * @throws if nothing can be compared
 */
export async function findDrifts(client: AzureClient, source: StackSource): Promise<DriftReport> {
  const state = code.parse(valuesOf(source.resource("customerio-aep:index:FunctionCode")));
  if (state.settings === undefined || state.build === undefined) {
    throw new Error(
      `An earlier version deployed this relay, so the state lacks the values to compare with. Run once: ${pulumiCommand("up", source.target)}`,
    );
  }
  const secrets = source.all("customerio-aep:index:VaultSecret");
  const results = await Promise.allSettled([
    ofSettings(client, state.siteId, state.settings, source),
    ofCode(client, state),
    ...secrets.map((resource) => ofSecret(client, resource)),
    ...findAccessDrifts(client, source),
  ]);
  const found = results.filter((result) => result.status === "fulfilled").map(({ value }) => value);
  const errors = results.filter((result) => result.status === "rejected").map(({ reason }) => reason as Error);
  if (found.length === 0) throw errors[0];
  return { drift: found.flat(), unknown: [...new Set(errors.map(({ message }) => message))] };
}

const found = {
  changed: "its value differs from the stack's",
  added: "the stack does not set it",
  removed: "Azure no longer has this setting",
} as const;

async function ofSettings(
  client: AzureClient,
  siteId: string,
  written: Readonly<Record<string, string>>,
  { target }: StackSource,
): Promise<Drift[]> {
  const listed = await client.siteSettings(siteId).list(startTimeLimit());
  if (listed === undefined) {
    throw new Error(
      `Azure no longer has the function app ${siteId}. To recreate it: ${pulumiCommand("up --refresh", target)}`,
    );
  }
  return settingDrift(written, listed).map((drift) => ({ part: "app setting", ...drift, found: found[drift.change] }));
}

async function ofCode(client: AzureClient, state: z.output<typeof code>): Promise<Drift[]> {
  const url = `https://${state.hostName}${state.healthPath}`;
  const running = await identifyRunningCode(client, { url, build: state.build }, startTimeLimit());
  if (running.is === "unknown") throw new Error(`Could not find out which code runs: ${running.reason}`);
  if (running.is === "deployed") return [];
  const name = state.siteId.split("/").at(-1) ?? state.siteId;
  const build = running.build === undefined ? "unidentified code" : `the build ${running.build}`;
  return [{ part: "code", name, change: "changed", found: `${build} runs, but the stack deployed ${state.build}` }];
}

async function ofSecret(client: AzureClient, { id, outputs }: StackResource): Promise<Drift[]> {
  const { name, uriWithVersion } = secret.parse(outputs);
  const drift = await findSecretDrift(client, { id, uriWithVersion }, startTimeLimit());
  return drift === undefined ? [] : [{ part: "secret", name, ...drift }];
}

/** The differences for people, with the command that undoes them. */
export function driftLines({ drift, unknown }: DriftReport, target: CommandTarget): string[] {
  const missing = unknown.length === 0 ? [] : ["Could not be compared:", ...unknown.map((reason) => `  ${reason}`)];
  if (drift.length === 0) {
    const what = missing.length === 0 ? "App settings" : "All other app settings";
    return [...missing, `${what}, code, secrets and access rules are unchanged since the last \`npx pulumi up\`.`];
  }
  return [
    ...missing,
    "Differs from what the last `npx pulumi up` left:",
    ...drift.map(({ part, name, change, found }) => `  ${part} ${name} was ${change}: ${found}`),
    `To undo these changes: ${pulumiCommand("up --refresh", target)}`,
  ];
}
