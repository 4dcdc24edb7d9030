import { stat } from "node:fs/promises";
import path from "node:path";
import { UsageError } from "./usage-error.ts";

/** @throws UsageError if what `--folder` names does not exist, or is a file */
export async function requireFolder(given: string): Promise<void> {
  const isFolder = await stat(given).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new UsageError(`--folder is invalid: there is no folder ${path.resolve(given)}`);
}
