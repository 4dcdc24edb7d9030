import { batchOutcome } from "pulumi-aep/client";
import { listUploads, settleUpload, type UploadService } from "../../backfill/batch/uploads.ts";
import { countOf } from "../../output/count-of.ts";
import { backfillTag } from "../../platform/batch-ingestion.ts";
import type { DatasetBatch } from "../../platform/dataset.ts";
import { rowAfter } from "../range.ts";

/** Seconds. */
const hour = 3_600;

/** What could not be read of a dataset yet. */
export interface UnreadRows {
  /** Unix seconds: rows that have appeared since then may not have been read. */
  readonly asOf: number;
  /** Why a row that was not found may exist anyway; undefined if all rows were read. */
  readonly reason: string | undefined;
  /** Unix seconds: what Platform accepted before has no row in an unread batch of a dataflow. */
  readonly since: number;
  /** Unix seconds: what Platform accepted later, or happened later, has none either. */
  readonly until: number;
  /** Unix seconds: what happened until then may be in an unread batch of another folder's backfill. */
  readonly othersUntil: number;
  /** The backfill's own batches that are unread: what is in them is known, so they make nothing else unknown. */
  readonly uploads: readonly string[];
}

/** What the backfill's own batches need. */
type Uploads = Pick<UploadService, "ledger" | "signal"> & {
  readonly ingestion: Pick<UploadService["ingestion"], "readState">;
  readonly now: Date;
};

/** Collects the batches of a dataset whose rows can't be read yet, all or some. */
export class UnreadBatches {
  readonly #parts: Uploads;
  /** The note of the folder's backfill, which its batches have as a tag. */
  readonly #backfill: string | undefined;
  readonly #uploads: ReadonlySet<string>;
  /** The listed states of the backfill's own batches. */
  readonly #states = new Map<string, string>();
  #unfinished = 0;
  #lacking = 0;
  #since = Number.MAX_SAFE_INTEGER;
  #until = 0;
  #othersUntil = 0;

  private constructor(parts: Uploads, backfill: string | undefined, uploads: readonly string[]) {
    this.#parts = parts;
    this.#backfill = backfill;
    this.#uploads = new Set(uploads);
  }

  static async of(parts: Uploads): Promise<UnreadBatches> {
    return new UnreadBatches(parts, await parts.ledger.readNote("backfill"), await listUploads(parts.ledger));
  }

  /** Whether all batches can be read, except for the backfill's own. */
  get isEmpty(): boolean {
    return this.#unfinished === 0 && this.#lacking === 0;
  }

  /** @param lacking rows that Catalog counts in the batch and that its files do not have */
  add({ id, status, tags, createdAt }: DatasetBatch, lacking = 0): void {
    if (this.#uploads.has(id)) {
      // One that lacks rows needs no more: its events are young for a day after it has arrived, and missing after that.
      this.#states.set(id, status);
      return;
    }
    const backfills = tags?.[backfillTag] ?? [];
    // A batch of this backfill that its folder does not know has no rows: it is noted before it gets a file.
    if (this.#backfill !== undefined && backfills.includes(this.#backfill)) return;
    const isUnfinished = batchOutcome(status) === "unfinished";
    if (!isUnfinished && lacking === 0) return;
    const created = Math.floor(createdAt.getTime() / 1000);
    // Rows come into a dataflow's batch within an hour, so a recent one holds only events that Platform accepted within a day: they
    // count as young anyway. A backfill's batch holds events of any age.
    const isUploaded = backfills.length > 0;
    if (!isUploaded && this.#parts.now.getTime() / 1000 - created <= rowAfter - hour) return;
    if (isUnfinished) this.#unfinished += 1;
    else this.#lacking += lacking;
    if (isUploaded) {
      this.#othersUntil = Math.max(this.#othersUntil, created + rowAfter);
    } else {
      // A dataflow's batch takes rows for about an hour, usually of events that Platform accepted in the hour before. A day is on the safe side.
      this.#since = Math.min(this.#since, created - rowAfter);
      this.#until = Math.max(this.#until, created + rowAfter);
    }
  }

  /** Notes which of the backfill's batches have their rows and which never will, and says what is unread. */
  async settle(): Promise<UnreadRows> {
    const { ledger, ingestion, now, signal } = this.#parts;
    const uploads: string[] = [];
    for (const batch of this.#uploads) {
      const listed = this.#states.get(batch);
      // Catalog may list a new batch late, so only a request for it can say whether it is gone.
      const status = listed ?? (await ingestion.readState(batch, signal)).status;
      const outcome = await settleUpload(ledger, batch, status, now);
      const isUnread = outcome === "unfinished" || outcome === "stalled";
      if (isUnread || (outcome === "stored" && listed === undefined)) uploads.push(batch);
    }
    const [unfinished, lacking] = [this.#unfinished, this.#lacking];
    const reasons = [
      ...(unfinished > 0
        ? [`${countOf(unfinished, "batch of the dataset is", "batches of the dataset are")} not finished`]
        : []),
      ...(lacking > 0 ? [`Data Access returned ${countOf(lacking, "row")} fewer than Catalog counts`] : []),
    ];
    return {
      asOf: now.getTime() / 1000,
      reason: reasons.length > 0 ? reasons.join(", and ") : undefined,
      since: this.#since,
      until: this.#until,
      othersUntil: this.#othersUntil,
      uploads,
    };
  }
}
