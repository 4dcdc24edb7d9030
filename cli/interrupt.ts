/** Milliseconds after Ctrl-C until a person reads that the command is still at work. */
const patience = 1_000;

/** The first Ctrl-C lets the work under way finish; a second one ends the process. */
export function stopOnInterrupt(): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    controller.abort();
    if (!process.stderr.isTTY) return;
    const words = "Finishing what is under way. To end at once, press Ctrl-C again.";
    // The terminal may have a progress line.
    timer ??= setTimeout(() => process.stderr.write(`\r\u001b[K${words}\n`), patience);
  };
  const done = () => {
    clearTimeout(timer);
    process.off("SIGINT", stop).off("SIGTERM", stop);
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  return { signal: controller.signal, done };
}

/** Printed by a command that Ctrl-C stopped and that can resume by itself. */
export const stoppedWords = "Stopped. Run the same command again to continue.";

/** Ctrl-C, or a person who wants to stop, ended a command before it had a result. The message says what is left, and how to continue. */
export class Interruption extends Error {}

/** After Ctrl-C a call that was under way fails in its own way, so any failure is the interruption. */
export function asInterruption(error: unknown, { aborted }: AbortSignal): unknown {
  return aborted && !(error instanceof Interruption) ? new Interruption(stoppedWords, { cause: error }) : error;
}
