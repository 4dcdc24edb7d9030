/**
 * An error of the demo, for people.
 *
 * @param folder with the local cloud's files
 */
export function describeFailure(error: unknown, folder: string): string {
  const message = error instanceof Error ? error.message : String(error);
  // By words, since Pulumi and its plugins meet it as well.
  if (!/ENOSPC|EDQUOT|no space left on device|disk quota exceeded/i.test(message)) return message;
  return (
    `${message}\nThe disk of ${folder} is full, where the local cloud keeps its files. Free some room, or name a folder on another disk in ` +
    `the variable TMPDIR, and run the demo again. What uses the space: du -sh ${folder}/*`
  );
}
