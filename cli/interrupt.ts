/** The first Ctrl-C lets the work under way finish; a second one ends the process. */
export function stopOnInterrupt(): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  return { signal: controller.signal, done: () => process.off("SIGINT", stop).off("SIGTERM", stop) };
}

/** Printed by a command that Ctrl-C stopped and that can resume by itself. */
export const stoppedWords = "Stopped. Run the same command again to continue.";
