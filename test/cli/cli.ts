import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { CloudEnvironment } from "../../packages/local-cloud/src/cloud.ts";
import { runMark } from "../../packages/local-cloud/src/run-mark.ts";
import { type LocalProgram, repository } from "../e2e/local-stack.ts";
import { jsonMistakes } from "./json.ts";
import { linkClone } from "./linked-clone.ts";

/** What a command printed, and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const bin = path.join(repository, "node_modules", ".bin");

/** Runs `customerio-aep …` in the repository, in a shell with this environment. */
export async function cli(environment: CloudEnvironment, ...args: string[]): Promise<Ended> {
  return runCli({ environment, folder: await cloneFor(environment), bin }, ...args);
}

const clones = new Map<string, Promise<string>>();

/** A clone of the repository beside the environment's state; without one, the repository. */
export async function cloneFor({ PULUMI_BACKEND_URL: backend }: CloudEnvironment): Promise<string> {
  if (backend === undefined) return repository;
  const folder = path.join(fileURLToPath(backend.replace(/\?.*/, "")), "clone");
  const clone = clones.get(folder) ?? linkClone(folder).then(() => folder);
  clones.set(folder, clone);
  return clone;
}

/** All that a command has in its environment. */
export function environmentOf(environment: CloudEnvironment): NodeJS.ProcessEnv {
  const { PATH, HOME, PULUMI_HOME, GOGC, GOMEMLIMIT, VAULT_SERVER_URL, VAULT_SERVER_TOKEN } = process.env;
  const own = { PATH, HOME, PULUMI_HOME, GOGC, GOMEMLIMIT, VAULT_SERVER_URL, VAULT_SERVER_TOKEN };
  return { ...own, [runMark]: process.env[runMark], ...environment };
}

/** Runs `customerio-aep …` as npm has linked it in `bin`, in a folder. */
export async function runCli(
  {
    environment,
    folder,
    bin,
    input,
  }: { environment: CloudEnvironment; folder: string; bin: string; input?: string | undefined },
  ...args: string[]
): Promise<Ended> {
  const child = spawn(path.join(bin, "customerio-aep"), args, {
    cwd: folder,
    env: environmentOf({ PATH: `${bin}${path.delimiter}${process.env.PATH ?? ""}`, ...environment }),
  });
  if (input !== undefined) child.stdin.end(input);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  checkJson(args, stdout);
  return { code, stdout, stderr };
}

/** Every test that runs a command also checks its JSON against the documentation. */
export function checkJson(args: readonly string[], stdout: string): void {
  if (args.includes("--json")) expect(jsonMistakes(args[0] ?? "", stdout)).toEqual([]);
}

/** What `--json` prints for a source, as far as tests read it. */
export interface SourceReport {
  readonly source: string;
  readonly ending: string;
  readonly result: {
    readonly parts?: readonly { part: string; verdict: string }[];
    readonly outcome?: string;
    readonly total?: number;
  };
}

/**
 * Runs a command from the repository for a program in another folder that has settings of its own.
 *
 * @param program.input what the command reads from standard input
 */
export async function runCommand(
  program: Pick<LocalProgram, "cloud" | "configFile"> & { readonly input?: string },
  folder: string,
  ...args: string[]
): Promise<Ended> {
  const { cloud, configFile, input } = program;
  const settings = configFile === undefined ? [] : ["--config-file", configFile];
  const from = { environment: cloud.environment, folder: await cloneFor(cloud.environment), bin, input };
  return runCli(from, ...args, "--stack", "local", "--cwd", folder, ...settings);
}
