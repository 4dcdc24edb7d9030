import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { relayPackageName } from "./core/names.ts";

const here = dirname(fileURLToPath(import.meta.url));
const repository = dirname(here);

/** Stands in the bundle for its own digest until that is known. */
const buildMark = "digest of this build";

/** What was built, and where. */
export interface RelayBundle {
  /** The folder with `host.json`, `package.json` and `index.cjs`: the content of the package that a Functions host runs. */
  readonly folder: string;
  /** Size of `index.cjs`. */
  readonly bytes: number;
}

/**
 * Builds the relay's package into `relay/dist`. The same sources give the same bytes.
 *
 * One CommonJS file holds everything but `@azure/functions-core`, a module that only the Functions worker has. CommonJS, since the
 * libraries in it call `require`, which an ES module bundle would need a shim for.
 */
export async function buildRelay(): Promise<RelayBundle> {
  const folder = join(here, "dist");
  const { version } = JSON.parse(await readFile(join(repository, "package.json"), "utf8"));
  const { outputFiles } = await build({
    absWorkingDir: repository,
    entryPoints: ["relay/azure/functions.ts"],
    write: false,
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
  const marked = Buffer.concat(outputFiles.map(({ contents }) => contents)).toString();
  const host = await readFile(join(here, "host.json"));
  const digest = createHash("sha256").update(marked).update(host).digest("hex").slice(0, 16);
  const code = Buffer.from(marked.replaceAll(buildMark, digest));
  // A deployment reads the digest here, and the running code says it, so that no other code is taken for this one.
  const manifest = { name: relayPackageName, version, build: digest, private: true, main: "index.cjs" };
  await mkdir(folder, { recursive: true });
  await updateFile(join(folder, "index.cjs"), code);
  await updateFile(join(folder, "host.json"), host);
  await updateFile(join(folder, "package.json"), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  return { folder, bytes: code.length };
}

/** Writes a file unless it has that content already: a process may be reading it. */
export async function updateFile(file: string, content: Buffer): Promise<void> {
  const present = await readFile(file).catch(() => undefined);
  if (!present?.equals(content)) await writeFile(file, content);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  void buildRelay().then(({ bytes }) => console.log(`relay/dist: index.cjs has ${Math.round(bytes / 1024)} KiB`));
}
