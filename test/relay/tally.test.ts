import { Tally } from "../../relay/azure/counts/tally.ts";
import { logOutcome, onOutcome } from "../../relay/azure/log.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { TableError, type Tables } from "../../relay/azure/storage/tables.ts";
import { countNames } from "../../relay/core/counts/counts.ts";
import { countsTable } from "../../relay/core/names.ts";
import { type Azurite, startAzurite } from "./support/azurite.ts";
import { invocation } from "./support/invocation.ts";

let azurite: Azurite;
let tables: Tables;
beforeAll(async () => {
  azurite = await startAzurite();
  tables = new RelayStorageClient({ connectionString: azurite.connectionString }).tables;
});
afterEach(() => tables.delete(countsTable, AbortSignal.timeout(10_000)));
afterAll(() => azurite.stop());

/** A tally with a clock that the test advances, and its scheduled work. */
function startTally(use: Pick<Tables, "create" | "put"> = tables) {
  const time = { now: Date.parse("2026-11-20T23:59:00.000Z"), monotonic: 0 };
  const later: { callBack: () => void; milliseconds: number }[] = [];
  const tally = new Tally({
    tables: use,
    clock: () => new Date(time.now),
    monotonic: () => time.monotonic,
    schedule: (callBack, milliseconds) => later.push({ callBack, milliseconds }),
  });
  return { tally, time, later };
}

/** A tally whose writes fail until the test lets them pass; then they are recorded by day, with the number of accepted events. */
function startFailingTally() {
  const storage = { fails: true };
  const writes: [string, unknown][] = [];
  const started = startTally({
    create: async () => true,
    put: async (_table, { partition }, _signal, properties) => {
      if (storage.fails) throw new TableError(503, "ServerBusy");
      writes.push([partition, properties?.accepted]);
    },
  });
  return { ...started, storage, writes };
}

const signal = AbortSignal.timeout(60_000);

/** The counts of each row that are not 0, by day. */
async function readRows(): Promise<Record<string, unknown>[]> {
  const rows = await tables.all(countsTable, signal);
  return rows.map((row) => ({
    day: row.PartitionKey,
    ...Object.fromEntries(countNames.map((name) => [name, row[name]]).filter(([, count]) => count !== 0)),
  }));
}

test("sums up what the log's lines count, and overwrites its own row", async () => {
  const { tally } = startTally();
  tally.add({ outcome: "accepted", accepted: 3, ids: ["a", "b", "c"] });
  tally.add({ outcome: "forwarded", delivered: 2, duplicate: 1, retried: 0, held: 0, gone: 0, oldestSeconds: 7 });
  await tally.flush();
  tally.add({ outcome: "dead", dead: 1, setAside: 1 });
  await tally.flush();
  await tally.flush();
  expect(await readRows()).toEqual([
    { day: "2026-11-20", accepted: 3, delivered: 2, duplicate: 1, dead: 1, setAside: 1 },
  ]);
});

test("records when a call from Customer.io was last accepted and last refused; neither is a test event of ours, or a stranger's call", async () => {
  const { tally, time } = startTally();
  const times = async () => {
    await tally.flush();
    const [row] = await tables.all(countsTable, signal);
    return [row?.takenAt, row?.refusedAt];
  };
  const start = time.now / 1000;
  tally.add({ outcome: "accepted", accepted: 1, tests: 1, ids: ["test"] });
  expect(await times()).toEqual([undefined, undefined]);
  tally.add({ outcome: "accepted", accepted: 2, tests: 1, ids: ["test", "e1"] });
  time.now += 10_000;
  tally.add({ outcome: "refused", refused: 1, reason: "no signing key fits" });
  tally.add({ outcome: "forwarded", delivered: 1, ids: ["e1"] });
  expect(await times()).toEqual([start, start + 10]);
  time.now += 5_000;
  tally.add({ outcome: "refused", refused: 1, unsigned: 1, reason: "the call has no X-CIO-Timestamp header" });
  expect(await times()).toEqual([start, start + 10]);
  tally.add({ outcome: "dead", dead: 0, setAside: 0 });
  expect(await times()).toEqual([start + 15, start + 10]);
  time.now += 5_000;
  tally.add({ outcome: "filtered", filtered: 1, ids: ["e2"], rule: "except.metrics" });
  expect(await times()).toEqual([start + 20, start + 10]);
});

