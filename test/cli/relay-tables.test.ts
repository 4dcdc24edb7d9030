import { RelayTables } from "../../cli/relay/relay-tables.ts";
import { TableError, type Tables } from "../../relay/azure/storage/tables.ts";

const permission = { explain: <T>(_role: string, call: () => Promise<T>) => call() };
const lost = Object.assign(new Error("the connection was lost"), { code: "ECONNRESET" });
const busy = new TableError(503, "ServerBusy");
const late = Object.assign(new Error("the request was aborted"), { name: "AbortError", code: "ABORT_ERR" });
const loggedOut = new Error("Could not get an access token for Azure");

/** The counts of a service that fails some times first, and the pauses before a call was repeated. */
async function readCounts(failures: readonly Error[]) {
  const left = [...failures];
  const pauses: number[] = [];
  const all = async () => {
    const failure = left.shift();
    if (failure) throw failure;
    return [{ PartitionKey: "2026-11-20", RowKey: "a", accepted: 3 }];
  };
  const tables = new RelayTables(permission, { all } as unknown as Tables, async (pause) => void pauses.push(pause));
  const { total } = await tables.readCounts();
  return { accepted: total.accepted, pauses };
}

test("a call to a busy service, or over a lost connection, is repeated after growing pauses", async () => {
  expect(await readCounts([busy, lost, busy])).toEqual({ accepted: 3, pauses: [500, 2_000, 8_000] });
});

test("a service that stays busy is reported", async () => {
  await expect(readCounts([busy, busy, busy, busy])).rejects.toThrow("answered HTTP 503");
});

test.each([
  ["a missing role", new TableError(403, "AuthorizationPermissionMismatch")],
  ["a login that has expired", loggedOut],
  ["a service that does not answer within a minute", late],
  ["a token that does not come within a minute", new DOMException("The operation timed out", "TimeoutError")],
])("%s is reported at once", async (_what, failure) => {
  await expect(readCounts([failure, busy])).rejects.toBe(failure);
});
