import { randomUUID } from "node:crypto";
import { type BatchOutcome, batchOutcome } from "pulumi-aep/client";
import type { RebuiltEvent } from "pulumi-customerio/history";
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

/** The batches of a backfill, the oldest first. */
export async function listUploads(ledger: Ledger): Promise<string[]> {
  return (await ledger.query("SELECT batch FROM uploads ORDER BY batch")).map(({ batch }) => String(batch));
}

/** How many events of each kind, such as `email opened`, are in a batch. */
export async function countUploaded(ledger: Ledger, batch: string): Promise<Map<string, number>> {
  const rows = await ledger.query(
    "SELECT object_type || ' ' || metric AS kind, CAST(count(*) AS INTEGER) AS events FROM uploaded " +
      `WHERE batch = ${quote(batch)} GROUP BY kind ORDER BY kind`,
  );
  return new Map(rows.map(({ kind, events }) => [String(kind), Number(events)]));
}

/** Notes which events a file of a batch has. */
export async function noteUploaded(
  ledger: Ledger,
  { batch, part }: { readonly batch: string; readonly part: number },
  events: readonly RebuiltEvent[],
): Promise<void> {
  const values = events.map(({ object_type: objectType, metric, data }) =>
    [quote(batch), part, quote(data.delivery_id), quote(objectType), quote(metric)].join(", "),
  );
  await ledger.run(`INSERT INTO uploaded VALUES ${values.map((value) => `(${value})`).join(", ")}`);
}

/** Creates a batch, and notes it, so that it can be continued and reverted. */
export async function openUpload({ ledger, ingestion, signal }: UploadService): Promise<string> {
  const backfill = (await ledger.readNote("backfill")) ?? randomUUID();
  await ledger.setNote("backfill", backfill);
  const batch = await ingestion.create(backfill, signal);
  await ledger.run(`INSERT INTO uploads (batch) VALUES (${quote(batch)})`);
  return batch;
}

/** Forgets a batch that has no rows. What was in it counts as missing again. */
async function forgetUpload(ledger: Ledger, batch: string): Promise<void> {
  await ledger.inTransaction(async () => {
    await ledger.run(`DELETE FROM uploaded WHERE batch = ${quote(batch)}`);
    await ledger.run(`DELETE FROM uploads WHERE batch = ${quote(batch)}`);
  });
}

/** Seconds for which a batch is seen `stalled` until nobody waits for it any longer. Adobe does not say how long one may take to get on. */
const stalledFor = 30 * 60;

/**
 * What a batch of a backfill needs: more requests for its state if it is `unfinished`, more files if it is `loading`, and if it is `stalled`,
 * somebody at Adobe, since it may still get its rows, but not soon.
 */
type UploadOutcome = BatchOutcome | "loading" | "stalled";

/**
 * Notes the state of a backfill's batch: when it was first seen with its rows, since readers may see those a little later, or without
 * progress; one that never gets rows is forgotten.
 *
 * @param status Catalog's word; undefined: Platform does not have the batch
 */
export async function settleUpload(
  ledger: Ledger,
  batch: string,
  status: string | undefined,
  now: Date,
): Promise<UploadOutcome> {
  const outcome = status === undefined ? "removed" : batchOutcome(status);
  if (outcome === "failed" || outcome === "removed") await forgetUpload(ledger, batch);
  const seconds = Math.floor(now.getTime() / 1000);
  const [noted] = await ledger.query(
    `UPDATE uploads SET arrived_at = ${outcome === "stored" ? `coalesce(arrived_at, ${seconds})` : "arrived_at"}, ` +
      `stalled_at = ${status === "stalled" ? `coalesce(stalled_at, ${seconds})` : "NULL"} WHERE batch = ${quote(batch)} ` +
      "RETURNING CAST(stalled_at AS DOUBLE) AS stalled",
  );
  if (typeof noted?.stalled === "number" && seconds - noted.stalled >= stalledFor) return "stalled";
  return status === "loading" ? status : outcome;
}

/** The batches of a backfill that have no rows yet: one that still takes files, and those that Platform processes. */
interface PendingUploads {
  readonly loading: readonly string[];
  readonly processing: readonly string[];
}

/** Asks for the state of each batch, and forgets those that Platform has abandoned, or that somebody has reverted. */
export async function findPendingUploads({ ledger, ingestion, now, signal }: UploadService): Promise<PendingUploads> {
  const loading: string[] = [];
  const processing: string[] = [];
  for (const batch of await listUploads(ledger)) {
    const { status } = await ingestion.readState(batch, signal);
    const outcome = await settleUpload(ledger, batch, status, now());
    if (outcome === "loading") loading.push(batch);
    if (outcome === "unfinished" || outcome === "stalled") processing.push(batch);
  }
  return { loading, processing };
}

/** How a wait for a batch ended; with a refusal, it never gets rows. */
type UploadEnd = "stored" | "stalled" | { readonly refusal: string };

/** Gives up the batches that still take files, so that their events can be sent in another way. */
export async function abortLoadingUploads(service: UploadService): Promise<void> {
  const { loading } = await findPendingUploads(service);
  for (const batch of loading) await revertUpload(service, batch);
}

/**
 * Completes a batch, and waits until its rows are in the dataset.
 *
 * @returns `stalled` if Platform does not continue with it
 * @throws if Platform refuses the batch: then it has no rows
 */
export async function completeUpload(service: UploadService, batch: string): Promise<"stored" | "stalled"> {
  await service.ingestion.complete(batch, service.signal);
  return awaitUpload(service, batch);
}

/** The same for a batch that was completed. */
export async function awaitUpload(service: UploadService, batch: string): Promise<"stored" | "stalled"> {
  const end = await awaitEnd(service, batch);
  if (typeof end === "string") return end;
  throw new Error(`${end.refusal} Without --via batch the same events go through the relay.`);
}

async function awaitEnd(service: UploadService, batch: string): Promise<UploadEnd> {
  const { ledger, ingestion, pause, now, signal } = service;
  for (;;) {
    const { status, errorCodes } = await ingestion.readState(batch, signal);
    const outcome = await settleUpload(ledger, batch, status, now());
    if (outcome === "stored" || outcome === "stalled") return outcome;
    if (outcome === "failed" || outcome === "removed") {
      const codes = errorCodes.length > 0 ? ` (${[...new Set(errorCodes)].join(", ")})` : "";
      return {
        refusal:
          `Platform did not accept the batch ${batch}: it is ${status ?? "gone"}${codes}, so the dataset did not get its rows. In Platform, ` +
          "Datasets > the dataset > the batch says why.",
      };
    }
    await pause();
    signal.throwIfAborted();
  }
}

/** Reverts a batch, unless it has no rows. One that is stalled may still get them, so it is kept in mind. */
export async function revertUpload(service: UploadService, batch: string): Promise<"reverted" | "empty" | "stalled"> {
  const { ledger, ingestion, now, signal } = service;
  const { status } = await ingestion.readState(batch, signal);
  const outcome = await settleUpload(ledger, batch, status, now());
  if (outcome === "failed" || outcome === "removed") return "empty";
  if (outcome === "loading") {
    await ingestion.abort(batch, signal);
    await forgetUpload(ledger, batch);
    return "empty";
  }
  // Only a batch whose staging has ended can be reverted.
  const end = outcome === "unfinished" ? await awaitEnd(service, batch) : outcome;
  if (end === "stalled") return end;
  if (end !== "stored") return "empty";
  await ingestion.revert(batch, signal);
  await forgetUpload(ledger, batch);
  return "reverted";
}
