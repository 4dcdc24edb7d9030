import { AsyncLocalStorage } from "node:async_hooks";

const shown = new AsyncLocalStorage<(message: string) => void>();

/** Runs an operation. Code deep inside it that does not know the resource can show progress beside it. */
export function withProgress<T>(progress: (message: string) => void, operation: () => Promise<T>): Promise<T> {
  return shown.run(progress, operation);
}

/** Shows a line beside the resource whose operation is running, or beside the stack in a function; never pass a secret. Elsewhere it does nothing. */
export function showProgress(message: string): void {
  shown.getStore()?.(message);
}
