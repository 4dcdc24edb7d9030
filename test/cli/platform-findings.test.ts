import { dataflowFinding, runsFinding } from "../../cli/checks/dataflow.ts";
import { batchesFinding, rowsFinding } from "../../cli/checks/dataset.ts";
import { machineFinding } from "../../cli/checks/machine.ts";
import type { DataflowRun } from "../../cli/platform/dataflow.ts";
import { type Counts, noCounts } from "../../relay/core/counts/counts.ts";

const now = new Date("2026-11-20T10:30:00.000Z");
const ago = (milliseconds: number) => new Date(now.getTime() - milliseconds);
const at = { now, target: { stack: "dev" } };
const minute = 60_000;
const hour = 60 * minute;
const counts = (some: Partial<Counts>): Counts => ({ ...noCounts(), ...some });

describe("the runs", () => {
  const run = (milliseconds: number, more: Partial<DataflowRun> = {}): DataflowRun => ({
    startedAt: ago(milliseconds),
    status: "success",
    recordsIn: 5,
    recordsOut: 5,
    recordsFailed: 0,
    errors: [],
    ...more,
  });

  test("do not exist in the first hour", () => {
    expect(runsFinding([], at).verdict).toBe("waiting");
  });

  test("are summed up over a day, and the newest is shown with records in, out and failed", () => {
    expect(runsFinding([run(hour), run(2 * hour), run(25 * hour, { recordsFailed: 3 })], at)).toEqual({
      verdict: "fine",
      found: "2 in the last 24 hours: 10 records in, 10 out, 0 failed.",
      details: [
        "2026-11-20 09:30 UTC  success: 5 in, 5 out, 0 failed",
        "2026-11-20 08:30 UTC  success: 5 in, 5 out, 0 failed",
        "2026-11-19 09:30 UTC  success: 5 in, 5 out, 3 failed",
      ],
    });
  });

  test("are broken by a failed record or a failed run without records, with Adobe's errors", () => {
    const failing = run(hour, { recordsOut: 4, recordsFailed: 1, errors: ["MAPPER-3700-400 Mapping failed"] });
    const finding = runsFinding([failing], at);
    expect([finding.verdict, finding.details?.at(-1)]).toEqual(["broken", "  MAPPER-3700-400 Mapping failed"]);
    expect(finding.todo).toContain("Sources > Dataflows");
    expect(runsFinding([run(hour, { status: "failed", recordsIn: 0, recordsOut: 0 })], at).verdict).toBe("broken");
  });

  test("show the time of the last one if it was long ago", () => {
    expect(runsFinding([run(48 * hour)], at).found).toBe(
      "None in the last 24 hours; the last one started at 2026-11-18T10:30:00.000Z.",
    );
  });
});

describe("the batches", () => {
  const batch = (milliseconds: number, status: string, errors: string[] = []) => ({
    id: `b${milliseconds}`,
    createdAt: ago(milliseconds),
    status,
    rows: 7,
    failedRecords: 0,
    errors,
  });

  test("do not exist in the first hour", () => {
    expect(batchesFinding([], now).verdict).toBe("waiting");
  });

  test("are fine if none failed within a day", () => {
    expect(batchesFinding([batch(hour, "success"), batch(25 * hour, "failed")], now)).toMatchObject({
      verdict: "fine",
      found: "The last one, created at 2026-11-20T09:30:00.000Z, is: success.",
    });
  });

  test("that failed are shown with their errors", () => {
    expect(batchesFinding([batch(0, "success"), batch(hour, "failed", ["INGEST-1212-400 bad"])], now)).toMatchObject({
      verdict: "broken",
      found: "1 of the last 2 failed, or have failed records, within 24 hours.",
      details: [
        "2026-11-20 10:30 UTC  b0 success, 7 rows",
        "2026-11-20 09:30 UTC  b3600000 failed; INGEST-1212-400 bad",
      ],
    });
  });
});

