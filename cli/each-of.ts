/** Dead letters under way at a time. */
const concurrency = 4;

/**
 * Does something to each of the items, four at a time, which are asked for only as they are needed. After an abort or a failure it
 * starts no more of them and waits for those under way.
 *
 * @throws the first failure, of the items or of the work
 */
export async function eachOf<T>(
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

/** A generator, unlike other iterators, can be shared by several loops, and has ended for all once one of them breaks off. */
async function* iterate<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* items;
}
