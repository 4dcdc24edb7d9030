import { posix } from "node:path";

/** Maximum number of source files in a folder, so that a reader can take them in at a glance. */
const mostFiles = 12;

/** The code that ships, and the stand-ins. */
const code = /^(components|relay|cli|settings|packages\/[^/]+\/src)\/.*\.ts$/;

/**
 * Names each folder of code with too many source files, not counting subfolders.
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
      return `${folder}: ${length} files, more than ${mostFiles}: move those about one subject into a subfolder`;
    });
}
