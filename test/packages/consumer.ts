import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import manifest from "../../package.json" with { type: "json" };
import type { Tarball } from "../../scripts/pack.ts";
import { repository } from "../e2e/local-stack.ts";

const run = promisify(execFile);

/** The oldest Node that `engines` allows; every other test runs on the repository's own. */
const oldestNode = "22.18.0";

interface Project {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

/** A user's project outside the repository, with the packages as npm would install them. */
export interface Consumer {
  readonly folder: string;
  readonly bin: string;
  /** Runs a command of the project, such as `npm`, and returns its output; one that fails rejects with it. */
  run(command: string, ...args: string[]): Promise<string>;
  remove(): Promise<void>;
}

/**
 * Creates a project as `pulumi new` does from a template of the repository, and installs the tarballs for it.
 *
 * @param files more files of the project, by their paths in it
 */
export async function installConsumer(
  template: string,
  tarballs: readonly Tarball[],
  files: Readonly<Record<string, string>>,
): Promise<Consumer> {
  const folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-consumer-"));
  const bin = path.join(folder, "node_modules", ".bin");
  const repositoryBin = path.join(repository, "node_modules", ".bin");
  // The project's own executables come first, once it has them.
  const environment = { ...process.env, PATH: [bin, repositoryBin, process.env.PATH ?? ""].join(path.delimiter) };
  const consumer: Consumer = {
    folder,
    bin,
    async run(command, ...args) {
      try {
        const { stdout } = await run(command, args, { cwd: folder, env: environment, maxBuffer: 1e8 });
        return stdout;
      } catch (error) {
        const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
        throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`);
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  const described = ["--name", "consumer", "--description", "A project of somebody's own"];
  const from = path.join(repository, "templates", template);
  await consumer.run("pulumi", "new", from, "--generate-only", "--yes", "--force", "--dir", folder, ...described);
  await installTarballs(folder, tarballs);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  await consumer.run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund");
  return consumer;
}

/** Makes npm use the tarballs, since no registry has the packages yet, and the repository's versions of the others. */
async function installTarballs(folder: string, tarballs: readonly Tarball[]): Promise<void> {
  const file = path.join(folder, "package.json");
  const project = JSON.parse(await readFile(file, "utf8")) as Project;
  const { devDependencies } = manifest as { devDependencies: Record<string, string> };
  const pinVersions = (wanted: Record<string, string> = {}) =>
    Object.fromEntries(Object.keys(wanted).map((name) => [name, devDependencies[name] ?? wanted[name]]));
  const made = Object.fromEntries(tarballs.map(({ name, file: tarball }) => [name, `file:${tarball}`]));
  await writeFile(
    file,
    JSON.stringify({
      ...project,
      dependencies: { ...pinVersions(project.dependencies), ...made },
      devDependencies: { ...pinVersions(project.devDependencies), node: oldestNode },
      // npm 12 runs only listed install scripts; Node's installs its executable.
      allowScripts: { node: true },
    }),
  );
}
