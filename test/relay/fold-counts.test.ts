import { foldCounts, sumPrefix } from "../../relay/azure/counts/fold-counts.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { type EntityKey, type Properties, TableError, type Tables } from "../../relay/azure/storage/tables.ts";
import { sumOfRows } from "../../relay/core/counts/row-of-counts.ts";
import type { JsonObject } from "../../relay/core/event/json.ts";
import { countsTable } from "../../relay/core/names.ts";
import { type Azurite, startAzurite } from "./support/azurite.ts";

const clock = () => new Date("2026-11-20T10:00:00.000Z");
const signal = AbortSignal.timeout(60_000);

class ProcessDied extends Error {}

/** The rows of four days; the last one is not old enough. */
const rowsOf = { "2026-11-01": 250, "2026-11-02": 1, "2026-11-12": 3, "2026-11-13": 4 };

function makeRows(): { key: EntityKey; properties: Properties }[] {
  return Object.entries(rowsOf).flatMap(([partition, count]) =>
    Array.from({ length: count }, (_, at) => {
      const properties = {
        accepted: at,
        delivered: 1,
        deliveredSeconds: 2 ** 30,
        takenAt: 1_700_000_000 + at,
        unknownPaths: JSON.stringify({ [`data.a${at % 60}`]: at, "data.b": 1 }),
      };
      return { key: { partition, row: `r${String(at).padStart(3, "0")}` }, properties };
    }),
  );
}

/** The table in memory, in pages of a hundred rows; the process can die at any call. */
class TableInMemory {
  readonly rows = new Map<string, JsonObject>();
  calls = 0;
  /** Before or after which call the process dies. */
  dies: { readonly call: number; readonly after: boolean } | undefined;
  beforeCall: (call: number) => Promise<void> = async () => undefined;

  constructor() {
    for (const { key, properties } of makeRows()) this.#put(key, properties);
  }

  #put({ partition, row }: EntityKey, properties: Properties): void {
    const timestamp = { Timestamp: `${partition}T23:59:00.000Z` };
    this.rows.set(`${partition} ${row}`, { ...properties, ...timestamp, PartitionKey: partition, RowKey: row });
  }

  async #mayDie<T>(work: () => T): Promise<T> {
    const call = this.calls++;
    await this.beforeCall(call);
    if (this.dies?.call === call && !this.dies.after) throw new ProcessDied();
    const done = work();
    if (this.dies?.call === call) throw new ProcessDied();
    return done;
  }

  readonly tables: Pick<Tables, "rowsBefore" | "replace"> = {
    rowsBefore: (_table, { partition, from = {} }) =>
      this.#mayDie(() => {
        const { next: start = "" } = from;
        const keys = [...this.rows.keys()].sort().filter((key) => key.slice(0, 10) < partition && key >= start);
        const page = keys.slice(0, 100).map((key) => ({ ...this.rows.get(key) }));
        return { rows: page, next: keys[100] === undefined ? undefined : { next: keys[100] } };
      }),
    replace: (_table, { key, properties, others }) =>
      this.#mayDie(() => {
        const gone = others.some(({ partition, row }) => !this.rows.has(`${partition} ${row}`));
        if (gone || others.length > 99) throw new TableError(404, "ResourceNotFound");
        for (const { partition, row } of others) this.rows.delete(`${partition} ${row}`);
        this.#put(key, properties);
      }),
  };

  get sum() {
    const { counts, takenAt, countedAt } = sumOfRows([...this.rows.values()]);
    return { counts, takenAt, countedAt };
  }

  get rowsByDay() {
    return Object.fromEntries(
      [...Map.groupBy(this.rows.values(), ({ PartitionKey: day }) => String(day))].map(([day, rows]) => [
        day,
        rows.length,
      ]),
    );
  }
}

const folded = { "2026-11-01": 1, "2026-11-02": 1, "2026-11-12": 1, "2026-11-13": 4 };

