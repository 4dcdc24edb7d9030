import { Census } from "../../relay/azure/counts/census.ts";
import { forgetDeliveries } from "../../relay/azure/delivery/forget-deliveries.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { TableError, type Tables } from "../../relay/azure/storage/tables.ts";
import { forwardersTable } from "../../relay/core/names.ts";
import { type Azurite, startAzurite } from "./support/azurite.ts";

let azurite: Azurite;
let tables: Tables;
beforeAll(async () => {
  azurite = await startAzurite();
  tables = new RelayStorageClient({ connectionString: azurite.connectionString }).tables;
});
afterAll(() => azurite.stop());

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

const signal = AbortSignal.timeout(60_000);
const key = { partition: "ab", row: "abcd" };

describe("tables", () => {
  test("are created once, listed and deleted", async () => {
    expect(await tables.create("one", signal)).toBe(true);
    expect(await tables.create("one", signal)).toBe(false);
    expect(await tables.list(signal)).toEqual(["one"]);
    await tables.delete("one", signal);
    await tables.delete("one", signal);
    expect(await tables.list(signal)).toEqual([]);
  });

  test("hold entities, which may be written twice and removed twice", async () => {
    expect(await tables.has("two", key, signal)).toBe(false);
    await tables.create("two", signal);
    expect(await tables.has("two", key, signal)).toBe(false);
    await tables.put("two", key, signal);
    await tables.put("two", key, signal);
    expect(await tables.has("two", key, signal)).toBe(true);
    const [row] = await tables.ages("two", "ab", signal);
    expect(row?.row).toBe("abcd");
    expect(row?.age).toBeLessThan(60_000);
    expect(await tables.ages("two", "cd", signal)).toEqual([]);
    await tables.remove("two", key, signal);
    await tables.remove("two", key, signal);
    expect(await tables.has("two", key, signal)).toBe(false);
  });

  test("of delivered events are deleted if duplicates are no longer remembered, and no other tables", async () => {
    for (const table of ["delivered7d2932", "delivered7d2931", "counts"]) await tables.create(table, signal);
    await forgetDeliveries(tables);
    expect((await tables.list(signal)).filter((table) => !["two"].includes(table))).toEqual(["counts"]);
    await tables.delete("counts", signal);
    await forgetDeliveries({ list: () => Promise.reject(new Error("away")), delete: tables.delete });
  });

  test("that do not exist refuse entities", async () => {
    const refusal = tables.put("three", key, signal);
    await expect(refusal).rejects.toThrow("the storage account's Table service answered HTTP 404");
    await expect(refusal).rejects.toBeInstanceOf(TableError);
  });

  test.each([
    ["RELAY_STORAGE", { connectionString: "AccountName=x;TableEndpoint=http://127.0.0.1:1" }],
    [
      "RELAY_STORAGE__tableServiceUri",
      { queueServiceUri: "https://q", blobServiceUri: "https://b", tableServiceUri: undefined, clientId: "c" },
    ],
  ])("without a usable %s say so", async (setting, settings) => {
    await expect(new RelayStorageClient(settings).tables.list(signal)).rejects.toThrow(setting);
  });
});

describe("the census", () => {
  test("counts the instances that send, and starts with one", async () => {
    let now = 0;
    const monotonic = () => now;
    const first = new Census({ most: 100, tables, monotonic });
    expect(await first.countInstances()).toBe(1);
    expect(
      await Promise.all([2, 3].map(() => new Census({ most: 100, tables, monotonic }).countInstances())),
    ).toContain(3);
    now += 14_999;
    expect(await first.countInstances()).toBe(1);
    now += 1;
    // It uses the last count while it counts.
    expect(await first.countInstances()).toBe(1);
    await until(async () => (await first.countInstances()) === 3);
    expect(await tables.ages(forwardersTable, "forwarder", signal)).toHaveLength(3);
  });

  const rows = (...ages: number[]) => ages.map((age, at) => ({ row: `r${at}`, age, properties: {} }));
  const fake = (ages: number[]) => {
    const removed: string[] = [];
    const ports = {
      create: async () => true,
      put: async () => undefined,
      ages: async () => rows(...ages),
      remove: async (_: string, { row }: { row: string }) => void removed.push(row),
    };
    return { removed, census: new Census({ most: 100, tables: ports, monotonic: () => 0 }) };
  };

  test("leaves out instances that have been silent for 45 seconds, and deletes them after an hour", async () => {
    const { census, removed } = fake([0, 44_999, 45_000, 3_600_000, 3_600_001]);
    expect(await census.countInstances()).toBe(2);
    expect(removed).toEqual(["r4"]);
  });

  test("leaves the rate to as many as it is enough for, until one of them falls silent", async () => {
    let now = 0;
    const written = new Map<string, number>();
    const tables = {
      create: async () => true,
      put: async (_: string, { row }: { row: string }) => void written.set(row, now),
      ages: async () => [...written].map(([row, at]) => ({ row, age: now - at, properties: {} })),
      remove: async () => undefined,
    };
    const all = Array.from({ length: 5 }, () => new Census({ most: 2, tables, monotonic: () => now }));
    const counts = async (some: readonly Census[]) => {
      const found: number[] = [];
      for (const census of some) found.push(await census.countInstances());
      return found;
    };
    await counts(all);
    const again = async (some: readonly Census[]) => {
      now += 15_000;
      await counts(some);
      // The last of a round knows all; the others learn of it when they count again.
      await new Promise(setImmediate);
      return counts(some);
    };
    const shares = await again(all);
    expect(shares.filter((share) => share === 2)).toHaveLength(2);
    expect(shares.filter((share) => share === Number.POSITIVE_INFINITY)).toHaveLength(3);
    const idle = all.filter((_, at) => shares[at] === Number.POSITIVE_INFINITY);
    for (let beats = 0; beats < 4; beats += 1) await again(idle);
    expect((await counts(idle)).filter((share) => share === 2)).toHaveLength(2);
  });

  test("counts before a new instance sends, and keeps the last count if the storage fails", async () => {
    let now = 0;
    let failing = false;
    const ports = {
      create: async () => true,
      put: async () => {
        if (failing) throw new Error("busy");
      },
      ages: async () => rows(0, 0, 0),
      remove: async () => undefined,
    };
    const census = new Census({ most: 100, tables: ports, monotonic: () => now });
    expect(await census.countInstances()).toBe(3);
    failing = true;
    now += 20_000;
    expect(await census.countInstances()).toBe(3);
  });

  test("that could never count assumes the maximum number of instances", async () => {
    const unavailable = () => Promise.reject(new Error("unreachable"));
    const ports = { create: unavailable, put: unavailable, ages: unavailable, remove: unavailable };
    expect(await new Census({ most: 100, tables: ports, monotonic: () => 0 }).countInstances()).toBe(40);
  });
});
