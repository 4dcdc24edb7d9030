import { createHash } from "node:crypto";
import { RememberedDuplicates } from "../../relay/azure/delivery/duplicates.ts";
import { keyHeader, takeoverHandler } from "../../relay/azure/delivery/takeover.ts";
import type { SeenMarks } from "../../relay/azure/marks-reader.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import type { Tables } from "../../relay/azure/storage/tables.ts";
import { deliveredKey, deliveredTables } from "../../relay/core/duplicates/delivered-tables.ts";
import { type Azurite, startAzurite } from "./support/azurite.ts";
import { call, invocation } from "./support/invocation.ts";

let accounts: Azurite[];
let former: Tables;
let own: Tables;
beforeAll(async () => {
  accounts = await Promise.all([startAzurite(), startAzurite()]);
  const [one, other] = accounts.map(({ connectionString }) => new RelayStorageClient({ connectionString }).tables);
  if (!one || !other) throw new Error("no accounts");
  [former, own] = [one, other];
});
afterAll(() => Promise.all(accounts.map((account) => account.stop())));

const signal = AbortSignal.timeout(60_000);
const now = new Date("2026-11-20T10:00:00.000Z");
const { current, previous } = deliveredTables(now, 7);
const key = "the key of this replacement";
const mark = { address: "https://former.example/", keyDigest: createHash("sha256").update(key).digest("hex") };
const day = 24 * 60 * 60 * 1000;
const shares = [..."0123456789abcdef"];

/** Every second one was made in the period before. */
const eventOf = (id: string) => {
  const days = Number(id.split("-")[1] ?? 0) % 2 === 0 ? 0 : 8;
  return { id, body: id, createdAt: now.getTime() - days * day };
};
const noteOf = (id: string) => deliveredKey(eventOf(id));
const entityOf = (partition: string, at: number) => ({
  key: { partition, row: `${partition}-${String(at).padStart(5, "0")}` },
  properties: {},
});

function relay(
  options: { marks?: Partial<SeenMarks>; windowDays?: number; from?: Tables; milliseconds?: number } = {},
) {
  const { marks, windowDays = 7, from = former, milliseconds = 0 } = options;
  let time = 0;
  const opened: string[] = [];
  const handler = takeoverHandler({
    marks: async () => ({ closed: false, wanted: undefined, held: true, former: mark, ...marks }),
    storage: {
      tables: own,
      tablesAt: (address) => {
        opened.push(address);
        return from;
      },
    },
    windowDays,
    clock: () => now,
    monotonic: () => {
      time += milliseconds;
      return time;
    },
  });
  const ask = async (body: object | string, shown = key) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await handler(call(text, { [keyHeader]: shown }), invocation().context);
    return answer as { status: number; jsonBody?: { copied: number; position?: object; reason?: string } };
  };
  /** Calls the takeover as `pulumi` does. */
  const takeAll = async () => {
    let [copied, calls] = [0, 0];
    for (const share of shares) {
      for (let position: object | undefined, goOn = true; goOn; calls++) {
        const { status, jsonBody } = await ask({ share, position });
        if (status !== 200 || !jsonBody) throw new Error(`HTTP ${status}: ${JSON.stringify(jsonBody)}`);
        copied += jsonBody.copied;
        position = jsonBody.position;
        goOn = position !== undefined;
      }
    }
    return { copied, calls };
  };
  return { ask, takeAll, opened };
}

/** Whether the relay of the new account sends an event. */
async function deliver(id: string): Promise<string | undefined> {
  const duplicates = new RememberedDuplicates({ tables: own, clock: () => now, windowDays: 7 });
  const sent = await duplicates.deliverOnce(
    { ...eventOf(id), mayBeRepeated: true, subject: {} },
    async () => ({ fate: "delivered" }),
    fail,
  );
  return sent?.fate;
}
const fail = (reason: string) => {
  throw new Error(reason);
};

test("if nothing was ever delivered, nothing is copied, and no table is created", async () => {
  expect(await relay().takeAll()).toEqual({ copied: 0, calls: 16 });
  expect(await own.list(signal)).toEqual([]);
});

