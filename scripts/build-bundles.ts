import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build, type OutputFile, type Plugin } from "esbuild";
import { updateFile } from "../relay/build.ts";
import { sourcesOf } from "./third-party-notices.ts";

const repository = join(import.meta.dirname, "..");

/** Modules as a bundle: an entry, and parts that it loads when it needs them. Paths are relative to the repository. */
interface Bundle {
  /** The folder of the package that it belongs to. */
  readonly of: string;
  readonly source: string;
  /** The folder for the bundle, and the name of its entry there, without the ending. */
  readonly folder: string;
  readonly name: string;
}

/** The folders of the plugins: each has an executable in `bin`. */
export const plugins = ["packages/pulumi-aep", "packages/pulumi-customerio", "."] as const;

/** The plugins and the command line, which executables run, and the host of function apps, of which the local cloud starts many. */
const bundles: readonly Bundle[] = [
  ...plugins.map((of) => ({
    of,
    source: join(of, of === "." ? "relay/deploy/main.ts" : "src/main.ts"),
    folder: join(of, "dist"),
    name: "plugin",
  })),
  { of: ".", source: "cli/main.ts", folder: "cli/dist", name: "main" },
  {
    of: "packages/local-cloud",
    source: "packages/local-cloud/src/azure/app-service/function-host.ts",
    folder: "packages/local-cloud/dist",
    name: "function-host",
  },
];

/**
 * Writes a bundle, its entry last. What has not changed stays untouched, since an engine may be starting it. Loading the several hundred
 * files of the libraries one by one took a quarter of a plugin's start and 9 MB, and half of the start of the command line.
 *
 * @returns the files that it contains, relative to the repository
 */
async function writeBundle({ source, folder, name }: Bundle): Promise<string[]> {
  const dist = join(repository, folder);
  const { outputFiles, metafile } = await build({
    absWorkingDir: repository,
    entryPoints: [{ in: source, out: name }],
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
 * Builds everything that runs from a bundle, except the relay.
 *
 * @returns by the folder of a package, the files that its bundles contain, relative to the repository
 */
export async function buildBundles(): Promise<Map<string, string[]>> {
  const sources = new Map<string, string[]>();
  for (const bundle of bundles) {
    sources.set(bundle.of, [...(sources.get(bundle.of) ?? []), ...(await writeBundle(bundle))]);
  }
  return sources;
}
