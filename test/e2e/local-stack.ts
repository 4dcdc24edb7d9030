import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Cloud, type CloudEnvironment, startCloud } from "../../local/cloud.ts";
import { Pulumi } from "../../local/demo/pulumi.ts";
import { Vendors } from "../../local/demo/vendors.ts";

export const repository = path.resolve(import.meta.dirname, "../..");

/** A local cloud of its own and the program's `local` stack in it, with a copy of the stack's settings to change. */
export interface LocalStack {
  readonly cloud: Cloud;
  readonly vendors: Vendors;
  readonly pulumi: Pulumi;
  /** The copy of the stack's settings, for commands that take `--config-file`. */
  readonly configFile: string;
  /** The same stack for a shell whose environment differs. */
  pulumiWith(environment: CloudEnvironment): Pulumi;
  /** Everything that was written to logs so far. */
  logs(): Promise<string>;
  stop(): Promise<void>;
}

export async function startLocalStack(): Promise<LocalStack> {
  const folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-test-"));
  const configFile = path.join(folder, "Pulumi.local.yaml");
  await copyFile(path.join(repository, "Pulumi.local.yaml"), configFile);
  const logFile = path.join(folder, "pulumi.log");
  const cloud = await startCloud(folder);
  const pulumiWith = (environment: CloudEnvironment) =>
    new Pulumi({ environment: { ...cloud.environment, ...environment }, stack: "local", logFile, configFile });
  const pulumi = pulumiWith({});
  await pulumi.initialise();
  return {
    cloud,
    pulumi,
    configFile,
    pulumiWith,
    vendors: new Vendors(cloud.environment),
    logs: async () => (await Promise.all([logFile, cloud.logFile].map((file) => readFile(file, "utf8")))).join("\n"),
    async stop() {
      await cloud.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
