import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { buildRelay } from "../relay/build.ts";
import { buildBundles } from "./build-bundles.ts";
import { replaceLinks } from "./links.ts";
import { type Manifest, manifestOf, output, type PublishedPackage, published, repository } from "./packed-files.ts";
import { describeThirdParty, sourcesOf } from "./third-party-notices.ts";

const run = promisify(execFile);

/** TypeScript's compiler, which needs a third of the processor time of version 6. Pulumi's SDK, which reads `typescript`, takes only that one. */
export const tsc = join(repository, "node_modules/typescript-7/bin/tsc");

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
  const [{ metafile }, bundled] = await Promise.all([buildRelay(), buildBundles()]);
  bundled.set(".", [...(bundled.get(".") ?? []), ...sourcesOf(metafile)]);
  await run(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: repository });
  const stages: string[] = [];
  for (const one of published) stages.push(await stage(one, bundled.get(one.folder)));
  return pack(stages);
}

/** Puts together the contents of a package's tarball, with the licenses of what is bundled, and returns their folder, relative to `build/`. */
async function stage({ folder, compiled, copied }: PublishedPackage, bundled?: readonly string[]): Promise<string> {
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
  if (bundled) {
    await writeFile(join(target, "THIRD-PARTY-NOTICES.txt"), await describeThirdParty(repository, bundled));
  }
  await leadElsewhere(target, folder);
  await writeFile(join(target, "package.json"), `${JSON.stringify(publishedManifest(manifest, folder), null, 2)}\n`);
  return relative;
}

/**
 * Changes the links to files that only the repository has: they lead there, or, where nobody knows its address, only their text stays.
 *
 * @param stage what the tarball contains
 * @param folder of the package in the repository
 */
async function leadElsewhere(stage: string, folder: string): Promise<void> {
  const url = originUrl();
  const files = await readdir(stage, { recursive: true });
  for (const document of files.filter((file) => file.endsWith(".md"))) {
    const file = join(stage, document);
    const place = join(folder, document).replaceAll("\\", "/");
    const addressOf = (target: string, isImage: boolean) =>
      url && new URL(target, `${url}/${isImage ? "raw" : "blob"}/HEAD/${place}`).href;
    const markdown = await readFile(file, "utf8");
    const changed = replaceLinks(markdown, (path) => existsSync(join(dirname(file), path)), addressOf);
    if (changed !== markdown) await writeFile(file, changed);
  }
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
  const url = originUrl();
  if (url === undefined) return {};
  const directory = folder === "." ? undefined : folder;
  return {
    repository: { type: "git", url: `git+${url}.git`, ...(directory && { directory }) },
    homepage: directory ? `${url}/tree/HEAD/${directory}#readme` : `${url}#readme`,
    bugs: { url: `${url}/issues` },
  };
}

function originUrl(): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  return server && name ? `${server}/${name}` : undefined;
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
