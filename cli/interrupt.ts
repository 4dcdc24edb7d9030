/** The first Ctrl-C lets the work under way finish; a second one ends the process. */
export function stopOnInterrupt(): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  return { signal: controller.signal, done: () => process.off("SIGINT", stop).off("SIGTERM", stop) };
}

/** Printed by a command that Ctrl-C stopped and that can resume by itself. */
export const stoppedWords = "Stopped. Run the same command again to continue.";

/** Ctrl-C, or a person who wants to stop, ended a command before it had a result. The message says what is left, and how to continue. */
export class Interruption extends Error {}

/** After Ctrl-C a call that was under way fails in its own way, so any failure is the interruption. */
export function asInterruption(error: unknown, { aborted }: AbortSignal): unknown {
  return aborted && !(error instanceof Interruption) ? new Interruption(stoppedWords, { cause: error }) : error;
}
