/**
 * Runs work with a time limit. After it, the signal is aborted, and the promise fails even if the work ignores the
 * signal.
 *
 * @param milliseconds from now
 * @throws the work's error, or a DOMException named `TimeoutError`
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
 * Returns the result of a promise, unless the signal is aborted first. Needed because libraries ignore the signal in
 * places, such as while they fetch a token.
 *
 * @throws the promise's error, or the signal's reason
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
