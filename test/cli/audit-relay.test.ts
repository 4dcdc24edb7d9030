import { audit } from "../../cli/audit/audit.ts";
import { rangeOf } from "../../cli/audit/range.ts";
import { auditLines, sumCells } from "../../cli/audit/report.ts";
import { backfillTag } from "../../cli/platform/batch-ingestion.ts";
import type { DatasetBatch } from "../../cli/platform/dataset.ts";
import type { TakenMessage } from "../../cli/relay/relay-queues.ts";
import { deliveredKey, deliveredTables } from "../../relay/core/duplicates/delivered-tables.ts";
import { countsTable } from "../../relay/core/names.ts";
import {
  accessTo,
  batchOf,
  closeWorld,
  day,
  happen,
  linesIn,
  type Made,
  openWorld,
  partsFor,
  start,
  verdictsOf,
} from "./audit-world.ts";
import { NotingRelay } from "./relay-notes.ts";
import { blobRole, queueRole, startAccount, type TestAccount, tableRole } from "./storage-account.ts";

let operator: TestAccount;
let relay: NotingRelay;
beforeAll(async () => {
  operator = await startAccount([blobRole, queueRole, tableRole]);
}, 60_000);
afterAll(() => operator.stop());
beforeEach(async () => {
  relay = new NotingRelay(operator);
  const signal = AbortSignal.timeout(10_000);
  for (const table of await relay.tables.list(signal)) await relay.tables.delete(table, signal);
});
afterEach(closeWorld);

/** Days after `start` of an audit that runs on day 60. */
const last = 59;
const signal = AbortSignal.timeout(60_000);

async function auditOf(recorded: readonly Made[], rows: readonly Made[], batches: readonly DatasetBatch[] = []) {
  await openWorld(recorded);
  const range = rangeOf(start, start + last * day, 1);
  const access = accessTo([rows]);
  const beside: typeof access = {
    ...access,
    async *eachBatch(...given) {
      yield* access.eachBatch(...given);
      yield* batches;
    },
  };
  const result = await audit(partsFor(beside, { range, relay: await relay.side() }));
  const lines = await linesIn(result.missingFile);
  return {
    result,
    totals: sumCells(result.cells),
    stages: Object.fromEntries(lines.map(({ delivery, stage }) => [delivery, stage])),
    printed: auditLines(result, { stack: "prod" }).join("\n"),
  };
}

/** From the first day on, an event is delivered and has its row. */
const kept = [1, 20, 40, last].map((at) => happen(`kept-${at}`, at * day));

test("the relay's notes say at which stage an event was lost, and which may still come", async () => {
  const [early, never, lost] = [happen("early", 3600), happen("never", 30 * day), happen("lost", 30 * day)];
  const [lately, soon] = [happen("lately", 56 * day), happen("soon", 60 * day - 7_200)];
  const [young, waits] = [happen("young", 57 * day), happen("waits", 45 * day)];
  for (const made of [...kept, lost, lately, soon]) await relay.deliver(made);
  await relay.queue(waits);
  const { totals, stages, result, printed } = await auditOf(
    [...kept, early, never, lost, lately, soon, young, waits],
    kept,
  );
  expect(stages).toEqual({ early: "unknown", never: "before relay", lost: "after relay", lately: "after relay" });
  expect(totals).toMatchObject({ missing: 4, beforeRelay: 1, afterRelay: 2, waiting: 1, young: 2, found: 4 });
  expect(verdictsOf(result.cells)).toMatchObject({ "2026-02-15 email sent": "waiting" });
  expect(result.notesSince).toBe(start + day);
  expect(printed).toContain("  1 never reached the relay, or was refused there.");
  expect(printed).toContain("  2 reached Platform from the relay, but have no row.");
  expect(printed).toContain("  1 happened before the relay's notes begin, 2026-01-02T00:00:00.000Z.");
  expect(printed).toContain("1 waits in the relay's queue.");
  expect(printed).toContain(
    "2026-01-31  email sent             MISSING (2 missing, 1 before the relay, 1 after the relay)",
  );
  await takeMessages();
});

test("what a relay of a former version has noted makes nothing known, and nothing missing", async () => {
  const { current } = deliveredTables(new Date((start + 30 * day) * 1000), NotingRelay.windowDays);
  const [before, noted, after] = [happen("before", 10 * day), happen("noted", 20 * day), happen("after", 30 * day)];
  await relay.deliver(kept[0] as Made);
  const key = deliveredKey({ id: "noted-sent", createdAt: noted.timestamp * 1000, body: "{}" });
  await relay.tables.put(current, key, signal);
  const { stages } = await auditOf([...kept, before, noted, after], kept);
  expect(stages).toEqual({ before: "unknown", noted: "unknown", after: "before relay" });
});

test("without a note nothing is known of the stage", async () => {
  const { stages, result, printed } = await auditOf([...kept, happen("never", day)], kept);
  expect([stages, result.notesSince]).toEqual([{ never: "unknown" }, undefined]);
  expect(printed).not.toContain("relay");
});

test("while many messages wait, what the relay has not delivered may be among them", async () => {
  const [absent, lost] = [happen("absent", 30 * day), happen("lost", 31 * day)];
  for (const made of [...kept, lost]) await relay.deliver(made);
  // The first 32 can be read.
  for (let at = 0; at < 53; at += 1) await relay.queue(happen(`other-${at}`, 59 * day));
  const { totals, stages, result } = await auditOf([...kept, absent, lost], kept);
  expect(stages).toEqual({ lost: "after relay" });
  expect(totals).toMatchObject({ missing: 1, unjudged: 1, unknown: 0 });
  expect(result.cells.flatMap(({ reasons }) => reasons)).toEqual(["21 messages wait in the relay's queue"]);
  await takeMessages();
});

