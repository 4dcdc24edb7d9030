/** A service of the storage account answered with an unexpected status. */
export class StorageError extends Error {
  readonly status: number;
  /** Azure's name of the error; empty if it gives none. */
  readonly code: string;

  constructor(service: "Queue" | "Table", { status, code }: { readonly status: number; readonly code: string }) {
    super(`the storage account's ${service} service answered HTTP ${status}`);
    this.status = status;
    this.code = code;
  }
}
