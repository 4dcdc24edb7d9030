import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import type { SourceMapPayload } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Metafile, type Plugin } from "esbuild";
import { relayPackageName } from "./core/names.ts";

const here = dirname(fileURLToPath(import.meta.url));
const repository = dirname(here);

/** Stands in the bundle for its own digest until that is known, and is as long, so that the source map fits. */
const buildMark = "the build digest";

/** What was built, and where. */
export interface RelayBundle {
  /** The folder with `host.json`, `package.json`, `index.cjs` and `blobs.cjs`: the content of the package that a Functions host runs. */
  readonly folder: string;
  /** Size of `index.cjs`, which a start loads, and of all code. */
  readonly bytes: { readonly atStart: number; readonly all: number };
  /** Of `index.cjs`, for profiles. It is not deployed. */
  readonly sourceMap: SourceMapPayload;
  /** Which files both have. */
  readonly metafile: Metafile;
}

/** Leaves the library for blobs in a file of its own, which is loaded when it is first used. */
const blobsApart: Plugin = {
  name: "blobs-apart",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/open-blobs\.ts$/ }, () => ({ path: "./blobs.cjs", external: true })),
};

/**
 * Builds the relay's package into `relay/dist`. The same sources give the same bytes.
 *
 * `index.cjs` holds everything but the library for blobs, and `@azure/functions-core`, a module that only the Functions worker has.
 * CommonJS, since the libraries in it call `require`, which an ES module bundle would need a shim for.
 */
export async function buildRelay(): Promise<RelayBundle> {
  const folder = join(here, "dist");
  const { version } = JSON.parse(await readFile(join(repository, "package.json"), "utf8"));
  const { outputFiles, metafile } = await build({
    absWorkingDir: repository,
    entryPoints: { index: "relay/azure/functions.ts", blobs: "relay/azure/storage/open-blobs.ts" },
    write: false,
    metafile: true,
    outdir: "relay/dist",
    outExtension: { ".js": ".cjs" },
    plugins: [blobsApart],
    // So that a file of the package is loaded by `require`.
    supported: { "dynamic-import": false },
    sourcemap: "external",
    bundle: true,
    platform: "node",
    // The oldest Node that this package runs on, in Azure too.
    target: "node22",
    format: "cjs",
    minify: true,
    legalComments: "none",
    // The blob library loads apache-arrow (240 KB) only to list blobs in Arrow's format, which the relay never asks for.
    external: ["@azure/functions-core", "apache-arrow"],
    // Azure's libraries ask for import.meta.url as they load, which CommonJS doesn't have.
    define: {
      "import.meta.url": "importMetaUrl",
      RELAY_VERSION: JSON.stringify(version),
      RELAY_BUILD: JSON.stringify(buildMark),
    },
    banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    logLevel: "warning",
  });
  const output = (name: string) => outputFiles.find(({ path }) => path.endsWith(name))?.text ?? "";
  const [marked, blobs] = [output("index.cjs"), output("blobs.cjs")];
  const host = await readFile(join(here, "host.json"));
  const digest = createHash("sha256").update(marked).update(blobs).update(host).digest("hex").slice(0, 16);
  const code = Buffer.from(marked.replaceAll(buildMark, digest));
  // A deployment reads the digest here, and the running code says it, so that no other code is taken for this one.
  const manifest = { name: relayPackageName, version, build: digest, private: true, main: "index.cjs" };
  await mkdir(folder, { recursive: true });
  await updateFile(join(folder, "index.cjs"), code);
  await updateFile(join(folder, "blobs.cjs"), Buffer.from(blobs));
  await updateFile(join(folder, "host.json"), host);
  await updateFile(join(folder, "package.json"), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  return {
    folder,
    bytes: { atStart: code.length, all: code.length + Buffer.byteLength(blobs) },
    sourceMap: JSON.parse(output("index.cjs.map")),
    metafile,
  };
}

/** Writes a file unless it has that content already: a process may be reading it. */
export async function updateFile(file: string, content: Buffer): Promise<void> {
  const present = await readFile(file).catch(() => undefined);
  if (!present?.equals(content)) await writeFile(file, content);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  void buildRelay().then(({ bytes }) =>
    console.log(`relay/dist: index.cjs has ${Math.round(bytes.atStart / 1024)} KiB`),
  );
}
