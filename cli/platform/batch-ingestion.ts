import type { AepClient } from "pulumi-aep/client";
import { pathOf, paths } from "pulumi-aep/client";
import { z } from "zod";

const batches = "/data/foundation/import/batches";
/** The tag of the batches that a backfill creates. */
export const backfillTag = "customerio-aep/backfill";
const created = z.object({ id: z.string() });
const batchAnswer = z.record(
  z.string(),
  z.object({ status: z.string(), errors: z.array(z.object({ code: z.string() })).nullish() }),
);

/** A batch's state, in Catalog's words. */
interface BatchState {
  /** `loading`, `staging`, `success`, `failed`, `inactive`, …; undefined if Platform no longer has it. */
  readonly status: string | undefined;
  /** Codes of its errors: their texts may quote a row. */
  readonly errorCodes: readonly string[];
}

/** Uploads rows as batches, which can be reverted (Adobe's Batch Ingestion API): needs the permission Manage Datasets. */
export class BatchIngestion {
  readonly #client: AepClient;
  readonly #datasetId: string;

  constructor(client: AepClient, datasetId: string) {
    this.#client = client;
    this.#datasetId = datasetId;
  }

  /**
   * Opens a batch for JSON lines.
   *
   * @param backfill id of the backfill, by which it recognizes its batch after a kill lost the batch's id
   */
  async create(backfill: string, signal: AbortSignal): Promise<string> {
    const tags = { [backfillTag]: [backfill] };
    const body = { datasetId: this.#datasetId, inputFormat: { format: "json" }, tags };
    const purpose = `create a batch in the dataset ${this.#datasetId}`;
    return (await this.#client.call({ method: "POST", path: batches, body, signal, purpose }, created)).id;
  }

  /** Uploads a file of JSON lines, 256 MB at most; a second one of the same name replaces it. */
  async upload(batch: string, name: string, lines: Buffer, signal: AbortSignal): Promise<void> {
    const path = `${pathOf(batches, batch)}/datasets/${this.#datasetId}/files/${name}`;
    const headers = { "Content-Type": "application/octet-stream" };
    const purpose = `upload ${name} into the batch ${batch}`;
    await this.#client.call({ method: "PUT", path, body: lines, headers, signal, purpose }, z.unknown());
  }

  /** Hands the batch over; Platform then validates and stages its rows. It may be repeated. */
  async complete(batch: string, signal: AbortSignal): Promise<void> {
    await this.#act(batch, "COMPLETE", signal);
  }

  /** Ends a batch that is not complete. */
  async abort(batch: string, signal: AbortSignal): Promise<void> {
    await this.#act(batch, "ABORT", signal);
  }

  /** Takes the rows of a successful batch out of the dataset. */
  async revert(batch: string, signal: AbortSignal): Promise<void> {
    await this.#act(batch, "REVERT", signal);
  }

  async readState(batch: string, signal: AbortSignal): Promise<BatchState> {
    const purpose = `read the state of the batch ${batch}`;
    const call = { method: "GET", path: pathOf(paths.batches, batch), signal, purpose } as const;
    const found = (await this.#client.find(call, batchAnswer))?.[batch];
    return { status: found?.status, errorCodes: (found?.errors ?? []).map(({ code }) => code) };
  }

  async #act(batch: string, action: "COMPLETE" | "ABORT" | "REVERT", signal: AbortSignal): Promise<void> {
    const purpose = `${action.toLowerCase()} the batch ${batch}`;
    const call = { method: "POST", path: pathOf(batches, batch), params: { action }, signal, purpose } as const;
    await this.#client.call({ ...call, repeatable: action === "COMPLETE" }, z.unknown());
  }
}
