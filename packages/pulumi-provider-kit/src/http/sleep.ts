/** Milliseconds: the longest wait of Node's timers. A longer one ends at once. */
export const longestTimer = 2 ** 31 - 1;

/** Waits for any time. Returns at once, without an error, if the operation is aborted. */
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
