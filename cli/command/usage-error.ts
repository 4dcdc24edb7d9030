/** The command line is invalid. The command exits with code 2 before it does anything. */
export class UsageError extends Error {}