describe("while a few messages are hidden", () => {
  const [absent, lost] = [happen("absent", 30 * day), happen("lost", 31 * day)];
  const judge = () => auditOf([...kept, absent, lost], kept);
  let looks: number;
  let hidden: TakenMessage[];
  beforeEach(async () => {
    looks = 0;
    relay.whileAuditWaits = async () => {
      looks += 1;
    };
    for (const made of [...kept, lost]) await relay.deliver(made);
    await relay.queue(absent);
    hidden = await (await relay.side()).queues.take();
  });
  afterEach(async () => {
    const { queues } = await relay.side();
    for (const message of hidden) await queues.delete(message);
  });

  test("and the relay delivers nothing, what it has not delivered may be among them", async () => {
    const { totals, stages, result } = await judge();
    expect(stages).toEqual({ lost: "after relay" });
    expect(totals).toMatchObject({ missing: 1, unjudged: 1 });
    expect(result.cells.flatMap(({ reasons }) => reasons)).toEqual(["1 message waits in the relay's queue"]);
    expect(looks).toBe(15);
  });

  /** The relay delivers while the audit looks. @param times when an event last failed that had waited, or had arrived, more than an hour before */
  function deliverMeanwhile(times: Partial<Record<"lateAt" | "oldPutBackAt", number>>): void {
    relay.whileAuditWaits = async () => {
      looks += 1;
      const row = { partition: "2026-03-02", row: "one" };
      await relay.tables.create(countsTable, signal);
      await relay.tables.put(countsTable, row, signal, { delivered: looks, ...times });
    };
  }

  test.each(["lateAt", "oldPutBackAt"] as const)(
    "and the relay delivers others, while old events fail (%s), it may be among these",
    async (name) => {
      deliverMeanwhile({ [name]: start + 60 * day - 3_600 });
      const { stages, totals } = await judge();
      expect([stages, totals.unjudged, looks]).toEqual([{ lost: "after relay" }, 1, 15]);
    },
  );

  test("and the relay delivers, they are of this moment, and what is absent is missing", async () => {
    deliverMeanwhile({ lateAt: start + 60 * day - 3 * 3_600 });
    expect((await judge()).stages).toEqual({ absent: "before relay", lost: "after relay" });
    expect(looks).toBe(1);
  });

  test("and become visible, they are read", async () => {
    relay.whileAuditWaits = async () => {
      await relay.queue(absent);
      const { queues } = await relay.side();
      for (const message of hidden.splice(0)) await queues.delete(message);
    };
    expect((await judge()).totals).toMatchObject({ missing: 1, waiting: 1, unjudged: 0 });
    await takeMessages();
  });
});

test("a repeated open is delivered each time, and compared once", async () => {
  const opens = [happen("one", 30 * day, "opened"), happen("one", 31 * day, "opened")];
  await relay.deliver(happen("one", 30 * day));
  for (const [at, open] of opens.entries()) await relay.deliver(open, { id: `open-${at}` });
  const { totals } = await auditOf([happen("one", 30 * day), opens[0] as Made], []);
  expect(totals).toMatchObject({ recorded: 2, missing: 2, afterRelay: 2 });
});

test("an event that was lost and delivered again lately may still get its row", async () => {
  const lost = happen("lost", 30 * day);
  for (const made of [...kept, lost]) await relay.deliver(made);
  await relay.deliver(lost, { at: start + 60 * day - 7_200, id: "rebuilt-lost" });
  const { totals } = await auditOf([...kept, lost], kept);
  expect(totals).toMatchObject({ missing: 0, young: 1 });
});

test("an event that a device has reported weeks after it happened, and that was just delivered, may still get its row", async () => {
  const [sent, late] = [happen("one", 0), happen("one", 3 * day, "opened")];
  await relay.deliver(sent);
  const at = start + 60 * day - 1_800;
  await relay.deliver(late, { at, createdAt: at });
  await openWorld([sent, late]);
  const { cells } = await audit(partsFor(accessTo([[sent]]), { relay: await relay.side() }));
  expect(sumCells(cells)).toMatchObject({ found: 1, young: 1, missing: 0 });
});

test("an unfinished batch hides only what Platform accepted about its time, or before the notes begin", async () => {
  const delivered = [20, 30, 35].map((at) => happen(`lost-${at}`, at * day));
  const late = happen("late", 10 * day);
  for (const made of [...kept, ...delivered]) await relay.deliver(made);
  await relay.deliver(late, { at: start + 30 * day });
  const recorded = [...kept, ...delivered, late, happen("early", 3600), happen("never", 15 * day)];
  const createdAt = new Date((start + 30 * day + 3600) * 1000);
  const open = (tags = {}) => batchOf("open", 0, { createdAt, status: "retrying", tags });
  expect((await auditOf(recorded, kept, [open()])).stages).toEqual({
    "lost-20": "after relay",
    "lost-35": "after relay",
    never: "before relay",
  });
  await closeWorld();
  // A backfill of another folder may have uploaded anything until then.
  const uploaded = await auditOf(recorded, kept, [open({ [backfillTag]: ["another"] })]);
  expect(uploaded.stages).toEqual({ "lost-35": "after relay" });
});

async function takeMessages(): Promise<void> {
  const { queues } = await relay.side();
  for (let taken = await queues.take(); taken.length > 0; taken = await queues.take()) {
    for (const message of taken) await queues.delete(message);
  }
}
