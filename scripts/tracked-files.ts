import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** The tracked files of a repository, and new ones that git does not ignore; paths from the repository's root. */
export async function listTrackedFiles(repository: string): Promise<string[]> {
  const known = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await promisify(execFile)("git", known, { cwd: repository });
  // Git lists a moved file under its old path until the next commit.
  return stdout.split("\n").filter((file) => file !== "" && existsSync(join(repository, file)));
}
