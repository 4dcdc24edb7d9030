/** The command was called in a way that can't be meant; it ends with exit code 2 before anything is done. */
export class UsageError extends Error {}

/** Whether an error is one of usage: this package's own, or of Node's `parseArgs`. */
export function isUsageError(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return error instanceof UsageError || (typeof code === "string" && code.startsWith("ERR_PARSE_ARGS_"));
}
