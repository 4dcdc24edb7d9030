/** The first Ctrl-C ends the work in order; a second one ends the process. */
export function stopOnInterrupt(): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  return { signal: controller.signal, done: () => process.off("SIGINT", stop).off("SIGTERM", stop) };
}

/** What a command says that Ctrl-C stopped, and that finds out by itself what is left. */
export const stoppedWords = "Stopped. The same command goes on with the rest.";
