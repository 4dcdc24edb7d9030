import { readFile, stat } from "node:fs/promises";
import { UsageError } from "./usage-error.ts";

/**
 * Reads a file that an option names.
 *
 * @throws UsageError if it can't be read
 */
export async function readNamedFile(option: string, file: string): Promise<string> {
  await requireNamedFile(option, file);
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`${option} is invalid: ${file} can't be read: ${(error as Error).message}`);
  }
}

/** @throws UsageError if there is no such file: Pulumi takes a missing file of settings for one without any */
export async function requireNamedFile(option: string, file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) throw new UsageError(`${option} is invalid: there is no file ${file}`);
  if (found.isDirectory()) throw new UsageError(`${option} is invalid: ${file} is a folder`);
}
