/** Several writes in the form that the Table service takes as one ("Performing entity group transactions" in Microsoft Learn). */
export interface Transaction {
  readonly contentType: string;
  readonly body: string;
}

/** @param puts of entities in one partition of one table, at most a hundred */
export function transactionOf(puts: readonly { readonly url: string; readonly entity: object }[]): Transaction {
  const requests = puts.flatMap(({ url, entity }) => [
    "--changeset_relay",
    "Content-Type: application/http",
    "Content-Transfer-Encoding: binary",
    "",
    `PUT ${url} HTTP/1.1`,
    "Content-Type: application/json",
    "Accept: application/json;odata=nometadata",
    "DataServiceVersion: 3.0",
    "",
    JSON.stringify(entity),
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

/** The status with which a transaction failed; its answer is HTTP 202 even then. Undefined if all was written. */
export function faultOf(answer: string): number | undefined {
  const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
  return statuses.length === 0 ? 500 : statuses.find((status) => status >= 300);
}
