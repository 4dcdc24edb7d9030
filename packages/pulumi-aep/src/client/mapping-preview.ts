import { z } from "zod";
import type { AepClient } from "./client.ts";
import { paths } from "./paths.ts";

/** One mapping in Data Prep's current spelling. */
export interface MappingItem {
  readonly sourceType: "ATTRIBUTE" | "EXPRESSION" | "STATIC";
  /** Dot path into the record, an expression, or the value itself. */
  readonly source: string;
  /** Dot path into the schema. */
  readonly destination: string;
}

/** Mappings, which need not be a mapping set yet, and their target schema. */
export interface MappingDraft {
  /** `$id` of the schema. */
  readonly schemaId: string;
  /** Major version of the schema; default 1. */
  readonly schemaVersion?: number;
  readonly mappings: readonly MappingItem[];
}

/** A mistake that Data Prep reports, in its own words. */
export interface MappingError {
  /** Source of the mapping, if Data Prep names it. */
  readonly source: string | undefined;
  readonly destination: string | undefined;
  readonly message: string;
}

/** Data Prep's verdict on one mapping. */
export interface MappingVerdict {
  readonly mapping: MappingItem;
  /** Empty if the mapping is valid. */
  readonly errors: readonly MappingError[];
}

/** The result for one record. */
export interface PreviewedRecord {
  readonly record: Readonly<Record<string, unknown>>;
  /** The record as it would be in the dataset. A field with an error is empty. */
  readonly row: Readonly<Record<string, unknown>>;
  readonly errors: readonly MappingError[];
}

/** Maximum records per preview. Adobe documents no limit; its screens preview this many rows of a source. */
export const maximumPreviewRecords = 100;

const text = z.string().nullish();
const errorAnswer = z.object({ source: text, destination: text, columnName: text, exception: text });
const errors = z
  .array(errorAnswer)
  .nullish()
  .transform((list) => (list ?? []).map(readError));
const validationAnswer = z.object({ validationResponse: z.array(z.object({ status: z.string(), errors })) });
const previewed = z.object({ data: z.record(z.string(), z.unknown()).nullish(), errors });
// The API description returns one object although its text speaks of rows.
const previewAnswer = z.union([z.array(previewed), previewed.transform((row) => [row])]);

/**
 * Lets Data Prep validate mappings against a schema; creates nothing.
 * Adobe: Data Prep API, `POST /mappingSets/validate`.
 * @returns the verdicts, in the order of the mappings
 * @throws VendorError if Platform refuses the whole call, for example because the schema does not exist
 */
export async function validateMappings(
  client: AepClient,
  draft: MappingDraft,
  signal: AbortSignal,
): Promise<MappingVerdict[]> {
  const { validationResponse } = await client.call(
    {
      method: "POST",
      path: paths.validateMappings,
      body: bodyOf(draft),
      signal,
      repeatable: true,
      purpose: `validate the mappings to the schema ${draft.schemaId}`,
    },
    validationAnswer,
  );
  return draft.mappings.map((mapping, index) => {
    const verdict = validationResponse[index];
    if (verdict === undefined || verdict.status === "SUCCESS") return { mapping, errors: [] };
    const silent = { source: mapping.source, destination: mapping.destination, message: "Data Prep gives no reason" };
    return { mapping, errors: verdict.errors.length > 0 ? verdict.errors : [silent] };
  });
}

/**
 * Lets Data Prep map records as a dataflow would; creates and ingests nothing.
 * Adobe: Data Prep API, `POST /mappingSets/preview`.
 * @param records at most `maximumPreviewRecords`
 * @returns the result for each record, in their order
 * @throws VendorError if Platform refuses the whole call, as it may for invalid mappings: call `validateMappings` first to
 *   find out which
 */
export async function previewMappings(
  client: AepClient,
  draft: MappingDraft,
  records: readonly Readonly<Record<string, unknown>>[],
  signal: AbortSignal,
): Promise<PreviewedRecord[]> {
  if (records.length > maximumPreviewRecords) {
    throw new RangeError(`A preview takes at most ${maximumPreviewRecords} records, not ${records.length}.`);
  }
  if (records.length === 0) return [];
  const preview = (data: typeof records) =>
    client.call(
      {
        method: "POST",
        path: paths.previewMappings,
        body: { data, mappingSet: bodyOf(draft) },
        signal,
        repeatable: true,
        purpose: `preview the mappings to the schema ${draft.schemaId}`,
      },
      previewAnswer,
    );
  const rows = await preview(records);
  // According to the API description, a call returns one object for any input. In that case, make one call per record.
  if (rows.length === 1) for (const record of records.slice(1)) rows.push(...(await preview([record])).slice(0, 1));
  return records.map((record, index) => ({
    record,
    row: rows[index]?.data ?? {},
    errors: rows[index]?.errors ?? [
      { source: undefined, destination: undefined, message: "Data Prep returned no result for this record" },
    ],
  }));
}

function bodyOf({ schemaId, schemaVersion = 1, mappings }: MappingDraft) {
  const contentType = `application/vnd.adobe.xed-full+json;version=${schemaVersion}`;
  return { outputSchema: { schemaRef: { id: schemaId, contentType } }, mappings };
}

function readError(error: z.output<typeof errorAnswer>): MappingError {
  return {
    source: error.source ?? undefined,
    destination: error.destination ?? error.columnName ?? undefined,
    message: error.exception ?? "Data Prep gives no reason",
  };
}
