import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { type AuditParts, audit, openLedger } from "../../cli/audit/audit.ts";
import { sumCells } from "../../cli/audit/report.ts";
import type { AuditedAccount } from "../../cli/audit/sides/relay-side.ts";
import { eachMissing } from "../../cli/backfill/missing-events.ts";
import { planBackfill } from "../../cli/backfill/send-missing.ts";
import { backfillTag } from "../../cli/platform/batch-ingestion.ts";
import type { DatasetBatch } from "../../cli/platform/dataset.ts";
import {
  accessTo,
  batchOf,
  closeWorld,
  day,
  happen,
  now,
  opened,
  openWorld,
  partsFor,
  start,
  verdictsOf,
} from "./audit-world.ts";

// What an audit says of events in the batches of backfills, its folder's own and those of others.

const recorded = [happen("d0", 0), happen("d1", 60)];
/** A batch of the folder's backfill, which has the second event. */
const own = "own";

beforeEach(() => openWorld(recorded));
afterEach(closeWorld);

const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);

/** The dataset has the first event's row, and these batches besides. */
function accessBeside(...more: readonly DatasetBatch[]): AuditParts["access"] {
  const access = accessTo([recorded.slice(0, 1)]);
  return {
    ...access,
    async *eachBatch(since, signal) {
      yield* access.eachBatch(since, signal);
      yield* more;
    },
    listFiles: async (id, signal) => (id === "0" ? await access.listFiles(id, signal) : []),
  };
}

async function totalsWith(access: AuditParts["access"], more: Partial<AuditParts> = {}) {
  const { found, missing, young, unjudged } = sumCells((await audit(partsFor(access, more))).cells);
  return { found, missing, young, unjudged };
}

/** @param arrivedAt when the batch was first seen with its rows */
async function noteUpload(arrivedAt?: Date): Promise<void> {
  const ledger = await openLedger(opened.folder);
  await ledger.setNote("backfill", "this");
  await ledger.run(
    `INSERT INTO uploads (batch, arrived_at) VALUES ('${own}', ${arrivedAt ? arrivedAt.getTime() / 1000 : "NULL"})`,
  );
  await ledger.run(`INSERT INTO uploaded VALUES ('${own}', 0, 'd1', 'email', 'sent')`);
  ledger.close();
}

test.each([undefined, ago(10 * day)])(
  "a batch that Platform no longer has makes its events missing (arrived: %s)",
  async (arrivedAt) => {
    await noteUpload(arrivedAt);
    expect(await totalsWith(accessBeside())).toEqual({ found: 1, missing: 1, young: 0, unjudged: 0 });
  },
);

test.each(["staging", "success"])(
  "a batch that Catalog does not list, but has as %s, leaves its events unjudged",
  async (status) => {
    await noteUpload(ago(10 * day));
    const ingestion = { readState: async () => ({ status, errorCodes: [] }) };
    expect(await totalsWith(accessBeside(), { ingestion })).toEqual({ found: 1, missing: 0, young: 0, unjudged: 1 });
  },
);

test("a batch that lacks rows makes its events missing a day after it has arrived, and they can be sent again", async () => {
  await noteUpload();
  const access = accessBeside(batchOf(own, 1));
  expect(await totalsWith(access)).toEqual({ found: 1, missing: 0, young: 1, unjudged: 0 });
  const later = new Date(now.getTime() + 1.5 * day * 1000);
  const parts = partsFor(access, { now: later });
  expect(await totalsWith(access, { now: later })).toEqual({ found: 1, missing: 1, young: 0, unjudged: 0 });
  const ledger = await openLedger(opened.folder);
  await planBackfill(ledger, undefined);
  const missing = {
    ...parts,
    ledger,
    created: { from: start - day, to: start + day },
    now: () => later,
  };
  const sent: string[] = [];
  for await (const events of eachMissing(missing)) {
    sent.push(...events.map(({ data }) => data.delivery_id));
  }
  ledger.close();
  expect(sent).toEqual(["d1"]);
});

