import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { type Zippable, zipSync } from "fflate";
import { z } from "zod";
import { jsonOf } from "../core/event/json.ts";

/** A folder as a zip file for Azure Functions. */
export interface Package {
  readonly zip: Uint8Array;
  /** SHA-256 of the zip, in hexadecimal; the same for the same files anywhere. */
  readonly hash: string;
}

/** Files that Azure Functions needs at the root of a package. */
const rootFiles = ["host.json", "package.json"];

/** The earliest time of a zip entry, in local time as fflate writes it, so that the zip does not depend on the clock. */
const fixedTime = new Date(1980, 0, 1);
/**
 * Flex Consumption mounts the package as a Linux file system: without Unix permissions in the zip the host can't read the
 * files, and shows no functions and no error.
 */
const readableFile = { os: 3, attrs: (0o100644 << 16) >>> 0, mtime: fixedTime, level: 9 } as const;

/** Why a folder can't be deployed, with the remedy; undefined if it can. */
export function packageMistake(folder: string): string | undefined {
  const missing = isFolder(folder) ? rootFiles.filter((name) => !existsSync(path.join(folder, name))) : rootFiles;
  if (missing.length === 0) return undefined;
  return `the folder "${folder}" lacks ${missing.join(" and ")} at its root; run \`npm run build\` first`;
}

const manifest = z
  .object({ name: z.string().optional(), version: z.string().optional(), build: z.string().optional() })
  .catch({});

/** The package.json of a folder that can be deployed. */
export function packageManifest(folder: string): z.output<typeof manifest> {
  return manifest.parse(jsonOf(readFileSync(path.join(folder, "package.json"), "utf8")));
}

/** Zips a folder: names sorted, times and permissions fixed. */
export function zipFolder(folder: string): Package {
  const mistake = packageMistake(folder);
  if (mistake) throw new Error(`The relay's code can't be deployed: ${mistake}.`);
  const files: Zippable = {};
  for (const name of filesIn(folder).sort()) files[name] = [readFileSync(path.join(folder, name)), readableFile];
  const zip = zipSync(files);
  return { zip, hash: createHash("sha256").update(zip).digest("hex") };
}

/** Paths of all regular files in a folder tree. Links are skipped, since they may lead anywhere. */
function filesIn(folder: string, prefix = ""): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) return filesIn(path.join(folder, entry.name), `${name}/`);
    return entry.isFile() ? [name] : [];
  });
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
