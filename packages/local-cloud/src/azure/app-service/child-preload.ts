/** Loaded before the main module of each child process (`node --import`). */
import module from "node:module";

// A child must not outlive the local cloud. The IPC channel closes when the parent is gone, even if it was killed.
process.once("disconnect", () => process.exit(0));

// Starting precompiled code takes a fraction of the CPU. Node writes its compile cache when a process exits, but most
// children are killed.
module.enableCompileCache();
setTimeout(() => module.flushCompileCache(), 3_000).unref();
