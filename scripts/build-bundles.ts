import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build, type OutputFile, type Plugin } from "esbuild";
import { updateFile } from "../relay/build.ts";
import { sourcesOf } from "./third-party-notices.ts";

const repository = join(import.meta.dirname, "..");

/** The folders of the plugins: each has an entry `main.ts` in its sources, and an executable in `bin`. */
const entries = {
  "packages/pulumi-aep": "src/main.ts",
  "packages/pulumi-customerio": "src/main.ts",
  ".": "relay/deploy/main.ts",
} as const;

export const plugins = Object.keys(entries) as (keyof typeof entries)[];

/** Modules as a bundle: an entry, and parts that it loads when it needs them. */
interface Bundle {
  /** Relative to the repository. */
  readonly entry: string;
  /** The folder for the bundle, relative to the repository, and the name of the entry in it. */
  readonly folder: string;
  readonly name: string;
}

/**
 * Writes a bundle, its entry last. What has not changed stays untouched, since an engine may be starting it. Loading the several hundred files of the
 * libraries one by one took a quarter of a plugin's start and 9 MB, and more than half of the start of the command line.
 *
 * @returns the files that it contains, relative to the repository
 */
async function writeBundle({ entry, folder, name }: Bundle): Promise<string[]> {
  const dist = join(repository, folder);
  const { outputFiles, metafile } = await build({
    absWorkingDir: repository,
    entryPoints: [{ in: entry, out: name }],
    outdir: dist,
    write: false,
    metafile: true,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    // The oldest Node that this package runs on.
    target: "node22",
    format: "esm",
    // Modules that are loaded on demand stay separate.
    splitting: true,
    legalComments: "none",
    // Node keeps the source in memory. Names stay, for the stack of an unexpected error.
    minifyWhitespace: true,
    minifySyntax: true,
    // gRPC's library loads the first only for services about itself, which no provider has, and Azure's library for blobs the second only to
    // list them in Arrow's format. The third has native code; npm installs it as an optional dependency.
    external: ["@grpc/proto-loader", "apache-arrow", "@duckdb/node-api"],
    // Libraries among them are CommonJS and call `require`, which an ES module lacks.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    logLevel: "warning",
    plugins: [sdkApart, englishOnly],
  });
  await mkdir(dist, { recursive: true });
  const isEntry = ({ path }: OutputFile) => path === join(dist, `${name}.mjs`);
  const chunksFirst = outputFiles.toSorted((one, other) => Number(isEntry(one)) - Number(isEntry(other)));
  for (const { path, contents } of chunksFirst) await updateFile(path, Buffer.from(contents));
  // The names of the chunks change with their content.
  const built = new Set(outputFiles.map(({ path }) => path));
  for (const file of await readdir(dist)) {
    if (!built.has(join(dist, file))) await rm(join(dist, file), { recursive: true });
  }
  return sourcesOf(metafile);
}

/**
 * Leaves the SDK and the components out of the bundle: they are loaded from the packages beside the plugin, and only when a program
 * requests a component. All parts of a component must share one SDK. A provider alone needs only the SDK's messages.
 */
const sdkApart: Plugin = {
  name: "sdk-apart",
  setup({ onResolve }) {
    onResolve({ filter: /^(@pulumi\/pulumi|customerio-aep)(\/|$)/ }, ({ path }) =>
      path.startsWith("@pulumi/pulumi/proto/") ? undefined : { path, external: true },
    );
  },
};

/** Leaves out zod's messages in other languages: half a megabyte that every start would read. */
const englishOnly: Plugin = {
  name: "english-only",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/**
 * Builds every plugin into `dist/plugin.mjs` of its folder, and the command line into `cli/dist/main.mjs`. Executables run them. The local
 * cloud runs the host of its function apps, of which it starts many.
 *
 * @returns by the folder of a package, the files that its bundles contain, relative to the repository
 */
export async function buildBundles(): Promise<Map<string, string[]>> {
  const sources = new Map<string, string[]>();
  for (const folder of plugins) {
    const plugin = { entry: join(folder, entries[folder]), folder: join(folder, "dist"), name: "plugin" };
    sources.set(folder, await writeBundle(plugin));
  }
  const commandLine = await writeBundle({ entry: "cli/main.ts", folder: "cli/dist", name: "main" });
  sources.set(".", [...(sources.get(".") ?? []), ...commandLine]);
  await writeBundle({
    entry: "packages/local-cloud/src/azure/host/function-host.ts",
    folder: "packages/local-cloud/dist",
    name: "function-host",
  });
  return sources;
}
