import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { UsageError } from "../command/usage-error.ts";

/** What happened to a file: it is new, its content differed, its content was the same, or its name is not valid. */
export type FileFate = "written" | "replaced" | "present" | "unfit";

/** What the name of a file ends with until the file is complete. */
export const unfinishedSuffix = ".part";

/** A folder whose files only their owner can read. */
export class PrivateFolder {
  readonly path: string;

  private constructor(absolute: string) {
    this.path = absolute;
  }

  /** @throws UsageError if the path is not a folder. A missing folder is created with its first file. */
  static async at(given: string): Promise<PrivateFolder> {
    const absolute = path.resolve(given);
    try {
      if ((await stat(absolute)).isDirectory()) return new PrivateFolder(absolute);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return new PrivateFolder(absolute);
      throw new UsageError(`--folder is invalid: ${reasonOf(error)}`);
    }
    throw new UsageError(`--folder is invalid: ${absolute} is a file, not a folder`);
  }

  /**
   * Writes a file with this content durably and atomically, unless it exists. Overwrites what an interrupted run left.
   *
   * @param name path in the folder, with `/` between its parts
   * @throws if the file can't be written, with what to do
   */
  async keep(name: string, content: Buffer): Promise<FileFate> {
    if (!canBeFile(name)) return "unfit";
    const file = path.join(this.path, ...name.split("/"));
    const unfinished = `${file}${unfinishedSuffix}`;
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
        `Could not write ${file}: ${reasonOf(error)}. The files written so far are complete. Run the same command again to continue.`,
      );
    }
  }
}

/** Whether a file with this path stays in its folder, even on Windows, where `\\` is a separator and `:` names a drive or a stream. */
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
  EROFS: "the disk is read-only; choose another --folder",
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
