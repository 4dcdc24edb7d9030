import { writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";

/** Bundles the module of a function app into a folder, as a Functions host loads it. */
export async function bundleFunctions(
  module: string,
  { folder, name }: { folder: string; name: string },
): Promise<void> {
  await build({
    entryPoints: [module],
    outfile: path.join(folder, "index.cjs"),
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    external: ["@azure/functions-core"],
    logLevel: "warning",
  });
  await writeFile(path.join(folder, "package.json"), JSON.stringify({ name, main: "index.cjs" }));
}
