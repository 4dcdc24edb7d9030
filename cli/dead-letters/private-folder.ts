import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { UsageError } from "../command/usage-error.ts";

/** What became of a file: it was not there, it held something else, it held the same, or it can't have that name. */
export type FileFate = "written" | "replaced" | "present" | "unfit";

/** A folder whose files only their owner can read. */
export class PrivateFolder {
  readonly path: string;

  private constructor(absolute: string) {
    this.path = absolute;
  }

  /** @throws UsageError if there is something else than a folder. A folder that does not exist is made with its first file. */
  static async at(given: string): Promise<PrivateFolder> {
    const absolute = path.resolve(given);
    try {
      if ((await stat(absolute)).isDirectory()) return new PrivateFolder(absolute);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return new PrivateFolder(absolute);
      throw new UsageError(`--folder is not right: ${reasonOf(error)}`);
    }
    throw new UsageError(`--folder is not right: ${absolute} is a file, not a folder`);
  }

  /**
   * Makes a file with this content, on the disk and whole, unless there is one. What an interrupted run left is overwritten.
   *
   * @param name path in the folder, with `/` between its parts
   * @throws if the file system does not take it, with what to do
   */
  async keep(name: string, content: Buffer): Promise<FileFate> {
    if (!canBeFile(name)) return "unfit";
    const file = path.join(this.path, ...name.split("/"));
    const unfinished = `${file}.part`;
    try {
      const present = await contentOf(file);
      if (present?.equals(content)) return "present";
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      try {
        await writeFile(unfinished, content, { mode: 0o600, flush: true });
        await rename(unfinished, file);
      } catch (error) {
        await rm(unfinished, { force: true }).catch(() => undefined);
        throw error;
      }
      return present === undefined ? "written" : "replaced";
    } catch (error) {
      throw new Error(
        `Could not write ${file}: ${reasonOf(error)}. What was written before is whole; the same command goes on from there.`,
      );
    }
  }
}

/** Whether a file of this path stays in its folder, on Windows too, where `\\` separates as well and `:` names a drive or a stream. */
function canBeFile(name: string): boolean {
  return name.split("/").every((part) => /^[^\\:\0]+$/.test(part) && part !== "." && part !== "..");
}

async function contentOf(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

const reasons: Record<string, string> = {
  ENOSPC: "the disk is full; make room, or choose another --folder",
  EDQUOT: "your disk quota is used up; make room, or choose another --folder",
  EACCES: "you may not write there; choose another --folder, or change its permissions",
  EPERM: "you may not write there; choose another --folder, or change its permissions",
  EROFS: "it is on a disk that can't be written; choose another --folder",
  ENOTDIR: "there is a file where a folder is needed; move it away, or choose another --folder",
  EEXIST: "there is a file where a folder is needed; move it away, or choose another --folder",
  EISDIR: "there is a folder where the file belongs; move it away, or choose another --folder",
};

function reasonOf(error: unknown): string {
  return reasons[codeOf(error) ?? ""] ?? (error instanceof Error ? error.message : String(error));
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
