import type { DataflowRun } from "../../cli/platform/dataflow.ts";
import { rowFinding } from "../../cli/verify/platform-stages.ts";

const startedAt = new Date("2026-11-20T10:00:00.000Z");
const run = (recordsOut: number, recordsFailed = 0, errors: string[] = []): DataflowRun => ({
  startedAt,
  status: "success",
  recordsIn: recordsOut + recordsFailed,
  recordsOut,
  recordsFailed,
  errors,
});
const rows = (count: number) => Array.from({ length: count }, (_, at) => ({ _id: `r${at}`, timestamp: "2026" }));
const before = { out: 10, failed: 2 };

test("the row itself is the best proof", () => {
  expect(rowFinding({ target: { stack: "dev" }, id: "r7", rows: rows(9), runs: [], before: undefined })).toEqual({
    verdict: "fine",
    found: "Its row is there, with the timestamp 2026.",
  });
});

test("a row is found by the event's id, whatever the mapping makes of it", () => {
  const id = "customerio-aep-verify-20261120T100001Z-0a1b2c3d";
  for (const row of [{ _id: `eu-${id}` }, { _id: "2f183a4e", _acme: { customerio: { event_id: id } } }]) {
    const found = rowFinding({ target: { stack: "dev" }, id, rows: [...rows(9), row], runs: [], before: undefined });
    expect(found.verdict).toBe("fine");
  }
});

test("a large dataset can't be searched, so its dataflow's counts are used", () => {
  const finding = rowFinding({
    target: { stack: "dev" },
    id: "x",
    rows: rows(100),
    runs: [run(1), run(10, 2)],
    before,
  });
  expect(finding).toMatchObject({
    verdict: "fine",
    found: "According to the counts, it arrived: since it was sent, the dataflow wrote 1 row and failed on 0 records.",
  });
  expect(finding.details?.join()).toContain("WHERE _id = 'x'; if the setting mapping makes another _id, by event_id");
});

test("a large dataset without a new row, or without earlier counts, waits", () => {
  expect(rowFinding({ target: { stack: "dev" }, id: "x", rows: rows(100), runs: [run(10, 2)], before }).verdict).toBe(
    "waiting",
  );
  expect(
    rowFinding({ target: { stack: "dev" }, id: "x", rows: rows(100), runs: [run(11)], before: undefined }),
  ).toEqual({
    verdict: "waiting",
    found: "Its row is not there yet: Platform's data lake takes up to an hour.",
  });
});

test("if everything since has failed, the event has failed", () => {
  expect(
    rowFinding({ target: { stack: "dev" }, id: "x", rows: [], runs: [run(10, 3, ["MAPPER-3700-400 bad"])], before }),
  ).toMatchObject({
    verdict: "broken",
    found:
      "Platform accepted the event, but then failed to process it: since it was sent, the dataflow wrote 0 rows and failed on 1 record.",
    details: ["MAPPER-3700-400 bad"],
  });
});

test("if only some have failed, the result is still open", () => {
  expect(
    rowFinding({ target: { stack: "dev" }, id: "x", rows: rows(100), runs: [run(11, 3, ["E bad"])], before }),
  ).toMatchObject({
    verdict: "waiting",
    details: ["E bad"],
  });
});
