import { randomUUID } from "node:crypto";
import { type Ledger, quote } from "../../audit/ledger.ts";
import type { BatchIngestion } from "../../platform/batch-ingestion.ts";

export interface UploadService {
  readonly ledger: Ledger;
  readonly ingestion: Pick<BatchIngestion, "create" | "upload" | "complete" | "abort" | "revert" | "readState">;
  /** Waits before the next request for a state. */
  readonly pause: () => Promise<unknown>;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

const arrived: readonly (string | undefined)[] = ["success", "active"];
/** States in which a batch has no rows and will get none; undefined: Platform does not have it. */
const lost: readonly (string | undefined)[] = [
  "failed",
  "failure",
  "aborted",
  "abandoned",
  "inactive",
  "deleted",
  "archived",
  undefined,
];

/** The batches of a backfill, the oldest first. */
export async function listUploads(ledger: Ledger): Promise<string[]> {
  return (await ledger.query("SELECT batch FROM uploads ORDER BY batch")).map(({ batch }) => String(batch));
}

/** Creates a batch, and notes it, so that it can be continued and reverted. */
export async function openUpload({ ledger, ingestion, signal }: UploadService): Promise<string> {
  const backfill = (await ledger.readNote("backfill")) ?? randomUUID();
  await ledger.setNote("backfill", backfill);
  const batch = await ingestion.create(backfill, signal);
  await ledger.run(`INSERT INTO uploads VALUES (${quote(batch)})`);
  return batch;
}

/** Forgets a batch that has no rows. What was in it counts as missing again. */
async function forgetUpload(ledger: Ledger, batch: string): Promise<void> {
  await ledger.inTransaction(async () => {
    await ledger.run(
      `DELETE FROM sent s USING uploaded u WHERE u.batch = ${quote(batch)} AND u.delivery = s.delivery ` +
        "AND u.object_type = s.object_type AND u.metric = s.metric",
    );
    await ledger.run(`DELETE FROM uploaded WHERE batch = ${quote(batch)}`);
    await ledger.run(`DELETE FROM uploads WHERE batch = ${quote(batch)}`);
  });
}

/** Forgets the batches that Platform has abandoned, or that somebody has reverted. Returns the one that still takes files. */
export async function findOpenUpload({ ledger, ingestion, signal }: UploadService): Promise<string | undefined> {
  let open: string | undefined;
  for (const batch of await listUploads(ledger)) {
    const { status } = await ingestion.readState(batch, signal);
    if (lost.includes(status)) await forgetUpload(ledger, batch);
    else if (status === "loading") open = batch;
  }
  return open;
}

/**
 * Completes a batch, and waits until its rows are in the dataset.
 *
 * @throws if Platform refuses the batch: then it has no rows
 */
export async function completeUpload(service: UploadService, batch: string): Promise<void> {
  const { ledger, ingestion, now, signal } = service;
  await ingestion.complete(batch, signal);
  await awaitUpload(service, batch);
  const seconds = Math.floor(now().getTime() / 1000);
  await ledger.run(
    `INSERT INTO sent SELECT delivery, object_type, metric, ${seconds} FROM uploaded WHERE batch = ${quote(batch)}`,
  );
}

async function awaitUpload({ ledger, ingestion, pause, signal }: UploadService, batch: string): Promise<void> {
  for (;;) {
    const { status, errorCodes } = await ingestion.readState(batch, signal);
    if (arrived.includes(status)) return;
    if (lost.includes(status)) {
      await forgetUpload(ledger, batch);
      const codes = errorCodes.length > 0 ? ` (${[...new Set(errorCodes)].join(", ")})` : "";
      throw new Error(
        `Platform did not accept the batch ${batch}: it is ${status ?? "gone"}${codes}, so the dataset did not get its rows. In Platform, ` +
          "Datasets > the dataset > the batch says why. Without --via batch the same events go through the relay.",
      );
    }
    await pause();
    signal.throwIfAborted();
  }
}

/** Reverts a batch. Returns whether it had rows. */
export async function revertUpload(service: UploadService, batch: string): Promise<boolean> {
  const { ledger, ingestion, signal } = service;
  const { status } = await ingestion.readState(batch, signal);
  if (status === "loading") await ingestion.abort(batch, signal);
  else if (!lost.includes(status)) {
    // Only a batch whose staging has ended can be reverted.
    if (!arrived.includes(status)) await awaitUpload(service, batch);
    await ingestion.revert(batch, signal);
  }
  await forgetUpload(ledger, batch);
  return status !== "loading" && !lost.includes(status);
}
