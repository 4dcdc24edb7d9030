import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { fromBufferPromise } from "yauzl";

/** An unusable deployment package. The message goes into the deployment's log. */
export class InvalidPackage extends Error {}

interface PackagedFile {
  readonly bytes: Uint8Array;
  /** Permission bits, if the entry has Unix attributes. */
  readonly mode: number | undefined;
}

/**
 * Checks a deployment package: a zip with host.json and package.json at its root, and with the file that `main` names. Returns the
 * files that a Flex Consumption app can read, by path.
 */
export async function readPackage(
  zip: Uint8Array,
  filesWithoutUnixMode: "unreadable" | "readable",
): Promise<Map<string, Uint8Array>> {
  let files: ReadonlyMap<string, PackagedFile>;
  try {
    files = await unzip(zip);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidPackage(`The package can't be unpacked: ${reason}`);
  }
  for (const name of ["host.json", "package.json"]) {
    if (!files.has(name)) throw new InvalidPackage(`The package has no '${name}' at its root.`);
  }
  const manifest = Buffer.from(files.get("package.json")?.bytes ?? []).toString();
  const { main } = JSON.parse(manifest) as { main?: string };
  if (main === undefined) throw new InvalidPackage("The package's package.json names no 'main'.");
  const isThere = [...files.keys()].some((name) => path.posix.matchesGlob(name, path.posix.normalize(main)));
  if (!isThere) throw new InvalidPackage(`The package has no file '${main}', which its package.json names as 'main'.`);
  const isReadable = (mode: number | undefined) =>
    mode === undefined ? filesWithoutUnixMode === "readable" : (mode & 0o444) !== 0;
  return new Map([...files].filter(([, { mode }]) => isReadable(mode)).map(([name, { bytes }]) => [name, bytes]));
}

/** Unzips; refuses paths that lead out of the archive. Uses a different library from the one that writes packages. */
async function unzip(zip: Uint8Array): Promise<Map<string, PackagedFile>> {
  const archive = await fromBufferPromise(Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength), {
    lazyEntries: true,
    autoClose: false,
  });
  const files = new Map<string, PackagedFile>();
  for await (const entry of archive.eachEntry()) {
    if (entry.fileName.endsWith("/")) continue;
    const bytes = await buffer(await archive.openReadStreamPromise(entry));
    const mode = entry.externalFileAttributes >>> 16;
    files.set(entry.fileName, { bytes, mode: entry.versionMadeBy >>> 8 === unix && mode !== 0 ? mode : undefined });
  }
  return files;
}

/** The system that wrote an entry (PKWARE APPNOTE 4.4.2). */
const unix = 3;

/** Writes an unpacked app into an empty folder. If its files can't be read, the app has no functions, and there is no error. */
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
