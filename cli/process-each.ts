/** Dead letters under way at a time. */
const concurrency = 4;

/**
 * Processes the items, four at a time, and reads each only when it is needed. After an abort or a failure it
 * starts no more and waits for those under way.
 *
 * @throws the first failure, of the items or of the work
 */
export async function processEach<T>(
  items: Iterable<T> | AsyncIterable<T>,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = iterate(items);
  let failure: { error: unknown } | undefined;
  const worker = async () => {
    try {
      for await (const item of rest) {
        if (signal.aborted || failure) return;
        await work(item);
      }
    } catch (error) {
      failure ??= { error };
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (failure) throw failure.error;
}

/** Unlike other iterators, a generator can be shared by several loops, and ends for all of them once one breaks off. */
async function* iterate<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* items;
}
