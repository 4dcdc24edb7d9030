import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openLedger } from "../../cli/audit/audit.ts";
import { type Comparison, compareSides } from "../../cli/audit/compare.ts";
import type { Ledger } from "../../cli/audit/ledger.ts";

const start = 1_767_225_600;
const comparison: Comparison = {
  from: start,
  to: start + 86_400,
  youngSince: start + 86_000,
  sentSince: start + 100_000,
  expiration: undefined,
  unread: {
    asOf: start + 86_400,
    reason: "a batch is not finished",
    since: start,
    until: start + 20,
    othersUntil: 0,
    uploads: ["b"],
  },
  relay: { notesSince: start + 10, messages: 0, mayHold: false },
};

let folder: string;
let ledger: Ledger;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "audit-parts-"));
  ledger = await openLedger(folder);
});
afterEach(async () => {
  ledger.close();
  await rm(folder, { recursive: true });
});

/** Events that have every state, many times: which one depends on the number of the delivery. */
async function fill(): Promise<void> {
  const put = (table: string, condition: string, value = `'email', 'sent', ${start} + i, NULL`) =>
    ledger.run(`INSERT INTO ${table} SELECT 'd' || i, ${value} FROM range(2000) t(i) WHERE ${condition}`);
  await put("recorded", "i % 11 <> 0");
  await put("recorded", "i % 11 = 1", `'email', 'opened', ${start} + i, 'a filter'`);
  await put("present", "i % 3 = 0");
  await put("present", "i % 7 = 0");
  await put("held", "i % 13 = 0");
  await put("waiting", "i % 17 = 0");
  await put("noted", "i % 5 = 0");
  await put("sent", "i % 19 = 0", `'email', 'sent', ${start} + 200000`);
  await ledger.run("INSERT INTO uploads (batch) VALUES ('b')");
  await ledger.run(
    "INSERT INTO uploaded SELECT 'b', 0, 'd' || i, 'email', 'sent' FROM range(2000) t(i) WHERE i % 23 = 0",
  );
  await ledger.run("INSERT INTO deliveries SELECT 'd' || i FROM range(2000) t(i) WHERE i % 22 <> 0");
  await ledger.run(`INSERT INTO present VALUES (NULL, 'customer', 'subscribed', ${start}, NULL)`);
}

test("a comparison in parts says the same as one of everything at once", async () => {
  await fill();
  const compare = async (mostRows?: number) => {
    const cells = await compareSides(ledger, comparison, mostRows);
    return { cells, verdicts: await ledger.query("SELECT * FROM verdicts ORDER BY ALL") };
  };
  const whole = await compare();
  expect(new Set(whole.verdicts.map(({ state }) => String(state).charAt(0)))).toEqual(new Set("?!efhlmwy"));
  expect(await compare(100)).toEqual(whole);
});

test("no more than a part is joined at a time, whatever the size of the sides", async () => {
  await fill();
  const run = jest.spyOn(ledger, "run");
  await compareSides(ledger, comparison, 500);
  const parts = run.mock.calls.flatMap(([sql]) => /TABLE r AS.*hash\(delivery\) % 4 = (\d)/s.exec(sql)?.[1] ?? []);
  expect(parts).toEqual(["0", "1", "2", "3"]);
});

test("what a backfill has sent in the last week may be in a message that the relay still holds, unless a note says otherwise", async () => {
  const happened = start + 100;
  await ledger.run(
    `INSERT INTO recorded SELECT d, 'email', 'sent', ${happened}, NULL FROM (VALUES ('held'), ('lost'), ('old'), ('never'), ('again')) t(d)`,
  );
  const sent = { held: happened + 200, lost: happened + 200, old: happened + 10, again: happened + 200 };
  for (const [delivery, at] of Object.entries(sent)) {
    await ledger.run(`INSERT INTO sent VALUES ('${delivery}', 'email', 'sent', ${at})`);
  }
  await ledger.run(`INSERT INTO noted VALUES ('lost', 'email', 'sent', ${sent.lost + 1}, NULL)`);
  // Platform has lost it once.
  await ledger.run(`INSERT INTO noted VALUES ('again', 'email', 'sent', ${happened + 20}, NULL)`);
  await ledger.run(`INSERT INTO waiting VALUES ('again', 'email', 'sent', ${happened}, NULL)`);
  const statesWith = async (messages: number) => {
    await compareSides(ledger, {
      ...comparison,
      youngSince: happened + 100,
      relay: { notesSince: start + 10, messages, mayHold: false },
    });
    const rows = await ledger.query("SELECT delivery, state FROM verdicts");
    return Object.fromEntries(rows.map(({ delivery, state }) => [delivery, state]));
  };
  const missing = { held: "missing", lost: "missing", old: "missing", never: "missing", again: "waiting" };
  expect(await statesWith(0)).toEqual(missing);
  expect(await statesWith(3)).toEqual({ ...missing, held: "!3 messages wait in the relay's queue" });
});
