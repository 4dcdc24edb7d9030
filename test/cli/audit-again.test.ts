import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { type AuditParts, audit, openLedger } from "../../cli/audit/audit.ts";
import { Ledger } from "../../cli/audit/ledger.ts";
import { sumCells } from "../../cli/audit/report.ts";
import { subscriptionNames } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { accessTo, closeWorld, day, happen, opened, openWorld, partsFor, replaceRecord, start } from "./audit-world.ts";

// A second audit in the same folder, when Customer.io's record or the settings have changed.

afterEach(async () => {
  jest.restoreAllMocks();
  await closeWorld();
});

/** The days of the audit end after four days. */
const at = (days: number) => new Date((start + days * day) * 1000);
const sent = happen("d0", 0);
const open = happen("d0", 3 * day, "opened");

async function totalsAt(days: number, rows: Parameters<typeof accessTo>[0], more: Partial<AuditParts> = {}) {
  return sumCells((await audit(partsFor(accessTo(rows), { now: at(days), ...more }))).cells);
}

/** How often the messages are listed meanwhile. */
async function callsOf(work: (history: AuditParts["history"]) => Promise<unknown>): Promise<number> {
  const { history } = partsFor(accessTo([]));
  const listed = jest.spyOn(history, "listMessages");
  await work(history);
  // A list that was read to its end is asked for in a range without days.
  return listed.mock.calls.filter(([{ from, to }]) => from < to).length;
}

test("opens of messages that an earlier audit has read are found, once the range is over", async () => {
  await openWorld([sent], {}, at(2));
  expect(await totalsAt(2, [[sent]])).toMatchObject({ recorded: 1, found: 1 });
  await replaceRecord([sent, open]);
  expect(await totalsAt(20, [[sent]])).toMatchObject({ recorded: 2, found: 1, missing: 1 });
});

test("the ids that an earlier audit has written are gone once nothing is missing", async () => {
  await openWorld([sent]);
  await audit(partsFor(accessTo([])));
  const written = async () => (await readdir(opened.folder)).filter((name) => name.endsWith(".jsonl"));
  expect(await written()).toEqual(["missing.jsonl"]);
  await audit(partsFor(accessTo([[sent]])));
  expect(await written()).toEqual([]);
});

test("a record that can't change any more is read once", async () => {
  await openWorld([sent, open]);
  expect(await callsOf((history) => totalsAt(60, [[sent]], { history }))).toBe(2);
  expect(await callsOf((history) => totalsAt(60, [[sent]], { history }))).toBe(0);
});

test("a record that may change is read again after an hour", async () => {
  await openWorld([sent], {}, at(6));
  expect(await callsOf((history) => totalsAt(6, [[sent]], { history }))).toBe(2);
  expect(await callsOf((history) => totalsAt(6.01, [[sent]], { history }))).toBe(0);
  expect(await callsOf((history) => totalsAt(6.1, [[sent]], { history }))).toBe(2);
});

test("an audit that was stopped while its record may change continues until two days after its beginning", async () => {
  await openWorld([sent], { historyCallsPerDay: 3 }, at(6));
  const beginnings: number[] = [];
  for (const days of [6, 7, 8.5]) {
    await opened.clock.advance(day * 1000);
    const { history } = partsFor(accessTo([]));
    const listed = jest.spyOn(history, "listMessages");
    await expect(totalsAt(days, [[sent]], { history })).rejects.toThrow("has used up a daily quota");
    beginnings.push(listed.mock.calls[0]?.[0].from ?? 0);
  }
  const createdFrom = start - day;
  expect(beginnings).toEqual([createdFrom, createdFrom + 3 * day, createdFrom]);
});

test("names that this version does not know are reported each time", async () => {
  await openWorld([sent]);
  const { history } = partsFor(accessTo([]));
  const strange = { id: "s", type: "fax", created: start, metrics: { sent: start } };
  jest.spyOn(history, "listMessages").mockImplementation(async function* list({ from, to }) {
    if (from < to) yield { messages: from < start ? [strange] : [], doneUntil: to };
  });
  const named = async () => (await audit(partsFor(accessTo([]), { history }))).unknownNames;
  const first = await named();
  expect(Object.keys(first)).toEqual(["fax"]);
  expect(await named()).toEqual(first);
});

test("a record that was read to its end is not continued after an hour, even if the next read was stopped", async () => {
  await openWorld([sent], {}, at(6));
  await totalsAt(6, [[sent]]);
  const { history } = partsFor(accessTo([]));
  jest.spyOn(history, "listMessages").mockImplementation(() => {
    throw new Error("stopped");
  });
  await expect(totalsAt(6.01, [[sent]], { history })).rejects.toThrow("stopped");
  expect(await callsOf((again) => totalsAt(6.1, [[sent]], { history: again }))).toBe(2);
});

test("a name that this version does not know is counted once if its page is read again", async () => {
  await openWorld([sent]);
  const { history } = partsFor(accessTo([]));
  const strange = (id: string) => ({ id, type: "fax", created: start, metrics: { sent: start } });
  jest.spyOn(history, "listMessages").mockImplementation(async function* list({ from, to }, _signal, drafts) {
    for (const [index, until] of [start, start + day].entries()) {
      if (from < until && !drafts) yield { messages: [strange(`s${index}`)], doneUntil: until };
    }
    if (from < to) yield { messages: [], doneUntil: to };
  });
  const add = Ledger.prototype.addDeliveries;
  let pages = 0;
  jest.spyOn(Ledger.prototype, "addDeliveries").mockImplementation(async function addOrFail(this: Ledger, ids) {
    pages += 1;
    if (pages === 2) throw new Error("stopped");
    await add.call(this, ids);
  });
  const named = async () => (await audit(partsFor(accessTo([]), { history }))).unknownNames;
  await expect(named()).rejects.toThrow("stopped");
  expect(await named()).toEqual({ fax: 2 });
});

test("a change of the settings counts for what was read before", async () => {
  await openWorld([sent, open]);
  expect(await totalsAt(60, [])).toMatchObject({ missing: 2, leftOut: 0 });
  const only = { filters: { except: { metrics: ["opened" as const] } }, subscribed: subscriptionNames };
  expect(await totalsAt(60, [], { expectation: only })).toMatchObject({ missing: 1, leftOut: 1 });
  expect(await totalsAt(60, [])).toMatchObject({ missing: 2, leftOut: 0 });
});

test("what an earlier version has left out for another reason is judged again", async () => {
  await openWorld([sent, open]);
  await totalsAt(60, []);
  const ledger = await openLedger(opened.folder);
  await ledger.run("UPDATE recorded SET reason = 'a former rule'");
  const earlier = createHash("sha256")
    .update(JSON.stringify([null, subscriptionNames.toSorted()]))
    .digest("hex");
  const note = JSON.parse((await ledger.readNote("recorded")) ?? "") as object;
  await ledger.setNote("recorded", JSON.stringify({ ...note, expectation: earlier }));
  ledger.close();
  expect(await totalsAt(60, [])).toMatchObject({ missing: 2, leftOut: 0 });
});
