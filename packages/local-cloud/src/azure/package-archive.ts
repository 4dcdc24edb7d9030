import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { unzipSync } from "fflate";

/** A deployment package that can't be used; the message goes into the deployment's log. */
export class InvalidPackage extends Error {}

interface Entry {
  readonly name: string;
  /** Permission bits, if the entry was written as a Unix one. */
  readonly mode: number | undefined;
}

/**
 * Checks a deployment package: a zip with host.json and package.json at its root, whose `main` is there too. Returns what a
 * Flex Consumption app can read of it, by path.
 */
export function readPackage(zip: Uint8Array, filesWithoutUnixMode: "unreadable" | "readable"): Map<string, Uint8Array> {
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(zip);
  } catch (error) {
    throw new InvalidPackage(`The package is no zip file: ${error instanceof Error ? error.message : String(error)}`);
  }
  for (const name of Object.keys(files)) {
    if (path.posix.normalize(name).startsWith("..") || path.posix.isAbsolute(name)) {
      throw new InvalidPackage(`The package holds the path '${name}', which lies outside of it.`);
    }
  }
  for (const name of ["host.json", "package.json"]) {
    if (files[name] === undefined) throw new InvalidPackage(`The package has no '${name}' at its root.`);
  }
  const main = (JSON.parse(Buffer.from(files["package.json"] ?? []).toString()) as { main?: string }).main;
  if (main === undefined) throw new InvalidPackage("The package's package.json names no 'main'.");
  const isThere = Object.keys(files).some((name) => path.posix.matchesGlob(name, path.posix.normalize(main)));
  if (!isThere) throw new InvalidPackage(`The package has no file '${main}', which its package.json names as 'main'.`);
  const modes = new Map(entries(zip).map(({ name, mode }) => [name, mode]));
  const readable = (name: string) => {
    const mode = modes.get(name);
    return mode === undefined ? filesWithoutUnixMode === "readable" : (mode & 0o444) !== 0;
  };
  return new Map(Object.entries(files).filter(([name]) => !name.endsWith("/") && readable(name)));
}

/** Writes an unpacked app into an empty folder. What can't be read is an app without functions: no error, no function. */
export async function unpack(files: ReadonlyMap<string, Uint8Array>, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const isComplete = files.has("host.json") && files.has("package.json");
  const content = isComplete ? files : emptyApp;
  for (const [name, bytes] of content) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
}

const emptyApp: ReadonlyMap<string, Uint8Array> = new Map([
  ["host.json", Buffer.from('{"version":"2.0"}')],
  ["package.json", Buffer.from('{"main":"empty.cjs"}')],
  ["empty.cjs", Buffer.from("")],
]);

/** The zip's central directory (PKWARE APPNOTE 4.3.12), which fflate doesn't show: it holds each entry's mode. */
function entries(zip: Uint8Array): Entry[] {
  const view = Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength);
  const end = view.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  const count = view.readUInt16LE(end + 10);
  const found: Entry[] = [];
  let at = view.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    const madeBy = view.readUInt8(at + 5);
    const nameLength = view.readUInt16LE(at + 28);
    const name = view.toString("utf8", at + 46, at + 46 + nameLength);
    const mode = view.readUInt32LE(at + 38) >>> 16;
    const unix = 3;
    found.push({ name, mode: madeBy === unix && mode !== 0 ? mode : undefined });
    at += 46 + nameLength + view.readUInt16LE(at + 30) + view.readUInt16LE(at + 32);
  }
  return found;
}
