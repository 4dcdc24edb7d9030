import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { processEach } from "../process-each.ts";
import { ownName, type RelayStorageAccount } from "../relay/relay-storage.ts";
import { tryParseDeadLetter } from "./dead-letter-filter.ts";
import { unfinishedSuffix } from "./private-folder.ts";

export interface RestoreOptions {
  /** Absolute path of a folder that `export` has filled. */
  readonly folder: string;
  readonly storage: Pick<RelayStorageAccount, "readDeadLetter" | "addDeadLetter">;
  /** Ends the work after the dead letters under way. */
  readonly signal: AbortSignal;
  /** Called after each file. */
  readonly progress: (counts: RestoreCounts) => void;
}

/** The results for the files. */
export interface RestoreCounts {
  examined: number;
  /** Dead letters that are in the storage again. */
  restored: number;
  /** Dead letters that the storage has already. */
  present: number;
  /** Files whose name the storage has for another content, which stays. */
  readonly differing: string[];
  /** Files that are not dead letters that this version knows, or not in a folder of their day, or that an export did not finish. They are in no storage. */
  readonly foreign: string[];
}

/**
 * Puts exported dead letters back into the storage of a relay, each under its own name. It does not change what the
 * storage has, so it can be stopped and repeated at any time.
 *
 * @throws what the storage or the file system throws
 */
export async function restoreDeadLetters({
  folder,
  storage,
  signal,
  progress,
}: RestoreOptions): Promise<RestoreCounts> {
  const counts: RestoreCounts = { examined: 0, restored: 0, present: 0, differing: [], foreign: [] };
  await processEach(await listFiles(folder), signal, async (file) => {
    await restoreOne(file, { folder, storage, counts });
    counts.examined += 1;
    progress(counts);
  });
  return counts;
}

/** Paths as dead letters are named: see `blobName`. A folder above has those of several sources, or of several nights. */
export const hasDay = /^\d{4}\/\d\d\/\d\d\/[^/]+$/;

/** Paths in the folder, with `/` between their parts, the oldest day first. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .sort();
}

async function restoreOne(
  file: string,
  { folder, storage, counts }: Pick<RestoreOptions, "folder" | "storage"> & { counts: RestoreCounts },
): Promise<void> {
  const content = await readFile(path.join(folder, ...file.split("/")));
  // An export that was killed may have left a whole one, beside or in place of the file itself.
  if (!hasDay.test(file) || file.endsWith(unfinishedSuffix) || tryParseDeadLetter(content) === undefined) {
    counts.foreign.push(file);
    return;
  }
  const name = ownName(file);
  if (await storage.addDeadLetter(name, content)) {
    counts.restored += 1;
    return;
  }
  const stored = await storage.readDeadLetter(name);
  if (stored?.content.equals(content)) counts.present += 1;
  else counts.differing.push(file);
}
