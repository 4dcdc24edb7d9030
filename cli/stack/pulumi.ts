import { execFile, spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { logCommand } from "../command/debug.ts";
import { packageFolder } from "../command/package-folder.ts";
import { UsageError } from "../command/usage-error.ts";
import { adviseOnPulumi } from "./advise-on-pulumi.ts";

const run = promisify(execFile);
/** What Pulumi says outside a project. Its own advice is to create one, or to name the stack in another way. */
const isWithoutProject =
  /no Pulumi\.yaml project file found|pass the fully qualified name \(organization\/project\/stack\)/;
const isWindows = process.platform === "win32";

/** The Pulumi CLI is not installed. */
export class MissingPulumiError extends Error {}

/** A command of the Pulumi CLI. */
export interface PulumiCall {
  /** Folder of the program. */
  readonly folder: string;
  readonly command: readonly string[];
  /** Variables beside this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs a command of the Pulumi CLI in a folder, and returns what it prints.
 *
 * @throws with what Pulumi says, and what to do
 */
export function runPulumi(folder: string, ...command: string[]): Promise<string> {
  return callPulumi({ folder, command, purpose: "read the stack" });
}

/**
 * The same for any purpose. As with npx, a `pulumi` that npm installed for the program, or for this package, takes precedence over the
 * one on the `PATH`.
 *
 * @param call.purpose what it is for, for its error: `read the stack`
 * @param call.input what it reads from standard input, such as a secret, which must not be an argument: other users see those
 */
export async function callPulumi(
  call: PulumiCall & { readonly purpose: string; readonly input?: string },
): Promise<string> {
  const { folder, command, purpose, input } = call;
  const args = [...command, "--non-interactive", "--color", "never"];
  logCommand(`pulumi ${command.join(" ")}`, folder);
  try {
    const running = run("pulumi", isWindows ? args.map(quote) : args, {
      cwd: folder,
      env: environmentOf(call),
      maxBuffer: 2 ** 28,
      // On Windows, npm's shims are scripts.
      shell: isWindows,
    });
    // It may end without reading its input.
    if (input !== undefined) running.child.stdin?.on("error", () => undefined).end(input);
    return (await running).stdout;
  } catch (error) {
    const { stderr, code } = error as { stderr?: string; code?: unknown };
    if (code === "ENOENT") throw await explainMissingPulumi(folder);
    if (isWithoutProject.test(stderr ?? "")) {
      throw new UsageError(
        `There is no Pulumi program in ${path.resolve(folder)}. Run the command in the program's folder, or name it with --cwd.`,
      );
    }
    const said = stderr?.trim().replace(/^error: /, "") || String(error);
    const lines = [`Could not ${purpose}: ${said}`, adviseOnPulumi(said)];
    throw new Error(lines.filter((line) => line !== undefined).join("\n"));
  }
}

/**
 * Runs a command that prints for people, such as `up`, on this terminal.
 *
 * @param call.isQuiet prints to standard error, since standard output is for JSON
 * @returns its exit code
 */
export async function showPulumi(call: PulumiCall & { readonly isQuiet: boolean }): Promise<number> {
  const { folder, command, isQuiet } = call;
  logCommand(`pulumi ${command.join(" ")}`, folder);
  const child = spawn("pulumi", isWindows ? command.map(quote) : command, {
    cwd: folder,
    env: environmentOf(call),
    shell: isWindows,
    stdio: ["ignore", isQuiet ? process.stderr : "inherit", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

function environmentOf({ folder, environment }: PulumiCall): Record<string, string | undefined> {
  // Programs that Pulumi starts refuse what a relative path finds.
  const bins = [...new Set([path.resolve(folder), packageFolder].flatMap(listBinFolders))];
  return { ...process.env, ...environment, PATH: [...bins, process.env.PATH ?? ""].join(path.delimiter) };
}

/** The folders where npm links executables, for a folder and all its parents. */
function listBinFolders(folder: string): string[] {
  const parent = path.dirname(folder);
  return [path.join(folder, "node_modules", ".bin"), ...(parent === folder ? [] : listBinFolders(parent))];
}

/** Node reports ENOENT for a missing program and a missing folder alike. */
export async function explainMissingPulumi(folder: string): Promise<Error> {
  const isThere = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isThere) return new UsageError(`--cwd is invalid: there is no folder ${folder}`);
  return new MissingPulumiError(
    "The Pulumi CLI is not installed. Install it for the program: npm install pulumi; or for the machine: https://www.pulumi.com/docs/install",
  );
}

function quote(text: string): string {
  return /^[\w./:\\@=-]+$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}
