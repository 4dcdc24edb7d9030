/**
 * Loaded before the main module of each child process (`node --import`): a child must not outlive the local cloud, however
 * that ends. The IPC channel closes when the parent is gone, even when it was killed.
 */
process.once("disconnect", () => process.exit(0));
