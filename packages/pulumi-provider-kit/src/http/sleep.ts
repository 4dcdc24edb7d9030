/** Milliseconds: Node's timers take no longer wait than this one, and end at once when they are given one. */
export const longestTimer = 2 ** 31 - 1;

/** Waits, however long; ends at once, without an error, when the operation is aborted. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  let rest = milliseconds;
  for (; rest > longestTimer && !signal.aborted; rest -= longestTimer) await wait(longestTimer, signal);
  await wait(rest, signal);
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}
