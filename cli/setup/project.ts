import { spawn } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { UsageError } from "../command/usage-error.ts";

const templates = path.join(import.meta.dirname, "../../templates");
/** npm leaves these out of packages, so that they are written here. */
const dotFiles = { ".npmrc": "engine-strict=true\n", ".gitignore": "node_modules/\n" };

/** The Pulumi project of a folder. */
export interface Project {
  readonly name: string;
  /** Whether its program takes the source's settings from the stack, as those of this package do. */
  readonly readsSettings: boolean;
}

/** Reads the project of a folder; undefined if there is none. */
export async function readProject(folder: string): Promise<Project | undefined> {
  const text = await readFile(path.join(folder, "Pulumi.yaml"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const name = /^name: *["']?([\w.-]+)/m.exec(text)?.[1];
  if (name === undefined) throw new Error(`${path.join(folder, "Pulumi.yaml")} has no name.`);
  const programs = (await readdir(folder)).filter((file) => /\.[cm]?[jt]s$/.test(file));
  const texts = await Promise.all(programs.map((file) => readFile(path.join(folder, file), "utf8")));
  return { name, readsSettings: texts.some((program) => program.includes("StackSettings")) };
}

/** A name for the project of a folder, as Pulumi accepts it. */
export function projectNameFor(folder: string): string {
  const name = path.basename(path.resolve(folder)).replaceAll(/[^\w.-]+/g, "-");
  return /[a-z0-9]/i.test(name) ? name : "customerio-events";
}

/**
 * Makes a project from a template, like `pulumi new`: all of its files, or none.
 *
 * @throws UsageError if the folder has one of the files already
 */
export async function createProject(folder: string, template: "typescript" | "yaml", name: string): Promise<void> {
  const from = path.join(templates, template);
  const names = (await readdir(from)).filter((file) => !(file in dotFiles) && file !== "node_modules");
  const files = new Map<string, string>(Object.entries(dotFiles));
  for (const file of names) files.set(file, fillIn(await readFile(path.join(from, file), "utf8"), name));
  const present = new Set(await readdir(folder));
  const taken = [...files.keys()].filter((file) => present.has(file) && !(file in dotFiles));
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
}

/** Fills in what `pulumi new` fills in; the rest of a YAML program has the same form, and stays. */
function fillIn(text: string, name: string): string {
  const whole = text
    .replaceAll("${PROJECT}", name)
    .replaceAll("${DESCRIPTION}", "Customer.io events in Adobe Experience Platform");
  // Only a template has this section.
  return whole.replace(/^template:\n(?: .*\n)+/m, "");
}

/** Installs a project's packages. @throws if npm fails */
export async function installPackages(folder: string, isQuiet: boolean): Promise<void> {
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn("npm", ["install", "--no-audit", "--no-fund"], {
      ...{ cwd: folder, env: process.env, shell: process.platform === "win32" },
      stdio: ["ignore", isQuiet ? process.stderr : "inherit", "inherit"],
    });
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code === 0) return;
  throw new Error(
    `The project is complete, but npm could not install its packages in ${folder} (see the output above). Run the same command again.`,
  );
}
