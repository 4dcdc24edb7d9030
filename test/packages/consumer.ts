import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import manifest from "../../package.json" with { type: "json" };
import type { Tarball } from "../../scripts/pack.ts";

const run = promisify(execFile);

/** The oldest Node that `engines` allows; every other test runs on the one that the repository brings. */
const oldestNode = "22.18.0";

/** Somebody's own project, outside the repository, with the packages as npm would install them. */
export interface Consumer {
  readonly folder: string;
  readonly bin: string;
  /** Runs a command of the project, such as `tsc`, and answers what it prints; one that fails rejects with that. */
  run(command: string, ...args: string[]): Promise<string>;
  remove(): Promise<void>;
}

/** @param files of the project, by their paths in it */
export async function installConsumer(
  tarballs: readonly Tarball[],
  files: Readonly<Record<string, string>>,
): Promise<Consumer> {
  const folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-consumer-"));
  const { devDependencies } = manifest;
  const project = {
    name: "consumer",
    private: true,
    type: "module",
    // The entry of a program must be named, or the SDK takes the folder for CommonJS.
    main: "index.ts",
    dependencies: {
      ...Object.fromEntries(tarballs.map(({ name, file }) => [name, `file:${file}`])),
      "@pulumi/pulumi": devDependencies["@pulumi/pulumi"],
      "@pulumi/azure-native": devDependencies["@pulumi/azure-native"],
    },
    devDependencies: {
      "@types/node": devDependencies["@types/node"],
      node: oldestNode,
      pulumi: devDependencies.pulumi,
      typescript: devDependencies.typescript,
    },
    // npm 12 runs no install script that is not listed; Node's puts its executable in place.
    allowScripts: { node: true },
  };
  await writeFile(path.join(folder, "package.json"), JSON.stringify(project));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  const bin = path.join(folder, "node_modules", ".bin");
  const environment = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ""}` };
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
  await consumer.run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund");
  return consumer;
}
