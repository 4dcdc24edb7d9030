import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { logCommand } from "../command/debug.ts";
import { UsageError } from "../command/usage-error.ts";

const run = promisify(execFile);
const isWindows = process.platform === "win32";

/**
 * Runs a command of the Pulumi CLI in a folder, and returns what it prints. As with npx, a `pulumi` that npm installed for the
 * program, or for this package, takes precedence over the one on the `PATH`.
 *
 * @throws with what Pulumi says
 */
export async function runPulumi(folder: string, ...command: string[]): Promise<string> {
  const bins = [...new Set([folder, import.meta.dirname].flatMap(listBinFolders))];
  const environment = { ...process.env, PATH: [...bins, process.env.PATH ?? ""].join(path.delimiter) };
  const args = [...command, "--non-interactive", "--color", "never"];
  logCommand(`pulumi ${command.join(" ")}`, folder);
  try {
    const { stdout } = await run("pulumi", isWindows ? args.map(quote) : args, {
      ...{ cwd: folder, env: environment, maxBuffer: 2 ** 28 },
      // On Windows, npm's shims are scripts.
      shell: isWindows,
    });
    return stdout;
  } catch (error) {
    const { stderr, code } = error as { stderr?: string; code?: unknown };
    if (code === "ENOENT") throw await explainMissingPulumi(folder);
    const said = stderr?.trim().replace(/^error: /, "") || String(error);
    throw new Error(`Could not read the stack: ${said}`);
  }
}

/** The folders where npm links executables, for a folder and all its parents. */
function listBinFolders(folder: string): string[] {
  const parent = path.dirname(folder);
  return [path.join(folder, "node_modules", ".bin"), ...(parent === folder ? [] : listBinFolders(parent))];
}

/** Node reports ENOENT for a missing program and a missing folder alike. */
async function explainMissingPulumi(folder: string): Promise<Error> {
  const isThere = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isThere) return new UsageError(`--cwd is invalid: there is no folder ${folder}`);
  return new Error(
    "The Pulumi CLI is not installed. Install it for the program: npm install pulumi; or for the machine: https://www.pulumi.com/docs/install",
  );
}

function quote(text: string): string {
  return /^[\w./:\\@=-]+$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}