/** Each run leaves a day in as many rows as it had pages; the next one continues. */
async function foldThoroughly(table: TableInMemory): Promise<void> {
  for (let run = 0; run < 3; run += 1) await foldCounts({ tables: table.tables, clock });
}

test("days older than a week have one row each, with the same sums as before", async () => {
  const table = new TableInMemory();
  const before = table.sum;
  await foldThoroughly(table);
  expect(table.rowsByDay).toEqual(folded);
  expect(table.sum).toEqual(before);
  const calls = table.calls;
  await foldCounts({ tables: table.tables, clock });
  expect(table.calls - calls).toBe(1);
});

test("after a crash at any call the sum is unchanged, and the next run finishes", async () => {
  const whole = new TableInMemory();
  await foldThoroughly(whole);
  expect(whole.calls).toBeGreaterThan(8);
  for (let call = 0; call < whole.calls; call += 1) {
    for (const after of [false, true]) {
      const table = new TableInMemory();
      const before = table.sum;
      table.dies = { call, after };
      await foldThoroughly(table);
      expect(table.sum).toEqual(before);
      table.dies = undefined;
      await foldThoroughly(table);
      expect([table.rowsByDay, table.sum]).toEqual([folded, before]);
    }
  }
});

test("two concurrent instances count nothing twice, whenever the second one starts", async () => {
  for (let comesIn = 0; comesIn < 8; comesIn += 1) {
    const table = new TableInMemory();
    const before = table.sum;
    table.beforeCall = async (call) => {
      if (call !== comesIn) return;
      table.beforeCall = async () => undefined;
      await foldCounts({ tables: table.tables, clock });
    };
    await foldCounts({ tables: table.tables, clock });
    expect(table.sum).toEqual(before);
    await foldThoroughly(table);
    expect([table.rowsByDay, table.sum]).toEqual([folded, before]);
  }
});

describe("in the Table service", () => {
  let azurite: Azurite;
  let tables: Tables;
  beforeAll(async () => {
    azurite = await startAzurite();
    tables = new RelayStorageClient({ connectionString: azurite.connectionString }).tables;
  });
  afterAll(() => azurite.stop());

  test("the same: sums beyond 32 bits, the most frequent paths, and a row that is gone fails the whole", async () => {
    expect(await tables.rowsBefore(countsTable, { partition: "2026-11-13" }, signal)).toEqual({
      rows: [],
      next: undefined,
    });
    await tables.create(countsTable, signal);
    const all = makeRows();
    for (let start = 0; start < all.length; start += 50) {
      const some = all.slice(start, start + 50);
      await Promise.all(some.map(({ key, properties }) => tables.put(countsTable, key, signal, properties)));
    }
    const before = sumOfRows(await tables.all(countsTable, signal)).counts;
    await Promise.all([foldCounts({ tables, clock }), foldCounts({ tables, clock })]);
    expect(sumOfRows(await tables.all(countsTable, signal)).counts).toEqual(before);
    await foldCounts({ tables, clock });
    const rows = await tables.all(countsTable, signal);
    expect(sumOfRows(rows).counts).toEqual(before);
    expect(rows).toHaveLength(1 + 1 + 1 + 4);
    const [sum] = rows.filter(({ RowKey: row }) => String(row).startsWith(sumPrefix));
    expect(sum).toMatchObject({ PartitionKey: "2026-11-01", accepted: 31_125, deliveredSeconds: 250 * 2 ** 30 });
    expect(Object.keys(JSON.parse(String(sum?.unknownPaths)))).toHaveLength(50);
    const others = ["r000", "r004"].map((row) => ({ partition: "2026-11-13", row }));
    const key = { partition: "2026-11-13", row: "sum-x" };
    await expect(tables.replace(countsTable, { key, properties: { accepted: 1 }, others }, signal)).rejects.toThrow(
      TableError,
    );
    expect(await tables.all(countsTable, signal)).toEqual(rows);
  });
});
