/**
 * Several writes in the form that the Table service accepts as one ("Performing entity group transactions" in Microsoft
 * Learn).
 */
export interface Transaction {
  readonly contentType: string;
  readonly body: string;
}

/** One write. An entity to delete must exist, or the whole transaction fails. */
export type Write =
  | { readonly method: "PUT"; readonly url: string; readonly entity: object }
  | { readonly method: "DELETE"; readonly url: string };

/** @param writes of entities in one partition of one table, at most a hundred */
export function transactionOf(writes: readonly Write[]): Transaction {
  const requests = writes.flatMap((write) => [
    "--changeset_relay",
    "Content-Type: application/http",
    "Content-Transfer-Encoding: binary",
    "",
    `${write.method} ${write.url} HTTP/1.1`,
    ...(write.method === "DELETE" ? ["If-Match: *"] : ["Content-Type: application/json"]),
    "Accept: application/json;odata=nometadata",
    "DataServiceVersion: 3.0",
    "",
    write.method === "DELETE" ? "" : JSON.stringify(write.entity),
    "",
  ]);
  const lines = [
    "--batch_relay",
    "Content-Type: multipart/mixed; boundary=changeset_relay",
    "",
    ...requests,
    "--changeset_relay--",
    "--batch_relay--",
    "",
  ];
  return { contentType: "multipart/mixed; boundary=batch_relay", body: lines.join("\r\n") };
}

/**
 * The status with which a transaction failed; its answer is HTTP 202 even then. Undefined if everything was written.
 */
export function faultOf(answer: string): number | undefined {
  const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
  return statuses.length === 0 ? 500 : statuses.find((status) => status >= 300);
}
