import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

/** Those whose executables the engine starts. */
const names = ["aep", "customerio", "relay"];

/**
 * Builds each provider into `providers/dist/<name>.mjs`, which its executable runs, and parts that they share. Loading the
 * several hundred files of the libraries one by one took a quarter of the start and 9 MB.
 */
export async function buildProviders(): Promise<void> {
  // Parts have names of their own after each change.
  await rm(join(import.meta.dirname, "dist"), { recursive: true, force: true });
  await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: names.map((name) => ({ in: join(name, "main.ts"), out: name })),
    outdir: "dist",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    // The oldest Node that this package runs on.
    target: "node22",
    format: "esm",
    // What a provider loads when it needs it stays apart.
    splitting: true,
    legalComments: "none",
    // Libraries among them are CommonJS and call `require`, which an ES module lacks.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    logLevel: "warning",
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  void buildProviders().then(() => console.log(`providers/dist: ${names.join(", ")}`));
}
