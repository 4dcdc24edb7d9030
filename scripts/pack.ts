import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { buildRelay } from "../relay/build.ts";
import { buildPlugins } from "./build-plugins.ts";

const run = promisify(execFile);
const repository = join(import.meta.dirname, "..");
const output = join(repository, "build");

/** The contents of a package's tarball besides `package.json`: its folders and files, with TypeScript compiled. */
interface PublishedPackage {
  readonly folder: string;
  readonly compiled: readonly string[];
  readonly copied: readonly string[];
}

/** Plain JavaScript with declarations written by hand: it must be read by any Node. */
const runProgram = ["run-program.js", "run-program.d.ts"];

/** The page of `customerio-aep console`, which is served as it is. */
const consolePage = "cli/console/page";

/** Pages for people. Findings and alerts name sections of the runbooks, which the console serves with what they link to. */
const pages = globSync("docs/{*,tasks/*,reference/*}.md", { cwd: repository });

/** What `customerio-aep init` makes projects from. */
const templates = ["templates/typescript", "templates/yaml"];

/** The packages in the order in which they depend on each other. */
const packages: readonly PublishedPackage[] = [
  { folder: "packages/adobe-data-prep", compiled: ["src"], copied: ["README.md"] },
  { folder: "packages/pulumi-provider-kit", compiled: ["src"], copied: ["README.md"] },
  { folder: "packages/pulumi-customerio", compiled: ["src"], copied: ["README.md", "schema.json", "bin", "dist"] },
  { folder: "packages/pulumi-aep", compiled: ["src"], copied: ["README.md", "schema.json", "bin", "dist"] },
  {
    folder: ".",
    compiled: ["components", "events", "mapping", "cli", "relay/core", "relay/azure", "relay/deploy", "settings"],
    copied: [
      "README.md",
      "CHANGELOG.md",
      "bin",
      "dist",
      "relay/dist",
      "relay/deploy/schema.json",
      consolePage,
      ...pages,
      ...templates,
      ...runProgram,
    ],
  },
  {
    folder: "packages/customerio-aep-policies",
    compiled: ["src"],
    copied: ["README.md", "PulumiPolicy.yaml", "pack.js"],
  },
];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: string | Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** A tarball in `build/`, with the name and version to publish. */
export interface PackedFile {
  readonly name: string;
  readonly version: string;
  readonly file: string;
}

/** A new tarball. */
export interface Tarball {
  readonly name: string;
  readonly file: string;
  /** Bytes of the tarball, and of its files. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly string[];
}

/**
 * Creates the tarball of every published package in `build/`. Node runs TypeScript inside the repository, but not below
 * `node_modules`, so a tarball contains JavaScript and declarations in the same places.
 */
export async function packAll(): Promise<Tarball[]> {
  await rm(output, { recursive: true, force: true });
  await Promise.all([buildRelay(), buildPlugins()]);
  await run(process.execPath, [join(repository, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"], {
    cwd: repository,
  });
  const stages: string[] = [];
  for (const published of packages) stages.push(await stage(published));
  return pack(stages);
}

/** The tarballs of the last `packAll`, in the order in which they depend on each other. */
export async function packedFiles(): Promise<PackedFile[]> {
  const files = packages.map(async ({ folder }) => {
    const { name, version } = await manifestOf(folder);
    return { name, version, file: join(output, `${name}-${version}.tgz`) };
  });
  return Promise.all(files);
}

async function manifestOf(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(repository, folder, "package.json"), "utf8")) as Manifest;
}

/** Puts together the contents of a package's tarball, and returns their folder, relative to `build/`. */
async function stage({ folder, compiled, copied }: PublishedPackage): Promise<string> {
  const source = join(repository, folder);
  const manifest = await manifestOf(folder);
  const relative = `./stage/${manifest.name}`;
  const target = join(output, relative);
  await mkdir(target, { recursive: true });
  for (const part of compiled) {
    await cp(join(output, "compiled", folder, part), join(target, part), { recursive: true });
  }
  for (const part of copied) await cp(join(source, part), join(target, part), { recursive: true });
  await cp(join(repository, "LICENSE"), join(target, "LICENSE"));
  await writeFile(join(target, "package.json"), `${JSON.stringify(publishedManifest(manifest, folder), null, 2)}\n`);
  return relative;
}

async function pack(stages: readonly string[]): Promise<Tarball[]> {
  // Without scripts: everything is already built.
  const flags = ["--json", "--ignore-scripts", "--pack-destination", output];
  const { stdout } = await run("npm", ["pack", ...stages, ...flags], {
    cwd: output,
    maxBuffer: 1e8,
    shell: process.platform === "win32",
  });
  const packed = JSON.parse(stdout) as (Pick<Tarball, "name" | "size" | "unpackedSize"> & {
    readonly filename: string;
    readonly files: readonly { readonly path: string }[];
  })[];
  return packed.map(({ name, filename, size, unpackedSize, files }) => ({
    name,
    file: join(output, filename),
    size,
    unpackedSize,
    files: files.map(({ path }) => path),
  }));
}

/** The manifest with compiled entry points, and without parts that only the repository uses. */
function publishedManifest(manifest: Manifest, folder: string): object {
  const { exports, private: _, scripts, workspaces, devDependencies, allowScripts, ...kept } = manifest;
  const entries = typeof exports === "string" ? { ".": exports } : exports;
  return {
    ...kept,
    ...origin(folder),
    exports: Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, compiledEntry(entry)])),
  };
}

/**
 * The package's origin, from the environment of GitHub's runners: npm refuses provenance if `repository` is not the one in which the
 * workflow runs.
 */
function origin(folder: string): object {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  if (!server || !name) return {};
  const url = `${server}/${name}`;
  const directory = folder === "." ? undefined : folder;
  return {
    repository: { type: "git", url: `git+${url}.git`, ...(directory && { directory }) },
    homepage: directory ? `${url}/tree/HEAD/${directory}#readme` : `${url}#readme`,
    bugs: { url: `${url}/issues` },
  };
}

function compiledEntry(entry: string): string | object {
  const [, path] = /^(.+)\.(?:ts|js)$/.exec(entry) ?? [];
  if (path === undefined) return entry;
  return { types: `${path}.d.ts`, default: `${path}.js` };
}

/** What `npm run pack` prints. */
async function report(): Promise<void> {
  for (const { file, size, unpackedSize, files } of await packAll()) {
    const sizes = `${Math.round(size / 1024)} KiB, ${Math.round(unpackedSize / 1024)} KiB unpacked`;
    console.log(`${file}: ${sizes}, ${files.length} files`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) void report();