test("a batch of another folder's backfill may have events of any age, however young it is", async () => {
  const tags = { [backfillTag]: ["another"] };
  const batch = batchOf("other", 1, { createdAt: ago(60), status: "staging", tags });
  expect(await totalsWith(accessBeside(batch))).toEqual({ found: 1, missing: 0, young: 0, unjudged: 1 });
  expect(await totalsWith(accessBeside({ ...batch, status: "success" }))).toMatchObject({ missing: 0, unjudged: 1 });
  expect(await totalsWith(accessBeside({ ...batch, tags: {} }))).toMatchObject({ missing: 1, unjudged: 0 });
});

test("by SQL, a batch that is finished during the read is unread, and a stopped read begins again", async () => {
  let [pages, stopsAt] = [0, 2];
  const states = ["processing"];
  const row = { delivery: "d0", object_type: "email", metric: "sent", day: start / day, happened: start, copies: 1 };
  const asked: string[] = [];
  const service: NonNullable<AuditParts["table"]>["service"] = {
    async query(sql) {
      asked.push(sql);
      states[0] = "success";
      pages += 1;
      if (pages === stopsAt) throw new Error("stopped");
      return (sql.includes("delivery >") ? [] : [row]) as never;
    },
    close: async () => undefined,
  };
  const access: AuditParts["access"] = {
    ...accessTo([]),
    async *eachBatch() {
      yield batchOf("open", 1, { status: states[0] ?? "" });
    },
  };
  const table = { service, name: "events" };
  await expect(totalsWith(access, { table })).rejects.toThrow("stopped");
  [pages, stopsAt, states[0]] = [0, 0, "processing"];
  asked.length = 0;
  expect(await totalsWith(access, { table })).toEqual({ found: 1, missing: 0, young: 0, unjudged: 1 });
  expect(asked[0]).not.toContain("delivery >");
  expect(await totalsWith(access, { table })).toEqual({ found: 1, missing: 1, young: 0, unjudged: 0 });
});

test("by SQL, a row that appears before the position of a read that was stopped is too young, even a day later", async () => {
  let stops = true;
  const row = {
    delivery: "d1",
    object_type: "email",
    metric: "sent",
    day: start / day,
    happened: start + 60,
    copies: 1,
  };
  const service: NonNullable<AuditParts["table"]>["service"] = {
    async query(sql) {
      if (!sql.includes("delivery >")) return [row] as never;
      if (stops) throw new Error("stopped");
      return [];
    },
    close: async () => undefined,
  };
  const note = { delivery: "d0", objectType: "email", metric: "sent", deliveredAt: ago(1_800).getTime() / 1000 };
  const account: AuditedAccount = {
    tables: {
      eachDeliveryNote: (_from, _signal, work) =>
        work([{ key: { partition: "0-1", row: "one" }, properties: note, writtenAt: now }]),
      readCounts: () => Promise.reject(new Error("not needed")),
    },
    queues: { count: async () => 0 },
    storage: { peekMessages: async () => new Map(), readClaim: async () => undefined },
  };
  const more = {
    table: { service, name: "events" },
    relay: { accounts: [account] as const, pause: async () => undefined },
  };
  await expect(totalsWith(accessTo([]), more)).rejects.toThrow("stopped");
  stops = false;
  const later = { ...more, now: new Date(now.getTime() + 23.9 * 3_600_000) };
  expect(await totalsWith(accessTo([]), later)).toEqual({ found: 1, missing: 0, young: 1, unjudged: 0 });
});

test("the folder of an earlier version is continued", async () => {
  const connection = await (await DuckDBInstance.create(path.join(opened.folder, "audit.duckdb"))).connect();
  for (const sql of [
    "CREATE TABLE uploads (batch VARCHAR)",
    `INSERT INTO uploads VALUES ('${own}')`,
    "CREATE TABLE notes (name VARCHAR PRIMARY KEY, value VARCHAR)",
    "INSERT INTO notes VALUES ('batch 0', '45')",
  ]) {
    await connection.run(sql);
  }
  connection.closeSync();
  expect(await totalsWith(accessBeside(batchOf(own, 1)))).toEqual({ found: 1, missing: 1, young: 0, unjudged: 0 });
  expect(verdictsOf((await audit(partsFor(accessBeside()))).cells)).toEqual({ "2026-01-01 email sent": "missing" });
});
