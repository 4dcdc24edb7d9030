import { audit, openLedger } from "../../cli/audit/audit.ts";
import { sumCells } from "../../cli/audit/report.ts";
import { listUploads, revertUpload } from "../../cli/backfill/batch/uploads.ts";
import {
  arrived,
  auditParts,
  bed,
  killWhileStaging,
  lost,
  lostIds,
  rebuiltIds,
  runBackfill,
  setState,
  uploadParts,
  uploadsOf,
  useBatchBed,
} from "./batch-bed.ts";

useBatchBed();

test("a revert removes the rows, and an audit of the same folder finds them missing again", async () => {
  await runBackfill({}, { withTrial: false });
  expect(await rebuiltIds()).toEqual(lostIds);
  await audit(auditParts());
  const ledger = await openLedger(bed.folder);
  const parts = uploadParts(ledger);
  for (const batch of await listUploads(ledger)) expect(await revertUpload(parts, batch)).toBe("reverted");
  ledger.close();
  expect(await rebuiltIds()).toEqual([]);
  const { cells } = await audit(auditParts());
  expect(sumCells(cells)).toMatchObject({ found: arrived.length, missing: lost.length });
  expect((await runBackfill({}, { withTrial: false })).sent).toBe(lost.length);
});

test("a revert leaves a batch that is stalled, and takes one that Platform refuses for an empty one", async () => {
  await killWhileStaging();
  const [batch = ""] = await uploadsOf();
  await setState(batch, "stalled");
  const ledger = await openLedger(bed.folder);
  const parts = uploadParts(ledger);
  try {
    const pause = async () => bed.platform.pass(600);
    expect(await revertUpload({ ...parts, pause }, batch)).toBe("stalled");
    expect(await listUploads(ledger)).toEqual([batch]);
    await setState(batch, "retrying");
    expect(await revertUpload({ ...parts, pause: () => setState(batch, "failed") }, batch)).toBe("empty");
    expect(await listUploads(ledger)).toEqual([]);
  } finally {
    ledger.close();
  }
});
