import { open } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import type { AepClient } from "pulumi-aep/client";
import { z } from "zod";
import { type DatasetBatch, queryBatches } from "./dataset.ts";

/** A file of a batch. */
export interface BatchFile {
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly length: number;
}

/** Most entries of a page, of Catalog and of Data Access. */
const pageLength = 100;
/** Bytes of one call, so that memory stays flat. */
const partLength = 8 * 1024 * 1024;
const foundation = "/data/foundation/export";

const filesAnswer = z.object({ data: z.array(z.object({ dataSetFileId: z.string() })) });
const file = z.object({ name: z.string(), length: z.union([z.number(), z.string().transform(Number)]) });
/** What is behind an id: a file, or a directory with the ids of others ("View dataset data using Data Access API"). */
const entriesAnswer = z.object({ data: z.array(z.union([file, z.object({ dataSetFileId: z.string() })])) });

/** The rows of a dataset as files (Adobe's Data Access API): needs the permission View Datasets and no license of its own. */
export class DataAccess {
  readonly #client: AepClient;
  readonly #datasetId: string;

  constructor(client: AepClient, datasetId: string) {
    this.#client = client;
    this.#datasetId = datasetId;
  }

  /**
   * The dataset's batches that were created since a time, the oldest first. Each page begins at the creation of the last batch before it, not
   * at a number: the reader downloads a page's files before the next one, and a batch that is removed meanwhile would move another one
   * out of the list.
   */
  async *eachBatch(since: Date, signal: AbortSignal): AsyncGenerator<DatasetBatch> {
    let createdAfter = since.getTime();
    let start = 0;
    let last: readonly string[] = [];
    for (;;) {
      const query = { orderBy: "asc:created", createdAfter, limit: pageLength, start };
      const page = await queryBatches(this.#client, this.#datasetId, query, signal);
      const known = last;
      last = page.map(({ id }) => id);
      yield* page.filter(({ id }) => !known.includes(id));
      if (page.length < pageLength) return;
      const next = Math.max(...page.map(({ createdAt }) => createdAt.getTime())) - 1;
      // A whole page of one millisecond can only be passed by number.
      start = next > createdAfter ? 0 : start + pageLength;
      createdAfter = Math.max(next, createdAfter);
    }
  }

  /** All files of a batch. */
  async listFiles(batchId: string, signal: AbortSignal): Promise<BatchFile[]> {
    const files: BatchFile[] = [];
    const ids = new Set<string>();
    const purpose = `list the files of the batch ${batchId}`;
    const list = `${foundation}/batches/${batchId}/files`;
    for await (const { dataSetFileId } of this.#pages(list, filesAnswer, purpose, signal)) ids.add(dataSetFileId);
    // A set also visits what is added meanwhile, and nothing twice.
    for (const id of ids) {
      const path = `${foundation}/files/${encodeURIComponent(id)}`;
      for await (const entry of this.#pages(path, entriesAnswer, purpose, signal)) {
        if ("name" in entry) files.push({ id, ...entry });
        else ids.add(entry.dataSetFileId);
      }
    }
    return files;
  }

  /** Downloads a file in parts. */
  async download({ id, name, length }: BatchFile, target: string, signal: AbortSignal): Promise<void> {
    const path = `${foundation}/files/${encodeURIComponent(id)}`;
    const purpose = `download the file ${name}`;
    const file = await open(target, "w", 0o600);
    try {
      for (let from = 0; from < length; ) {
        const part = { from, to: Math.min(length, from + partLength), total: length };
        const bytes = await this.#client.readBytes({ path, params: { path: name }, signal, purpose }, part);
        await file.write(bytes);
        from += bytes.length;
      }
    } finally {
      await file.close();
    }
  }

  async *#pages<Entry>(
    path: string,
    answer: z.ZodType<{ data: Entry[] }>,
    purpose: string,
    signal: AbortSignal,
  ): AsyncGenerator<Entry> {
    for (let start = 0; ; start += pageLength) {
      const params = { start, limit: pageLength };
      const { data } = await this.#client.call({ method: "GET", path, params, signal, purpose }, answer);
      yield* data;
      if (data.length < pageLength) return;
    }
  }
}

/**
 * Reads the Parquet files of a batch. If that fails and the batch has other files or lengths by then, since Platform was still filling it,
 * they are read again.
 */
export async function readParquetFiles<Result>(
  access: Pick<DataAccess, "listFiles">,
  batchId: string,
  signal: AbortSignal,
  read: (files: readonly BatchFile[]) => Promise<Result>,
): Promise<Result> {
  const list = async () => (await access.listFiles(batchId, signal)).filter(({ name }) => name.endsWith(".parquet"));
  for (let files = await list(); ; ) {
    try {
      return await read(files);
    } catch (error) {
      const before = files;
      files = await list();
      if (isDeepStrictEqual(files, before)) throw error;
    }
  }
}
