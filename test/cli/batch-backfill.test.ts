import { readdir } from "node:fs/promises";
import { audit } from "../../cli/audit/audit.ts";
import { sumCells } from "../../cli/audit/report.ts";
import { differingPaths, type TrialParts } from "../../cli/backfill/batch/trial.ts";
import { BatchIngestion } from "../../cli/platform/batch-ingestion.ts";
import { previewMappings } from "../../packages/pulumi-aep/src/client/index.ts";
import {
  auditParts,
  bed,
  deliverQueue,
  lost,
  lostIds,
  noCounts,
  rebuiltIds,
  recorded,
  rows,
  runBackfill,
  sendByRelay,
  useBatchBed,
  whole,
} from "./batch-bed.ts";

useBatchBed();

test("it sends one event both ways and the rest as a batch, and a second audit is clean", async () => {
  const counts = await runBackfill();
  // The event of the trial was streamed, and its batch was reverted.
  expect([counts.sent, counts.streamed]).toEqual([lost.length - 1, 1]);
  expect(await rebuiltIds()).toEqual(lostIds);
  const all = await rows();
  expect(
    all.every((row) => JSON.stringify(row).includes('"origin":"rebuilt"') === String(row._id).includes("rebuilt")),
  ).toBe(true);
  const { cells } = await audit(auditParts());
  expect(sumCells(cells)).toMatchObject({ recorded: recorded.length, found: recorded.length, missing: 0, extra: 0 });
  expect(await runBackfill()).toMatchObject({ sent: 0, streamed: 0 });
  expect(await rebuiltIds()).toEqual(lostIds);
  expect(await readdir(bed.folder)).not.toEqual(expect.arrayContaining([expect.stringMatching(/rows-|parquet/)]));
});

test("the event of a trial that is stopped while it waits for the rows counts as sent, and only in that run", async () => {
  const counts = noCounts();
  const pauseForRows = async () => {
    throw new Error("Ctrl-C");
  };
  await expect(runBackfill({ pauseForRows }, { counts })).rejects.toThrow("Ctrl-C");
  expect(counts).toMatchObject({ sent: 0, streamed: 1 });
  expect(await runBackfill()).toMatchObject({ sent: lost.length - 1, streamed: 0 });
  expect(await rebuiltIds()).toEqual(lostIds);
});

test("it finds both rows of the trial if the mapping makes another _id of the event's", async () => {
  const own = { sourceType: "EXPRESSION" as const, source: 'concat(event_id, "-eu")', destination: "_id" };
  const draft = { schemaId: bed.flow.schema, mappings: [own, ...whole.slice(1)] };
  const { signal } = new AbortController();
  const counts = await runBackfill({
    map: (records) => previewMappings(bed.client, draft, records, signal),
    // The stand-in's dataflow copies the id.
    pauseForRows: () => deliverQueue((made) => Object.assign(made, { event_id: `${Object(made).event_id}-eu` })),
  });
  expect(counts.sent).toBe(lost.length - 1);
  expect(await rebuiltIds()).toEqual(lostIds.map((id) => `${id}-eu`));
});

test("an event whose message is among the drafts and among the others is uploaded once", async () => {
  const { history } = auditParts();
  // Nothing documents that a draft which was sent leaves the list of drafts.
  const both: TrialParts["history"] = { listMessages: (range, signal) => history.listMessages(range, signal) };
  expect((await runBackfill({ history: both }, { withTrial: false })).sent).toBe(lost.length);
  expect(await rebuiltIds()).toEqual(lostIds);
});

test("it stops at a row that the dataflow makes differently, names fields without values, and uploads nothing else", async () => {
  const pauseForRows = () =>
    deliverQueue((made) => ({ ...made, data: { ...made.data, recipient: "secret@example.org" } }));
  const failed = runBackfill({ pauseForRows });
  await expect(failed).rejects.toThrow("these fields differ: _acme.customerio.recipient.");
  await expect(failed).rejects.not.toThrow("@example.org");
  expect(await rebuiltIds()).toHaveLength(1);
});

test("after a kill at any call, the next run completes the rows, each of them once", async () => {
  for (let call = 1; ; call += 1) {
    let calls = 0;
    const real = new BatchIngestion(bed.client, bed.flow.dataset);
    const dieAt = async <T>(work: () => Promise<T>): Promise<T> => {
      if (++calls === call) throw new Error("killed");
      const result = await work();
      if (++calls === call) throw new Error("killed");
      return result;
    };
    const ingestion: TrialParts["ingestion"] = {
      create: (...given) => dieAt(() => real.create(...given)),
      upload: (...given) => dieAt(() => real.upload(...given)),
      complete: (...given) => dieAt(() => real.complete(...given)),
      abort: (...given) => dieAt(() => real.abort(...given)),
      revert: (...given) => dieAt(() => real.revert(...given)),
      readState: (...given) => dieAt(() => real.readState(...given)),
    };
    const ended = await runBackfill({ ingestion, fileBytes: 1_000 }).then(
      () => true,
      (error: Error) => {
        expect(error.message).toBe("killed");
        return false;
      },
    );
    if (ended) break;
  }
  await deliverQueue();
  await audit(auditParts());
  expect(await rebuiltIds()).toEqual(lostIds);
}, 120_000);

test("a batch that was not completed is given up when the relay sends its events", async () => {
  const ingestion: TrialParts["ingestion"] = new BatchIngestion(bed.client, bed.flow.dataset);
  jest.spyOn(ingestion, "complete").mockRejectedValue(new Error("killed"));
  await expect(runBackfill({ ingestion }, { withTrial: false })).rejects.toThrow("killed");
  expect(await sendByRelay()).toBe(lost.length);
  await deliverQueue();
  // The other way has nothing left to complete.
  expect((await runBackfill({}, { withTrial: false })).sent).toBe(0);
  expect(await rebuiltIds()).toEqual(lostIds);
});

test("a batch that Platform refuses leaves no rows, and its events are missing again", async () => {
  const map: TrialParts["map"] = async (records) =>
    records.map((record) => ({ record, row: { _id: "x", _acme: { customerio: { metric: 7 } } }, errors: [] }));
  await expect(runBackfill({ map }, { withTrial: false })).rejects.toThrow(
    /did not accept the batch .*: it is failed \(400\)/,
  );
  expect(await rebuiltIds()).toEqual([]);
  expect((await runBackfill({}, { withTrial: false })).sent).toBe(lost.length);
});

test("rows are compared by their values, and null is like an absent field", () => {
  const one = { _id: "1", a: { b: null, c: [1, 2] } };
  expect(differingPaths(one, { _id: "1", a: { c: [1, 2] } })).toEqual([]);
  expect(differingPaths(one, { _id: "1", a: { b: 0, c: [1, 3] } })).toEqual(["a.b", "a.c.1"]);
});
