/**
 * What `npm run pack` makes, for it and for `npm run publish-packages`. The workflow publishes in a job without any package, since code of a
 * package there could publish as this repository: so this file needs only Node.js.
 */
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export const repository = join(import.meta.dirname, "..");
export const output = join(repository, "build");

/** The contents of a package's tarball besides `package.json`: its folders and files, with TypeScript compiled. */
export interface PublishedPackage {
  readonly folder: string;
  readonly compiled: readonly string[];
  readonly copied: readonly string[];
}

/** Plain JavaScript with declarations written by hand: it must be read by any Node. */
const runProgram = ["run-program.js", "run-program.d.ts"];

/** The page of `customerio-aep console`, which is served as it is. */
const consolePage = "cli/console/page";

/** Pages for people. Findings and alerts name sections of the runbooks, which the console serves with what they link to. */
const pages = globSync("docs/{*,decisions/*,reference/*,tasks/*}.md", { cwd: repository });

/** What `customerio-aep init` makes projects from. */
const templates = ["templates/typescript", "templates/yaml"];

/** The packages in the order in which they depend on each other. */
export const published: readonly PublishedPackage[] = [
  { folder: "packages/adobe-data-prep", compiled: ["src"], copied: ["README.md"] },
  { folder: "packages/pulumi-provider-kit", compiled: ["src"], copied: ["README.md"] },
  { folder: "packages/pulumi-customerio", compiled: ["src"], copied: ["README.md", "schema.json", "bin", "dist"] },
  { folder: "packages/pulumi-aep", compiled: ["src"], copied: ["README.md", "schema.json", "bin", "dist"] },
  {
    folder: ".",
    compiled: ["components", "events", "mapping", "relay/core", "relay/deploy", "settings"],
    copied: [
      "README.md",
      "CHANGELOG.md",
      "bin",
      "dist",
      "cli/dist",
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

export interface Manifest {
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

/** The tarballs of the last `packAll`, in the order in which they depend on each other. */
export async function packedFiles(): Promise<PackedFile[]> {
  const files = published.map(async ({ folder }) => {
    const { name, version } = await manifestOf(folder);
    return { name, version, file: join(output, `${name}-${version}.tgz`) };
  });
  return Promise.all(files);
}

export async function manifestOf(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(repository, folder, "package.json"), "utf8")) as Manifest;
}
