import { processEach } from "../process-each.ts";
import type { RelayStorageAccount } from "../relay/relay-storage.ts";
import { type DeadLetterFilter, matchesFilter, tryParseDeadLetter } from "./dead-letter-filter.ts";
import type { PrivateFolder } from "./private-folder.ts";

export interface ExportOptions {
  readonly storage: Pick<RelayStorageAccount, "readDeadLetter">;
  /** The blobs to read. */
  readonly names: Iterable<string> | AsyncIterable<string>;
  readonly filter: DeadLetterFilter;
  /** Where the files go. */
  readonly folder: PrivateFolder;
  /** Stops after the dead letters under way. */
  readonly signal: AbortSignal;
  /** Called after each dead letter. */
  readonly progress: (counts: ExportCounts) => void;
}

/** What happened to the dead letters. */
export interface ExportCounts {
  /** Examined so far. */
  examined: number;
  /** Files that were not there before. */
  written: number;
  /** Files whose content differed from the storage. */
  replaced: number;
  /** Files that already had the same content. */
  present: number;
  /** Dead letters that are in files now, by class. */
  readonly classes: Map<string, number>;
  /** Names that are not valid as file names in the folder. These dead letters are not exported. */
  readonly unfit: string[];
}

/**
 * Writes each dead letter that the filter selects into its own file, byte for byte as stored. A file appears completely
 * or not at all, so this can be stopped and repeated at any time. The storage is not changed.
 *
 * @throws what the storage or the folder throws
 */
export async function exportDeadLetters(options: ExportOptions): Promise<ExportCounts> {
  const counts: ExportCounts = {
    examined: 0,
    written: 0,
    replaced: 0,
    present: 0,
    classes: new Map(),
    unfit: [],
  };
  await processEach(options.names, options.signal, async (name) => {
    await exportOne(name, options, counts);
    counts.examined += 1;
    options.progress(counts);
  });
  return counts;
}

async function exportOne(
  name: string,
  { storage, filter, folder }: ExportOptions,
  counts: ExportCounts,
): Promise<void> {
  const read = await storage.readDeadLetter(name);
  if (read === undefined) return;
  const letter = tryParseDeadLetter(read.content);
  // A filter can't judge an unknown format, so only an export of everything includes it.
  const isMeant =
    letter === undefined ? Object.values(filter).every((part) => part === undefined) : matchesFilter(letter, filter);
  if (!isMeant) return;
  const outcome = await folder.keep(name, read.content);
  if (outcome === "unfit") {
    counts.unfit.push(name);
    return;
  }
  counts[outcome] += 1;
  const kind = letter?.class ?? "of an unknown version";
  counts.classes.set(kind, (counts.classes.get(kind) ?? 0) + 1);
}
