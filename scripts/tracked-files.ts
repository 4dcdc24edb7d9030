import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** The files of a repository that git knows, and new ones that it does not ignore; paths from the repository's root. */
export async function trackedFiles(repository: string): Promise<string[]> {
  const known = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await promisify(execFile)("git", known, { cwd: repository });
  // A file that has been moved is known until the next commit.
  return stdout.split("\n").filter((file) => file !== "" && existsSync(join(repository, file)));
}
