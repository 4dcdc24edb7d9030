import { execFile } from "node:child_process";
import { join } from "node:path";
import { crowdedFolders } from "./crowded-folders.ts";
import { findBrokenLinksOf } from "./links.ts";
import { listTrackedFiles } from "./tracked-files.ts";

const repository = join(import.meta.dirname, "..");

/** Independent commands, run in parallel: oxlint takes most of the time, on one processor. */
const commands: readonly (readonly [command: string, ...args: string[]])[] = [
  ["oxlint"],
  ["knip", "--no-progress"],
  ["biome", "check"],
];

/** Runs a command of `node_modules/.bin`, prints its output once it has ended, and returns whether it succeeded. */
function run([command, ...args]: (typeof commands)[number]): Promise<boolean> {
  return new Promise((resolve) => {
    const file = join(repository, "node_modules/.bin", command);
    const options = { cwd: repository, maxBuffer: 64 * 1024 * 1024, shell: process.platform === "win32" };
    execFile(file, args, options, (error, stdout, stderr) => {
      console.log([`> ${[command, ...args].join(" ")}`, stdout.trim(), stderr.trim()].filter(Boolean).join("\n"));
      if (error && typeof error.code !== "number") console.error(`${command} could not run: ${error.message}`);
      resolve(error === null);
    });
  });
}

async function checkFiles(): Promise<boolean> {
  const files = await listTrackedFiles(repository);
  const complaints = [...crowdedFolders(files), ...(await findBrokenLinksOf(repository, files))];
  console.log(["> links and folders", ...complaints].join("\n"));
  return complaints.length === 0;
}

const results = await Promise.all([...commands.map(run), checkFiles()]);
process.exitCode = results.every(Boolean) ? 0 : 1;