test("the new relay leaves out the events that the former one delivered, and no others", async () => {
  for (const table of [current, previous, "delivered7d1"]) await former.create(table, signal);
  // More entities of one partition than fit into one transaction.
  const crowd = Array.from({ length: 250 }, (_, at) => entityOf("0a", at));
  for (let at = 0; at < crowd.length; at += 100) await former.putAll(current, crowd.slice(at, at + 100), signal);
  const delivered = Array.from({ length: 40 }, (_, at) => `event-${at}`);
  await Promise.all(delivered.map((id, at) => former.put([current, previous][at % 2] ?? current, noteOf(id), signal)));
  const about = { delivery: "dgOq", objectType: "email", metric: "opened", deliveredAt: 1_790_000_000 };
  await former.put(current, noteOf("event-0"), signal, about);
  await former.put("delivered7d1", noteOf("of long ago"), signal);

  const written = jest.spyOn(own, "putAll");
  const { takeAll, opened } = relay();
  expect((await takeAll()).copied).toBe(290);
  // Azure's limit is a hundred entities of one partition.
  for (const [, entities] of written.mock.calls) {
    expect(entities.length).toBeLessThanOrEqual(100);
    expect(new Set(entities.map(({ key: { partition } }) => partition)).size).toBe(1);
  }
  expect(new Set(opened)).toEqual(new Set([mark.address]));
  for (const id of delivered) expect(await deliver(id)).toBeUndefined();
  for (const { key: note } of crowd) expect(await own.has(current, note, signal)).toBe(true);
  // What a note says comes along, and a note of a former version says nothing.
  const { partition } = noteOf("event-0");
  const { entities } = await own.entities(current, { from: partition, before: `${partition}~` }, signal);
  expect(entities.find(({ key: { row } }) => row === noteOf("event-0").row)?.properties).toEqual(about);
  expect(entities.find(({ key: { row } }) => row === noteOf("event-2").row)?.properties).toEqual({});
  expect(await deliver("of long ago")).toBe("delivered");
  expect(await deliver("another")).toBe("delivered");
  expect((await own.list(signal)).sort()).toEqual([previous, current].sort());
  // Again, as after a run that was killed.
  expect((await takeAll()).copied).toBe(290);
  expect(await deliver("another")).toBeUndefined();
});

test("a call ends in time, and the next one continues where it stopped", async () => {
  const many = Array.from({ length: 2_300 }, (_, at) => entityOf("fe", at));
  for (let at = 0; at < many.length; at += 100) await former.putAll(current, many.slice(at, at + 100), signal);
  // Each reading of the clock advances it by six seconds, so that a call gets one page.
  const { copied, calls } = await relay({ milliseconds: 6_000 }).takeAll();
  expect(copied).toBe(2_590);
  expect(calls).toBeGreaterThan(32);
  for (const { key: note } of many) expect(await own.has(current, note, signal)).toBe(true);
});

test("notes that are each in a partition of their own take no longer than others, and full ones are written one by one", async () => {
  const sparse = Array.from({ length: 1_000 }, (_, at) => entityOf(`c-${29_000_000 + at}`, at));
  const full = Array.from({ length: 300 }, (_, at) => entityOf("c-30000000", at));
  const from = { entities: async () => ({ entities: [...sparse, ...full], next: undefined }) } as unknown as Tables;
  let [underWay, most, waves] = [0, 0, 0];
  const putAll = jest.spyOn(own, "putAll").mockImplementation(async (_table, { length }) => {
    if (underWay === 0) waves += 1;
    underWay += length;
    most = Math.max(most, underWay);
    await new Promise(setImmediate);
    underWay -= length;
  });
  try {
    expect((await relay({ from }).ask({ share: "c" })).jsonBody?.copied).toBe(2_600);
    expect([most, waves]).toEqual([100, 206]);
  } finally {
    putAll.mockRestore();
  }
});

test("a period that begins between two calls loses nothing", async () => {
  // The previous period's table was the current one at the call before, and the one before that is deleted.
  const position = {
    table: deliveredTables(new Date(now.getTime() - 7 * day), 7).previous,
    from: { NextPartitionKey: "f" },
  };
  const { jsonBody } = await relay().ask({ share: "f", position });
  expect(jsonBody?.copied).toBeGreaterThan(2_000);
});

test("a relay that remembers nothing copies nothing", async () => {
  const { ask, opened } = relay({ windowDays: 0 });
  expect(await ask({ share: "0" })).toEqual({ status: 200, jsonBody: { copied: 0 } });
  expect(opened).toEqual([]);
});

test.each<[string, Parameters<typeof relay>[0], string]>([
  ["another key", {}, "not the key"],
  ["no key", {}, ""],
  ["no mark on the queue", { marks: { former: "none" } }, key],
])("it refuses %s", async (_, options, shown) => {
  const { ask, opened } = relay(options);
  expect(await ask({ share: "0" }, shown)).toEqual({ status: 403 });
  expect(opened).toEqual([]);
});

test.each(["", "[]", '{"share":"g"}', '{"share":"0","position":{}}'])("it rejects %s", async (body) => {
  expect((await relay().ask(body)).status).toBe(400);
});

test("an account that can't be read is reported with the reason, and a transaction that fails is not a success", async () => {
  const from = { entities: () => Promise.reject(new Error("no role yet")) } as unknown as Tables;
  expect(await relay({ from }).ask({ share: "0" })).toEqual({ status: 503, jsonBody: { reason: "no role yet" } });
  await expect(own.putAll("missing", [{ key: noteOf("a"), properties: {} }], signal)).rejects.toMatchObject({
    status: 404,
  });
});
