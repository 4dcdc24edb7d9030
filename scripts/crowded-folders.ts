import { posix } from "node:path";

/** As many source files as a reader takes in at one look. */
const mostFiles = 12;

/** The code that ships, and the stand-ins. */
const code = /^(components|relay|cli|settings|packages\/[^/]+\/src)\/.*\.ts$/;

/**
 * Names each folder of code that holds too many source files, its subfolders not counted.
 *
 * @param files paths from the repository's root, with forward slashes
 */
export function crowdedFolders(files: readonly string[]): string[] {
  const folders = Map.groupBy(
    files.filter((file) => code.test(file)),
    (file) => posix.dirname(file),
  );
  return [...folders]
    .filter(([, held]) => held.length > mostFiles)
    .map(([folder, { length }]) => {
      return `${folder}: ${length} files, more than ${mostFiles}: move those of one subject to a folder of their own`;
    });
}
