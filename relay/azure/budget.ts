/**
 * Runs work that must end within a time: past it the signal is aborted, and the promise fails whether or not the work has noticed.
 *
 * @param milliseconds from now
 * @throws what the work throws, or a DOMException named `TimeoutError`
 */
export async function runWithinBudget<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const expired = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new DOMException(`not done within ${milliseconds} ms`, "TimeoutError");
    controller.abort(error);
    expired.reject(error);
  }, milliseconds);
  try {
    return await Promise.race([work(controller.signal), expired.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What a promise settles with, unless the signal is aborted before: libraries need not heed a signal everywhere, such as while they get
 * a token.
 *
 * @throws what the promise is rejected with, or the signal's reason
 */
export async function waitUnlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([aborted.promise, work]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
