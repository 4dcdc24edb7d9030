import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { zipSync } from "fflate";

/** Zips all files below a folder, as azure-native does for a FileArchive. */
export async function zipFileArchive(folder: string): Promise<Uint8Array> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    found
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return [path.relative(folder, file).replaceAll(path.sep, "/"), new Uint8Array(await readFile(file))] as const;
      }),
  );
  return zipSync(Object.fromEntries(files));
}
