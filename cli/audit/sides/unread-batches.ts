import { batchOutcome } from "pulumi-aep/client";
import { listUploads, settleUpload } from "../../backfill/batch/uploads.ts";
import { backfillTag } from "../../platform/batch-ingestion.ts";
import type { DatasetBatch } from "../../platform/dataset.ts";
import type { Ledger } from "../ledger.ts";
import { rowAfter } from "../range.ts";

/** Seconds. */
const hour = 3_600;

/** What could not be read of a dataset yet. */
export interface UnreadRows {
  /** Why a row that was not found may exist anyway; undefined if all rows were read. */
  readonly reason: string | undefined;
  /**
   * Unix seconds: an event that happened later, or that Platform accepted later, has no row among the unread. Nothing is known of what
   * happened before: the relay may hold an event for any time, so its row may be in a much later batch.
   */
  readonly until: number;
  /** The backfill's own batches among those: what is in them is known, so they make nothing else unknown. */
  readonly uploads: readonly string[];
}

/** Collects the batches of a dataset whose rows can't be read yet, all or some. */
export class UnreadBatches {
  readonly #ledger: Ledger;
  readonly #now: Date;
  /** The note of the folder's backfill, which its batches have as a tag. */
  readonly #backfill: string | undefined;
  readonly #uploads: ReadonlySet<string>;
  /** The states of the backfill's own batches, and those that lack rows. */
  readonly #states = new Map<string, string>();
  readonly #lackingUploads = new Set<string>();
  #unfinished = 0;
  #lacking = 0;
  #until = 0;

  private constructor(ledger: Ledger, now: Date, backfill: string | undefined, uploads: readonly string[]) {
    this.#ledger = ledger;
    this.#now = now;
    this.#backfill = backfill;
    this.#uploads = new Set(uploads);
  }

  static async of(ledger: Ledger, now: Date): Promise<UnreadBatches> {
    return new UnreadBatches(ledger, now, await ledger.readNote("backfill"), await listUploads(ledger));
  }

  /** @param lacking rows that Catalog counts in the batch and that its files do not have */
  add({ id, status, tags, createdAt }: DatasetBatch, lacking = 0): void {
    if (this.#uploads.has(id)) {
      this.#states.set(id, status);
      if (lacking > 0) this.#lackingUploads.add(id);
      return;
    }
    const isOwn = this.#backfill !== undefined && tags?.[backfillTag]?.includes(this.#backfill);
    const isUnfinished = batchOutcome(status) === "unfinished";
    // Rows come into a batch within an hour, so a recent one holds only events of the last day, which count as young anyway.
    const isRecent = this.#now.getTime() - createdAt.getTime() <= (rowAfter - hour) * 1000;
    if (isOwn || isRecent || (!isUnfinished && lacking === 0)) return;
    if (isUnfinished) this.#unfinished += 1;
    else this.#lacking += lacking;
    // A streaming batch takes rows for about an hour after its creation; a day is on the safe side.
    this.#until = Math.max(this.#until, Math.floor(createdAt.getTime() / 1000) + rowAfter);
  }

  /** Notes which of the backfill's batches have their rows and which never will, and says what is unread. */
  async settle(): Promise<UnreadRows> {
    const uploads: string[] = [...this.#lackingUploads];
    for (const batch of this.#uploads) {
      // Catalog may list a new batch late; whether one is gone, only a request for it can say.
      const outcome = await settleUpload(this.#ledger, batch, this.#states.get(batch) ?? "unlisted", this.#now);
      if (outcome === "unfinished") uploads.push(batch);
    }
    const reasons = [
      ...(this.#unfinished > 0 ? [`${this.#unfinished} batches of the dataset are not finished`] : []),
      ...(this.#lacking > 0 ? [`Data Access returned ${this.#lacking} rows fewer than Catalog counts`] : []),
    ];
    const reason = reasons.length > 0 ? reasons.join(", and ") : undefined;
    return { reason, until: this.#until, uploads };
  }
}
