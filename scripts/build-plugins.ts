import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { updateFile } from "../relay/build.ts";

const repository = join(import.meta.dirname, "..");

/** The folders of the plugins: each has an entry `main.ts` in its sources, and an executable in `bin`. */
const entries = {
  "packages/pulumi-aep": "src/main.ts",
  "packages/pulumi-customerio": "src/main.ts",
  ".": "relay/deploy/main.ts",
} as const;

export const plugins = Object.keys(entries) as (keyof typeof entries)[];

/**
 * Builds a plugin into `dist/plugin.mjs` of its folder, which its executable runs, and parts that it loads when it needs
 * them. What is there already stays untouched, since an engine may be starting it. Loading the several hundred files of the libraries one by one took a quarter of the start and 9 MB.
 */
async function buildPlugin(folder: (typeof plugins)[number]): Promise<void> {
  const dist = join(repository, folder, "dist");
  const { outputFiles } = await build({
    absWorkingDir: join(repository, folder),
    entryPoints: [{ in: entries[folder], out: "plugin" }],
    outdir: dist,
    write: false,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    // The oldest Node that this package runs on.
    target: "node22",
    format: "esm",
    // Modules that a provider loads on demand stay separate.
    splitting: true,
    legalComments: "none",
    // Node keeps the source in memory. Names stay, for the stack of an unexpected error.
    minifyWhitespace: true,
    minifySyntax: true,
    // gRPC's library loads it only for services about itself, which no provider has.
    external: ["@grpc/proto-loader"],
    // Libraries among them are CommonJS and call `require`, which an ES module lacks.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    logLevel: "warning",
    plugins: [sdkApart, englishOnly],
  });
  await mkdir(dist, { recursive: true });
  for (const { path, contents } of outputFiles) await updateFile(path, Buffer.from(contents));
  // The names of the chunks change with their content.
  const built = new Set(outputFiles.map(({ path }) => path));
  for (const file of await readdir(dist)) {
    if (!built.has(join(dist, file))) await rm(join(dist, file), { recursive: true });
  }
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

/** Builds every plugin. */
export async function buildPlugins(): Promise<void> {
  for (const folder of plugins) await buildPlugin(folder);
}