test("records when Platform last accepted an event, when events were last held for an operator, and when one was last late", async () => {
  const { tally, time } = startTally();
  const times = async () => {
    time.now += 10_000;
    await tally.flush();
    const [row] = await tables.all(countsTable, signal);
    return [row?.deliveredAt, row?.heldAt, row?.lateAt];
  };
  const start = time.now / 1000;
  tally.add({ outcome: "waiting", level: "info", held: 3, oldestSeconds: 9 });
  tally.add({ outcome: "forwarded", level: "warn", delivered: 0, retried: 1, held: 0, oldestSeconds: 3600 });
  expect(await times()).toEqual([undefined, undefined, undefined]);
  tally.add({ outcome: "waiting", level: "error", held: 3, oldestSeconds: 9 });
  expect(await times()).toEqual([undefined, start + 10, undefined]);
  tally.add({ outcome: "forwarded", level: "error", delivered: 0, held: 1, oldestSeconds: 3601 });
  expect(await times()).toEqual([undefined, start + 20, start + 20]);
  // Platform takes others: neither the relay nor the dataflow is to blame.
  tally.add({ outcome: "forwarded", level: "error", delivered: 2, held: 1, oldestSeconds: 3601 });
  expect(await times()).toEqual([start + 30, start + 20, start + 20]);
});

test("records when an event that arrived more than an hour ago went back, also if others of its message were delivered", async () => {
  const { tally, time } = startTally();
  const start = time.now / 1000;
  const putBackAt = async () => {
    time.now += 10_000;
    await tally.flush();
    const [row] = await tables.all(countsTable, signal);
    return row?.oldPutBackAt;
  };
  const others = { level: "warn", delivered: 1, retried: 1, oldestSeconds: 9 } as const;
  tally.add({ outcome: "forwarded", ...others, putBackAgeSeconds: 3600 });
  expect(await putBackAt()).toBeUndefined();
  tally.add({ outcome: "forwarded", ...others, putBackAgeSeconds: 3601 });
  expect(await putBackAt()).toBe(start + 10);
  tally.add({ outcome: "waiting", level: "warn", held: 1, oldestSeconds: 9, putBackAgeSeconds: 3601 });
  expect(await putBackAt()).toBe(start + 20);
});

test("counts attributes that the catalogue lacks by their paths, at most fifty a day, in any spelling", async () => {
  const { tally, time } = startTally();
  const paths = async () => {
    await tally.flush();
    const rows = (await tables.all(countsTable, signal)).toSorted((one, other) =>
      String(one.PartitionKey) < String(other.PartitionKey) ? -1 : 1,
    );
    return rows.map(({ unknownPaths }) => (unknownPaths === undefined ? undefined : JSON.parse(String(unknownPaths))));
  };
  tally.add({ outcome: "accepted", accepted: 1, ids: ["a"] });
  expect(await paths()).toEqual([undefined]);
  tally.add({ outcome: "accepted", accepted: 2, unknownAttributes: 2, unknown: { "data.swatch": 2, swatch: 1 } });
  tally.add({ outcome: "accepted", accepted: 1, unknownAttributes: 1, unknown: { "data.swatch": 1 } });
  expect(await paths()).toEqual([{ "data.swatch": 3, swatch: 1 }]);
  time.now += 60_000;
  const longest = (index: number) => String.fromCharCode(1 + (index % 8)).repeat(100 - String(index).length) + index;
  const many = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [longest(index), 1]));
  tally.add({ outcome: "accepted", accepted: 1, unknownAttributes: 1, unknown: many });
  tally.add({ outcome: "accepted", accepted: 1, unknownAttributes: 1, unknown: { ...many, [longest(3)]: 1 } });
  const [, day] = await paths();
  expect(Object.keys(day)).toHaveLength(50);
  expect(day[longest(3)]).toBe(2);
});

test("each instance and each day has a row of its own", async () => {
  const { tally, time } = startTally();
  tally.add({ accepted: 1 });
  time.now += 60_000;
  tally.add({ accepted: 10 });
  await tally.flush();
  tally.add({ accepted: 10 });
  await tally.flush();
  const other = startTally();
  other.tally.add({ accepted: 100 });
  await other.tally.flush();
  const rows = await readRows();
  expect(rows.map((row) => JSON.stringify(row)).sort()).toEqual([
    '{"day":"2026-11-20","accepted":100}',
    '{"day":"2026-11-20","accepted":1}',
    '{"day":"2026-11-21","accepted":20}',
  ]);
});

test("a clock that goes back over midnight does not reset the counts of the day before", async () => {
  const { tally, time } = startTally();
  tally.add({ accepted: 1 });
  time.now += 60_000;
  tally.add({ accepted: 10 });
  await tally.flush();
  time.now -= 1;
  tally.add({ accepted: 2 });
  await tally.flush();
  expect(await readRows()).toEqual([
    { day: "2026-11-20", accepted: 3 },
    { day: "2026-11-21", accepted: 10 },
  ]);
});

