import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { type DeadLetterFilter, fits, understood } from "./dead-letter-filter.ts";
import type { RelayStorageAccount } from "./relay-storage.ts";

/** Dead letters under way at a time. */
const concurrency = 4;

export interface ExportOptions {
  readonly storage: Pick<RelayStorageAccount, "readDeadLetter">;
  /** The blobs to look at. */
  readonly names: readonly string[];
  readonly filter: DeadLetterFilter;
  /** Where the files go. */
  readonly folder: string;
  /** Ends the work after the dead letters under way. */
  readonly signal: AbortSignal;
  /** Told after each dead letter. */
  readonly progress: (counts: ExportCounts) => void;
}

/** What became of the dead letters. */
export interface ExportCounts {
  /** Looked at so far. */
  examined: number;
  written: number;
  /** There was a file with the same content already. */
  present: number;
  /** Of those written or present, by class. */
  readonly classes: Map<string, number>;
}

/**
 * Writes each dead letter that is meant into a file of its own, as it is stored. A file appears whole or not at all, so this can be
 * stopped and repeated at any time. Nothing is taken out of the storage.
 *
 * Files can be read by their owner alone, since they hold personal data.
 *
 * @throws what the storage or the file system throws
 */
export async function exportDeadLetters(options: ExportOptions): Promise<ExportCounts> {
  const counts: ExportCounts = { examined: 0, written: 0, present: 0, classes: new Map() };
  const names = options.names.values();
  let failure: { error: unknown } | undefined;
  const worker = async () => {
    for (const name of names) {
      if (options.signal.aborted || failure) return;
      try {
        await exportOne(name, options, counts);
      } catch (error) {
        failure ??= { error };
      }
      counts.examined += 1;
      options.progress(counts);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (failure) throw failure.error;
  return counts;
}

async function exportOne(name: string, { storage, filter, folder }: ExportOptions, counts: ExportCounts) {
  const read = await storage.readDeadLetter(name);
  if (read === undefined) return;
  const letter = understood(read.text);
  // One of a version that is not known here is kept all the same, unless it is asked for certain ones.
  const isMeant =
    letter === undefined ? Object.values(filter).every((part) => part === undefined) : fits(letter, filter);
  if (!isMeant) return;
  const file = fileOf(folder, name);
  const kind = letter?.class ?? "unknown";
  counts.classes.set(kind, (counts.classes.get(kind) ?? 0) + 1);
  if ((await readFile(file, "utf8").catch(() => undefined)) === read.text) {
    counts.present += 1;
    return;
  }
  await writeWhole(file, read.text);
  counts.written += 1;
}

/** @throws if the name leads out of the folder */
function fileOf(folder: string, name: string): string {
  const file = path.resolve(folder, name);
  const relative = path.relative(folder, file);
  if (relative === "" || relative.startsWith("..") || path.isAbsolute(relative)) {
    throw new Error(`The dead letter "${name}" has a name that leads out of the folder ${folder}.`);
  }
  return file;
}

async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${process.pid}.part`;
  try {
    await writeFile(unfinished, text, { mode: 0o600 });
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
