import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { prerelease, valid } from "semver";

/** The parts of a `package.json`, a Pulumi schema, or an entry of `package-lock.json` that are read and changed. */
interface Manifest {
  readonly name?: string;
  version?: string;
  pulumi?: { version?: string };
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

interface LockFile extends Manifest {
  /** By folder; those below `node_modules` come from a registry. */
  readonly packages: Record<string, Manifest>;
}

/** Whether a text is a version that this project releases: `0.2.0`, not a pre-release or a build of one. */
export function isReleasable(text: string): boolean {
  return valid(text) === text && prerelease(text) === null;
}

/** The version that the root package has. */
export async function readVersion(repository: string): Promise<string> {
  const { version = "" } = await readJson<Manifest>(join(repository, "package.json"));
  return version;
}

/**
 * Sets the version of every package in the repository: in its manifest, in dependencies on it, in the plugin that
 * Pulumi requests, in the lock file and in the Pulumi schemas. Templates also allow later compatible versions: `^0.2.0`.
 */
export async function setVersion(repository: string, version: string): Promise<void> {
  const packages = await foldersOf(repository, ["packages", "examples"]);
  const templates = await foldersOf(repository, ["templates"]);
  const manifests = [".", ...packages].map((folder) => join(repository, folder, "package.json"));
  const own = new Set(await Promise.all(manifests.map(async (file) => (await readJson<Manifest>(file)).name ?? "")));
  for (const file of manifests) await changeJson<Manifest>(file, (manifest) => setIn(manifest, own, version));
  for (const folder of templates) {
    const file = join(repository, folder, "package.json");
    await changeJson<Manifest>(file, (manifest) => setDependencies(manifest, own, version));
  }
  await changeJson<LockFile>(join(repository, "package-lock.json"), (lock) => {
    lock.version = version;
    for (const [folder, entry] of Object.entries(lock.packages)) {
      if (!folder.startsWith("node_modules/")) setIn(entry, own, version);
    }
  });
  for (const folder of ["relay/deploy", ...packages]) {
    await changeJson<Manifest>(join(repository, folder, "schema.json"), (schema) => {
      schema.version = version;
    });
  }
}

async function foldersOf(repository: string, parents: readonly string[]): Promise<string[]> {
  const found = parents.map(async (parent) => {
    const entries = await readdir(join(repository, parent), { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${parent}/${name}`);
  });
  return (await Promise.all(found)).flat();
}

function setIn(manifest: Manifest, own: ReadonlySet<string>, version: string): void {
  if (manifest.version !== undefined) manifest.version = version;
  if (manifest.pulumi?.version !== undefined) manifest.pulumi.version = version;
  setDependencies(manifest, own, version);
}

function setDependencies(manifest: Manifest, own: ReadonlySet<string>, version: string): void {
  for (const dependencies of [manifest.dependencies, manifest.devDependencies, manifest.peerDependencies]) {
    for (const [name, wanted] of Object.entries(dependencies ?? {})) {
      const [, range, present] = /^([~^]?)(.*)$/.exec(wanted) ?? [];
      // Examples name the root by its folder.
      if (dependencies && own.has(name) && isReleasable(present ?? "")) dependencies[name] = `${range}${version}`;
    }
  }
}

/** Changes a file if it exists; not every package has a schema. */
async function changeJson<T>(file: string, change: (content: T) => void): Promise<void> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return;
  const content = JSON.parse(text) as T;
  change(content);
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, "utf8")) as T;
}
