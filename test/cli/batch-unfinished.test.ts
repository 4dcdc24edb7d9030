import { type AuditParts, audit } from "../../cli/audit/audit.ts";
import { sumCells } from "../../cli/audit/report.ts";
import { BatchIngestion } from "../../cli/platform/batch-ingestion.ts";
import { day } from "./audit-world.ts";
import {
  arrived,
  auditParts,
  bed,
  killWhileStaging,
  lost,
  lostIds,
  rebuiltIds,
  runBackfill,
  sendByRelay,
  setState,
  uploadsOf,
  useBatchBed,
} from "./batch-bed.ts";

useBatchBed();

test("events in a batch that Platform has not finished are neither missing nor sent again, and the next run waits for it", async () => {
  await bed.platform.plain("POST", "/__local/switches", {}, JSON.stringify({ batchStagingSeconds: 3 * day }));
  await killWhileStaging();
  // For longer than a row may take.
  bed.platform.pass(2 * day);
  const { cells, reasons } = await audit(auditParts());
  expect(sumCells(cells)).toMatchObject({ found: arrived.length, missing: 0, unjudged: lost.length });
  expect(reasons).toEqual([expect.objectContaining({ events: lost.length, isTemporary: true })]);
  expect(await sendByRelay()).toBe(0);
  const counts = await runBackfill({ pause: async () => bed.platform.pass(day) }, { withTrial: false });
  expect([counts.sent, [...counts.kinds]]).toEqual([lost.length, [["email sent", lost.length]]]);
  expect(await rebuiltIds()).toEqual(lostIds);
});

test("a batch that stays stalled ends the run by itself, its events are not sent again, and the rest is uploaded", async () => {
  await killWhileStaging(String(lost[0]?.data.delivery_id));
  const [batch = ""] = await uploadsOf();
  await setState(batch, "stalled");
  let pauses = 0;
  const pause = async () => {
    pauses += 1;
    bed.platform.pass(60);
  };
  const { sent, stalled } = await runBackfill({ pause }, { withTrial: false });
  expect([sent, stalled]).toEqual([1, [batch]]);
  expect(pauses).toBeGreaterThan(28);
  const { cells } = await audit(auditParts());
  expect(sumCells(cells)).toMatchObject({ missing: 0, unjudged: lost.length - 1 });
  expect(await sendByRelay()).toBe(0);
  // The next run does not wait for it once more.
  pauses = 0;
  expect((await runBackfill({ pause }, { withTrial: false })).stalled).toEqual([batch]);
  expect(pauses).toBe(0);
  await setState(batch, "staging");
  expect((await runBackfill({ pause }, { withTrial: false })).stalled).toEqual([]);
  expect(await rebuiltIds()).toEqual(lostIds);
});

test("the run waits for a batch that makes progress again after it was stalled", async () => {
  await killWhileStaging();
  const [batch] = await uploadsOf();
  await setState(batch, "stalled");
  let pauses = 0;
  const pause = async () => {
    bed.platform.pass(60);
    pauses += 1;
    if (pauses === 20) await setState(batch, "retrying");
    if (pauses === 40) await setState(batch, "stalled");
    if (pauses === 60) await setState(batch, "staging");
  };
  const { sent, stalled } = await runBackfill({ pause }, { withTrial: false });
  expect([sent, stalled, pauses]).toEqual([lost.length, [], 60]);
});

test("a trial whose batch stays stalled ends with what to do, and its event is sent in no other way", async () => {
  const ingestion = new BatchIngestion(bed.client, bed.flow.dataset);
  jest.spyOn(ingestion, "complete").mockImplementation(async (batch, signal) => {
    await BatchIngestion.prototype.complete.call(ingestion, batch, signal);
    await setState(batch, "stalled");
  });
  const pause = async () => bed.platform.pass(600);
  const words =
    /The batch \w+, which holds the backfill's trial event, is stalled: .* Nothing else was uploaded\. Ask Adobe's support/;
  await expect(runBackfill({ ingestion, pause })).rejects.toThrow(words);
  // The next run finds it so.
  await expect(runBackfill({ pause })).rejects.toThrow(words);
  expect(bed.queued).toEqual([]);
  expect(await sendByRelay()).toBe(lost.length - 1);
});

test("a batch that arrived after its run was killed is not sent again, even before its rows can be read", async () => {
  await killWhileStaging();
  bed.platform.pass(60);
  const parts = auditParts();
  const [uploaded] = await uploadsOf();
  // As Query Service, which shows rows late, and no counts.
  const late: AuditParts["access"] = {
    async *eachBatch(...given) {
      for await (const batch of parts.access.eachBatch(...given)) yield { ...batch, rows: undefined };
    },
    listFiles: async (id, signal) => (id === uploaded ? [] : await parts.access.listFiles(id, signal)),
    download: (...given) => parts.access.download(...given),
  };
  expect(await sendByRelay({ ...parts, access: late })).toBe(0);
  const { cells } = await audit({ ...parts, access: late });
  expect(sumCells(cells)).toMatchObject({ found: arrived.length, missing: 0, young: lost.length });
  expect(await rebuiltIds()).toEqual(lostIds);
});
