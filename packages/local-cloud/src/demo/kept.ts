import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { CloudEnvironment } from "../cloud.ts";

/** Folder of a kept demo. */
export const keptFolder = path.resolve(import.meta.dirname, "../../../../.local");
/** The stack's settings, as a copy that the demo may change. */
export const settingsFile = "Pulumi.local.yaml";
const record = path.join(keptFolder, "kept.json");
const shellFile = path.join(keptFolder, "environment.sh");

export interface KeptCloud {
  /** The local cloud's process. */
  readonly pid: number;
  readonly environment: CloudEnvironment;
}

export async function readKept(): Promise<KeptCloud | undefined> {
  const text = await readFile(record, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as KeptCloud);
}

export async function writeKept(kept: KeptCloud): Promise<void> {
  await mkdir(keptFolder, { recursive: true });
  const trusting = await trustBoth(kept.environment, process.env.NODE_EXTRA_CA_CERTS);
  const lines = Object.entries(trusting).map(([name, value]) => `export ${name}='${value}'`);
  await writeFile(shellFile, `${lines.join("\n")}\n`, { mode: 0o600 });
  await writeFile(record, JSON.stringify(kept, null, 2), { mode: 0o600 });
}

/**
 * The environment of a shell in which Node trusts the local cloud and what it trusted before: there, npm still needs the
 * certificate of a company's proxy.
 *
 * @param own the shell's `NODE_EXTRA_CA_CERTS`
 */
export async function trustBoth(environment: CloudEnvironment, own: string | undefined): Promise<CloudEnvironment> {
  const local = environment.NODE_EXTRA_CA_CERTS;
  const trusted = own ? await readFile(own, "utf8").catch(() => undefined) : undefined;
  if (local === undefined || trusted === undefined) return environment;
  const both = path.join(path.dirname(local), "trusted.pem");
  await writeFile(both, `${await readFile(local, "utf8")}\n${trusted}`);
  return { ...environment, NODE_EXTRA_CA_CERTS: both };
}

export function removeKept(): Promise<void> {
  return rm(keptFolder, { recursive: true, force: true });
}

/** Describes how to continue with a kept demo. */
export function describeKept(environment: CloudEnvironment): string {
  return `
The local cloud stays up. In a shell of its own, from the repository's folder (its commands then reach only the local cloud):

  . .local/environment.sh
  npx pulumi preview --stack local --config-file .local/${settingsFile}
  npx pulumi refresh --stack local --config-file .local/${settingsFile}
  npx pulumi stack output --stack local
  npx pulumi up --stack local --config-file .local/${settingsFile}

See the events on a page, send more, and switch faults on and off, in the same shell:

  npx customerio-aep console --stack local --config-file .local/${settingsFile}

What stands for the vendors' screens, as JSON:

  curl ${environment.CUSTOMERIO_APP_API_URL}/__local/deliveries
  curl ${environment.AEP_PLATFORM_URL}/__local/journal
  curl ${environment.AZURE_RESOURCE_MANAGER_URL}/__local/census

Take it down: npm run demo -- --down
`;
}
