import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startCloud } from "../../packages/local-cloud/src/cloud.ts";
import { Pulumi } from "../../packages/local-cloud/src/demo/pulumi.ts";
import { Vendors } from "../../packages/local-cloud/src/demo/vendors.ts";
import { type Phase, phasesOf, providerTimes } from "./phases.ts";
import { processTimesOf } from "./process-times.ts";
import { readTrace } from "./trace.ts";

const repository = path.resolve(import.meta.dirname, "../..");

/** What was measured of one command. */
export interface Command {
  readonly phases: readonly Phase[];
  /** Milliseconds in which a call to our own providers, or to that of Azure, was in progress. */
  readonly providers: { readonly own: number; readonly azure: number };
  /** Seconds of processor time by part of Pulumi. */
  readonly processes: Readonly<Record<string, number>>;
}

export interface StatePart {
  readonly type: string;
  readonly bytes: number;
}

/** `previewFromAfar`: a preview while Platform and Customer.io answer later, as over the internet. */
export type CommandName = "up" | "preview" | "previewFromAfar" | "destroy";

/** Milliseconds by which their answers are later then. */
export const delay = 300;

export interface Life {
  readonly commands: Readonly<Record<CommandName, Command>>;
  /** The state's part for each resource of our own providers. */
  readonly stateParts: readonly StatePart[];
}

/** `up` from nothing, previews without changes, and `destroy`. */
export async function measureLife(): Promise<Life> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-pulumi-"));
  const configFile = path.join(folder, "Pulumi.local.yaml");
  await copyFile(path.join(repository, "Pulumi.local.yaml"), configFile);
  const cloud = await startCloud(folder);
  const stack = new Pulumi({
    environment: cloud.environment,
    stack: "local",
    logFile: path.join(folder, "pulumi.log"),
    configFile,
  });
  try {
    await stack.initialize();
    const timed = async (name: CommandName, ...flags: string[]) => {
      const trace = path.join(folder, `${name}.json`);
      const command = name === "previewFromAfar" ? "preview" : name;
      const processes = await processTimesOf(() => stack[command](...flags, "--otel-traces", `file://${trace}`));
      const spans = await readTrace(trace);
      return { phases: phasesOf(spans), providers: providerTimes(spans), processes };
    };
    const up = await timed("up");
    const stateParts = statePartsOf(await stack.run("stack", "export", "--stack", "local"));
    const preview = await timed("preview", "--expect-no-changes");
    const vendors = new Vendors(cloud.environment);
    await vendors.delayAnswers(delay);
    const previewFromAfar = await timed("previewFromAfar", "--expect-no-changes");
    await vendors.endFaults();
    return { commands: { up, preview, previewFromAfar, destroy: await timed("destroy") }, stateParts };
  } finally {
    await stack.kill();
    await cloud.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function statePartsOf(state: string): StatePart[] {
  const { deployment } = JSON.parse(state) as { deployment: { resources: { type: string }[] } };
  const own = deployment.resources.filter(({ type }) => /^(aep|customerio|customerio-aep):/.test(type));
  return own.map((resource) => ({ type: resource.type, bytes: Buffer.byteLength(JSON.stringify(resource)) }));
}
