import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Cloud, type CloudEnvironment, startCloud } from "../../packages/local-cloud/src/cloud.ts";
import { Pulumi } from "../../packages/local-cloud/src/demo/pulumi.ts";
import { Vendors } from "../../packages/local-cloud/src/demo/vendors.ts";
import { LocalPulumi } from "./local-pulumi.ts";

export const repository = path.resolve(import.meta.dirname, "../..");

/** A local cloud with the program's `local` stack, and a copy of the stack's settings that tests may change. */
export interface LocalStack {
  readonly cloud: Cloud;
  readonly vendors: Vendors;
  readonly pulumi: Pulumi;
  /** The copy of the stack's settings, for commands that take `--config-file`. */
  readonly configFile: string;
  /** Allows a destroy to delete the dataset with its rows, after the next `up`. */
  allowDeletingRows(): Promise<unknown>;
  /** The same stack for a shell with another environment. */
  pulumiWith(environment: CloudEnvironment): Pulumi;
  /** Everything that was written to logs so far. */
  logs(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * @param options.checkpoints see `checkpointsOf`
 * @param options.byCommands Pulumi's commands change the settings and read the state, for tests of what those write anywhere
 */
export async function startLocalStack({ checkpoints = false, byCommands = false } = {}): Promise<LocalStack> {
  const folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-test-"));
  const configFile = path.join(folder, "Pulumi.local.yaml");
  await copyFile(path.join(repository, "Pulumi.local.yaml"), configFile);
  const logFile = path.join(folder, "pulumi.log");
  const cloud = await startCloud(folder);
  const StackPulumi = byCommands ? Pulumi : LocalPulumi;
  const all: Pulumi[] = [];
  const pulumiWith = (environment: CloudEnvironment) => {
    const pulumi = new StackPulumi({
      environment: { ...cloud.environment, ...checkpointsOf(checkpoints), ...environment },
      stack: "local",
      logFile,
      configFile,
    });
    all.push(pulumi);
    return pulumi;
  };
  const pulumi = pulumiWith({});
  await pulumi.initialize();
  return {
    cloud,
    pulumi,
    configFile,
    allowDeletingRows: () => pulumi.configure("dataset.forceDestroy", "true", "--path"),
    pulumiWith,
    vendors: new Vendors(cloud.environment),
    logs: async () => (await Promise.all([logFile, cloud.logFile].map((file) => readFile(file, "utf8")))).join("\n"),
    async stop() {
      // A test that timed out leaves a running command.
      for (const one of all) await one.kill();
      await cloud.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Whether the engine writes the state at each step, for tests that kill it, or that read the state while it runs. */
export function checkpointsOf(checkpoints: boolean): CloudEnvironment {
  return { PULUMI_SKIP_CHECKPOINTS: String(!checkpoints) };
}

/** A program in a local cloud, with a stack that has only the settings in the program's folder. */
export interface LocalProgram extends Pick<LocalStack, "cloud" | "vendors" | "pulumi" | "stop"> {
  readonly logFile: string;
  /** Of its settings, for commands that take `--config-file`; undefined: those in the program's folder. */
  readonly configFile: string | undefined;
}

/**
 * @param program its folder, relative to the repository: `examples/direct`
 * @param options.bin folder of the program's executables; default: the repository's
 * @param options.ownSettings whether the stack's settings are in a file of its own, to be set by `configure`
 * @param options.checkpoints see `checkpointsOf`
 */
export async function startLocalProgram(
  program: string,
  { ownSettings, bin, checkpoints = false }: { ownSettings: boolean; bin?: string; checkpoints?: boolean },
): Promise<LocalProgram> {
  const folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-program-"));
  const logFile = path.join(folder, "pulumi.log");
  const configFile = ownSettings ? path.join(folder, "Pulumi.local.yaml") : undefined;
  const cloud = await startCloud(folder);
  const pulumi = new LocalPulumi({
    environment: { ...cloud.environment, ...checkpointsOf(checkpoints) },
    stack: "local",
    logFile,
    ...(configFile !== undefined && { configFile }),
    program: path.resolve(repository, program),
    ...(bin !== undefined && { bin }),
  });
  await pulumi.initialize();
  return {
    cloud,
    pulumi,
    logFile,
    configFile,
    vendors: new Vendors(cloud.environment),
    async stop() {
      // A test that timed out leaves a running command.
      await pulumi.kill();
      await cloud.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The output of a command that has to fail. */
export async function failureOf(command: Promise<string>): Promise<string> {
  return command.then(
    (output) => {
      throw new Error(`It should have failed:\n${output}`);
    },
    (error: Error) => error.message,
  );
}

interface PendingState {
  readonly deployment: { readonly pending_operations?: { type: string; resource: { urn: string } }[] };
}

/** Whether a command that writes its checkpoints drains a relay now. */
export async function isDraining(pulumi: Pulumi): Promise<boolean> {
  const { pending_operations: pending = [] } = (JSON.parse(await pulumi.exportState()) as PendingState).deployment;
  return pending.some(({ type, resource }) => type === "deleting" && resource.urn.includes("QueueDrain"));
}