test("the first count after a quiet time is written soon, and those that follow at most every 15 seconds", async () => {
  const writes: unknown[] = [];
  const { tally, time, later } = startTally({
    create: async () => true,
    put: async (_table, _key, _signal, properties) => void writes.push(properties?.accepted),
  });
  tally.add({ accepted: 1 });
  tally.add({ accepted: 1 });
  expect(later.map(({ milliseconds }) => milliseconds)).toEqual([1_000]);
  later.shift()?.callBack();
  await new Promise(setImmediate);
  time.monotonic += 5_000;
  tally.add({ accepted: 1 });
  expect(later.map(({ milliseconds }) => milliseconds)).toEqual([10_000]);
  later.shift()?.callBack();
  await new Promise(setImmediate);
  time.monotonic += 60_000;
  tally.add({ accepted: 1 });
  expect(later.map(({ milliseconds }) => milliseconds)).toEqual([1_000]);
  expect(writes).toEqual([2, 3]);
});

test("the next counts include those of a failed write, also for the day before", async () => {
  const { tally, time, storage, writes } = startFailingTally();
  tally.add({ accepted: 1 });
  await tally.flush();
  time.now += 60_000;
  storage.fails = false;
  tally.add({ accepted: 2 });
  await tally.flush();
  await tally.flush();
  expect(writes).toEqual([
    ["2026-11-20", 1],
    ["2026-11-21", 2],
  ]);
});

test("a failed write is repeated, though nothing more is counted", async () => {
  let fails = true;
  const { tally, later, time } = startTally({
    create: (...of) => tables.create(...of),
    put: async (...of) => {
      if (fails) throw new TableError(503, "ServerBusy");
      await tables.put(...of);
    },
  });
  tally.add({ outcome: "accepted", accepted: 1 });
  const due = () => {
    const [next] = later.splice(0);
    time.monotonic += next?.milliseconds ?? 0;
    next?.callBack();
    return tally.flush();
  };
  await due();
  expect(later).toHaveLength(1);
  fails = false;
  await due();
  expect(await readRows()).toEqual([{ day: "2026-11-20", accepted: 1 }]);
  expect(later).toEqual([]);
});

test("a write that fails for a week is given up: its row may already be in a sum", async () => {
  const { tally, time, storage, writes } = startFailingTally();
  tally.add({ accepted: 1 });
  await tally.flush();
  time.now += 24 * 3_600_000;
  tally.add({ accepted: 2 });
  await tally.flush();
  time.now += 6 * 24 * 3_600_000;
  storage.fails = false;
  await tally.flush();
  await tally.flush();
  expect(writes).toEqual([["2026-11-21", 2]]);
});

test("calls its daily task once a day, after counts were written", async () => {
  const calls: string[] = [];
  const time = { now: Date.parse("2026-11-20T12:00:00.000Z") };
  const tally = new Tally({
    tables,
    clock: () => new Date(time.now),
    monotonic: () => 0,
    schedule: () => undefined,
    daily: async () => void calls.push(new Date(time.now).toISOString().slice(0, 10)),
  });
  await tally.flush();
  expect(calls).toEqual([]);
  for (const hours of [0, 1, 24, 1]) {
    time.now += hours * 3_600_000;
    tally.add({ accepted: 1 });
    await tally.flush();
  }
  expect(calls).toEqual(["2026-11-20", "2026-11-21"]);
});

test("a flush waits for the current one, whose older sums must not be written last", async () => {
  const first = Promise.withResolvers<void>();
  const writes: unknown[] = [];
  const { tally } = startTally({
    create: async () => true,
    put: async (_table, _key, _signal, properties) => {
      writes.push(properties?.accepted);
      if (writes.length === 1) await first.promise;
    },
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  tally.add({ accepted: 1 });
  void tally.flush();
  await settle();
  tally.add({ accepted: 1 });
  let ended = false;
  const second = tally.flush().then(() => {
    ended = true;
  });
  await settle();
  expect([writes, ended]).toEqual([[1], false]);
  first.resolve();
  await second;
  expect(writes).toEqual([1, 2]);
});

test("counts the lines that are logged", () => {
  const heard: unknown[] = [];
  onOutcome((outcome) => heard.push(outcome));
  const { context, lines } = invocation();
  const line = { outcome: "filtered", filtered: 1, rule: "except.metrics", ids: ["e1"] } as const;
  logOutcome(context, line);
  expect(heard).toEqual([line]);
  expect(lines.map(({ outcome }) => outcome)).toEqual(heard);
});

test("there may be more rows than the service returns at once", async () => {
  const row = (at: number) => ({ partition: "2026-11-20", row: `r${at}` });
  await tables.create(countsTable, signal);
  for (let start = 0; start < 1_050; start += 50) {
    const some = Array.from({ length: 50 }, (_, at) => row(start + at));
    await Promise.all(some.map((key) => tables.put(countsTable, key, signal, { accepted: 1 })));
  }
  expect(await tables.all(countsTable, signal)).toHaveLength(1_050);
});
