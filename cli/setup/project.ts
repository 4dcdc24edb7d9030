import { spawn } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { unusedProjectName } from "../../settings/checks/project-name.ts";
import { packageFolder } from "../command/package-folder.ts";
import { UsageError } from "../command/usage-error.ts";
import { Interruption, stopOnInterrupt } from "../interrupt.ts";
import { type PackageManager, startingPackageManager } from "./package-manager.ts";

const templates = path.join(packageFolder, "templates");
/** npm leaves these out of packages, so that they are written here. */
const dotFiles = { ".npmrc": "engine-strict=true\n", ".gitignore": "node_modules/\n" };

/** The Pulumi project of a folder. */
export interface Project {
  readonly name: string;
  /** Whether its program takes the source's settings from the stack, as those of this package do. */
  readonly readsSettings: boolean;
  /** Where Pulumi keeps the stacks' settings: the project's folder, or the `stackConfigDir` that it names. */
  readonly settingsFolder: string;
}

/** Reads the project of a folder; undefined if there is none. */
export async function readProject(folder: string): Promise<Project | undefined> {
  const text = await readFile(path.join(folder, "Pulumi.yaml"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const name = /^name: *["']?([\w.-]+)/m.exec(text)?.[1];
  if (name === undefined) throw new Error(`${path.join(folder, "Pulumi.yaml")} has no name.`);
  const texts = await readPrograms(folder, text);
  const settingsFolder = path.resolve(folder, /^stackConfigDir: *["']?([^"'#\n]+)/m.exec(text)?.[1]?.trim() ?? "");
  return { name, readsSettings: texts.some((program) => program.includes("StackSettings")), settingsFolder };
}

/** The code beside the project's file, and beside the program that it or package.json names, as `src/index.ts`. */
async function readPrograms(folder: string, projectFile: string): Promise<string[]> {
  const manifest = await readFile(path.join(folder, "package.json"), "utf8").catch(() => "");
  const named = [/^main: *["']?([^"'#\n]+)/m.exec(projectFile)?.[1], /"main": *"([^"]+)"/.exec(manifest)?.[1]];
  const mains = named.flatMap((main) => (main === undefined ? [] : [path.resolve(folder, main.trim())]));
  // Either may be a folder or a file.
  const folders = new Set([path.resolve(folder), ...mains, ...mains.map((main) => path.dirname(main))]);
  const texts: string[] = [];
  for (const one of folders) {
    const files = (await readdir(one).catch((): string[] => [])).filter((file) => /\.[cm]?[jt]s$/.test(file));
    texts.push(...(await Promise.all(files.map((file) => readFile(path.join(one, file), "utf8").catch(() => "")))));
  }
  return texts;
}

/** Characters that Pulumi allows in a project's name. */
const longestName = 100;

/** A name for the project of a folder, as Pulumi and its providers accept it. */
export function projectNameFor(folder: string): string {
  // Without accents, `é` is an `e`.
  const plain = path.basename(path.resolve(folder)).normalize("NFD").replaceAll(/\p{M}/gu, "");
  const name = plain
    .replaceAll(/[^\w.-]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, longestName);
  return /[a-z0-9]/i.test(name) ? unusedProjectName(name) : "customerio-events";
}

/**
 * Makes a project from a template, like `pulumi new`, and installs its packages with the package manager that started this command: everything,
 * or nothing if that fails or Ctrl-C stops it.
 *
 * @param made.isQuiet whether the package manager prints to standard error
 * @param made.print called once the files are there
 * @throws UsageError if the folder has one of the files already
 */
export async function createProject(
  folder: string,
  made: {
    readonly template: "typescript" | "yaml";
    readonly name: string;
    readonly isQuiet: boolean;
    readonly print: (line: string) => void;
  },
): Promise<void> {
  const present = new Set(await readdir(folder));
  const manager = startingPackageManager(process.env);
  const written = await writeFiles(folder, { ...made, manager });
  made.print(`Created the project ${made.name} in ${folder}. ${manager.command} installs its packages.`);
  try {
    await installPackages(folder, manager, made.isQuiet);
    await locatePlugins(folder);
  } catch (error) {
    const installed = ["node_modules", manager.lockFile].filter((file) => !present.has(file));
    for (const file of [...written, ...installed]) await rm(path.join(folder, file), { recursive: true, force: true });
    throw error;
  }
}

/** Writes the files of a template: all of them, or none. @returns their names, without those that were there */
async function writeFiles(
  folder: string,
  { template, name, manager }: { template: "typescript" | "yaml"; name: string; manager: PackageManager },
): Promise<string[]> {
  const from = path.join(templates, template);
  const own: Readonly<Record<string, string>> = { ...dotFiles, ...manager.files };
  const names = (await readdir(from)).filter((file) => !(file in own) && file !== "node_modules");
  const files = new Map(Object.entries(own));
  for (const file of names) files.set(file, fillIn(await readFile(path.join(from, file), "utf8"), name));
  const present = new Set(await readdir(folder));
  const taken = [...files.keys()].filter((file) => present.has(file) && !(file in own));
  if (taken.length > 0) {
    throw new UsageError(
      `The folder ${folder} has no Pulumi project, but ${taken.join(", ")}, which would be overwritten. Use an empty folder, or --cwd.`,
    );
  }
  const written: string[] = [];
  try {
    for (const [file, text] of files) {
      if (present.has(file)) continue;
      written.push(file);
      await writeFile(path.join(folder, file), text, { flag: "wx" });
    }
  } catch (error) {
    for (const file of written) await rm(path.join(folder, file), { force: true });
    throw error;
  }
  return written;
}

/** Fills in what `pulumi new` fills in; the rest of a YAML program has the same form, and stays. */
function fillIn(text: string, name: string): string {
  const whole = text
    .replaceAll("${PROJECT}", name)
    .replaceAll("${DESCRIPTION}", "Customer.io events in Adobe Experience Platform");
  // Only a template has this section.
  return whole.replace(/^template:\n(?: .*\n)+/m, "");
}

/** Activates the lines of the template that name the plugins' folder, unless the packages are in a folder above, as in a workspace. */
async function locatePlugins(folder: string): Promise<void> {
  const bin = await readdir(path.join(folder, "node_modules", ".bin")).catch((): string[] => []);
  if (!bin.some((name) => name.startsWith("pulumi-resource-aep"))) return;
  const file = path.join(folder, "Pulumi.yaml");
  const text = await readFile(file, "utf8");
  await writeFile(
    file,
    text
      .replace(/ Pulumi refuses them\n# while .*\n(?=# plugins:)/, "\n")
      .replace(/^# plugins:\n(?:# {3,}.*\n)+/m, (lines) => lines.replaceAll(/^# /gm, "")),
  );
}

/**
 * Installs a project's packages.
 *
 * @throws if the package manager fails, or Interruption after Ctrl-C, which ends it as well
 */
async function installPackages(folder: string, { command, args }: PackageManager, isQuiet: boolean): Promise<void> {
  const { signal, done } = stopOnInterrupt();
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      env: process.env,
      shell: process.platform === "win32",
      stdio: ["ignore", isQuiet ? process.stderr : "inherit", "inherit"],
    });
    child.on("error", reject);
    child.on("close", resolve);
  }).finally(done);
  if (signal.aborted) throw new Interruption();
  if (code === 0) return;
  throw new Error(
    `The packages of the project in ${folder} could not be installed (see the output of ${command} above), so the project was removed again. Once ${command} can install them, run the same command again. If your registry does not have them, docs/packages.md says under "Start a project" how to install them from a clone.`,
  );
}
