/** Runs the work on the first call, and returns the same promise for each further call, even if it rejects. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
