/** The command was called in a way that can't be meant; it ends with exit code 2 before anything is done. */
export class UsageError extends Error {}