describe("the dataset", () => {
  const since = new Date("2026-11-14T00:00:00.000Z");
  const relay = (days: Record<string, number>, countedAt = ago(minute)) => ({
    total: noCounts(),
    days: new Map(Object.entries(days).map(([date, delivered]) => [date, counts({ delivered })])),
    countedAt,
  });
  const findingOf = (rows: number, days: Record<string, number>, countedAt?: Date) =>
    rowsFinding({ target: { stack: "dev" }, rows, counts: relay(days, countedAt), since, now });

  test("is fine with as many rows as events, or more from other sources, ignoring days before the window", () => {
    expect(findingOf(15, { "2026-11-13": 1000, "2026-11-14": 5, "2026-11-20": 10 })).toEqual({
      verdict: "fine",
      found: "It received 15 rows in the last 7 days, for 15 events delivered.",
    });
    expect(findingOf(20, { "2026-11-20": 10 }).verdict).toBe("fine");
    expect(findingOf(1, { "2026-11-20": 1 }).found).toBe(
      "It received 1 row in the last 7 days, for 1 event delivered.",
    );
  });

  test("waits for the rows of today's events, up to an hour", () => {
    expect(findingOf(12, { "2026-11-19": 5, "2026-11-20": 10 })).toMatchObject({
      verdict: "waiting",
      found: expect.stringMatching(/3 are not there yet\. Platform's data lake takes up to an hour\.$/),
      todo: expect.stringContaining("npx customerio-aep audit --from <day> --to <day> --stack dev"),
    });
  });

  test("is broken if more rows are missing than events arrived today, or if none arrived for an hour", () => {
    expect(findingOf(4, { "2026-11-19": 5, "2026-11-20": 10 }).verdict).toBe("broken");
    expect(findingOf(12, { "2026-11-20": 15 }, ago(hour + 1)).verdict).toBe("broken");
  });

  test("has nothing to compare rows with without a relay", () => {
    expect(rowsFinding({ target: { stack: "dev" }, rows: 3, counts: undefined, since, now }).verdict).toBe("fine");
    expect(rowsFinding({ target: { stack: "dev" }, rows: 0, counts: undefined, since, now }).verdict).toBe("waiting");
  });
});

test("the disk of this machine is broken while it has no room for the next run, with the folder", () => {
  const space = (free: number) => machineFinding([{ folder: "/tmp", use: "temporary files", free }], 0);
  expect(space(1e9).verdict).toBe("fine");
  const full = space(3 * 1024 * 1024);
  expect([full.verdict, full.runbook]).toEqual(["broken", "finding-disk"]);
  expect(full.found).toContain("/tmp (temporary files): 3 MB free");
  expect(full.todo).toContain("du -sh /tmp/*");
});

test.each([
  [2 * 60 * 60_000, "2 hours ahead of the relay's"],
  [-5 * 60_000, "5 minutes behind the relay's"],
])(
  "a clock of this machine that is wrong is broken, since the other findings compare times with it (%d ms)",
  (ahead, said) => {
    const { verdict, runbook, found } = machineFinding([], ahead);
    expect([verdict, runbook]).toEqual(["broken", "finding-clock"]);
    expect(found).toContain(said);
    expect(machineFinding([], ahead / 1_000).verdict).toBe("fine");
  },
);

test("a dataflow that is not enabled is broken, and may have lost events to which Platform answered 200", () => {
  const findingOf = (state: string) =>
    dataflowFinding({ name: "Events", state }, { id: "f", target: { stack: "dev" } });
  expect(findingOf("enabled")).toEqual({ verdict: "fine", found: '"Events" is enabled.' });
  const { verdict, found, todo } = findingOf("disabled");
  expect([verdict, found]).toEqual([
    "broken",
    expect.stringContaining("may nevertheless answer 200 to them, and lose them"),
  ]);
  expect(todo).toContain("npx customerio-aep audit --from <day> --to <day> --stack dev");
});
