import { AsyncLocalStorage } from "node:async_hooks";

const shown = new AsyncLocalStorage<(message: string) => void>();

/** Runs an operation; what is deep within it and knows nothing of the resource can show progress beside the resource. */
export function withProgress<T>(progress: (message: string) => void, operation: () => Promise<T>): Promise<T> {
  return shown.run(progress, operation);
}

/** Shows a line beside the resource whose operation this is a part of; never a secret. Outside of one it does nothing. */
export function showProgress(message: string): void {
  shown.getStore()?.(message);
}
