import { mapRecord } from "./data-prep/mapper.ts";
import { compileMappingSet, findVersion } from "./data-prep/mapping-set.ts";
import { checkFlow, type FlowWiring } from "./flow-service/flow-rules.ts";
import { countError, currentRun } from "./flow-service/runs.ts";
import { primaryIdentity } from "./schema-registry/descriptors.ts";
import { listExtended } from "./schema-registry/render.ts";
import { showsRows } from "./state/batch-state.ts";
import type { Receipt } from "./state/journal.ts";
import type { Dataset, Flow, RunWindow, Sandbox } from "./state/model.ts";
import type { PlatformState } from "./state/state.ts";
import { type JsonObject, objectOf, stringOf, stringsOf } from "./web/json.ts";
import { streamedSchema } from "./xdm/streamed-schema.ts";
import { type RowRules, rowViolations } from "./xdm/validate-row.ts";

const timeSeries = "https://ns.adobe.com/xdm/data/time-series";

/** An event that an inlet accepted for a flow. */
export interface Arrival {
  readonly sandbox: Sandbox;
  readonly flow: Flow;
  readonly record: JsonObject;
  /** The body's size. */
  readonly bytes: number;
  /** Whether it is enveloped XDM, which isn't mapped. */
  readonly isXdm: boolean;
}

/**
 * What Platform does after it has answered 200: maps the event, validates the row, and adds it to the dataset
 * or to the failed records. Counts it in the current run and records its fate in the receipt.
 */
export function ingest(state: PlatformState, arrival: Arrival, receipt: Receipt): void {
  try {
    record(state, arrival, receipt);
  } catch (error) {
    // The flow's dataset or a mapped field was removed after the event arrived.
    receipt.fate = "failed";
    receipt.reason = error instanceof Error ? error.message : String(error);
  }
}

function record(state: PlatformState, arrival: Arrival, receipt: Receipt): void {
  const { sandbox, flow, bytes } = arrival;
  const { dataset, mapping } = checkFlow(sandbox, flow.body);
  const now = state.clock();
  const run = currentRun(sandbox, flow, dataset.id, now);
  run.updatedAt = now;
  run.inputRecords += 1;
  run.inputBytes += bytes;
  const { row, warnings, failures } = arrival.isXdm ? asItIs(arrival.record) : applyMapping(state, arrival, mapping);
  receipt.warnings = warnings;
  if (failures.length > 0) {
    fail(run, receipt, "MAPPER-3700-400", "Mapper Transform Error", failures);
    return;
  }
  const violations = violationsOf(sandbox, dataset, row, {
    // Later than the times that the mapping has made.
    now: state.clock(),
    usableIdentities: state.switches.unusableIdentity === "fails-record",
    cacheSeconds: state.switches.schemaCacheSeconds,
  });
  if (violations.length > 0) {
    fail(run, receipt, "INGEST-1212-400", "The record does not conform to the XDM schema", violations);
    return;
  }
  if (showsRows(run.status)) dataset.rows.push(row);
  run.rows.push(row);
  run.outputRecords += 1;
  run.outputBytes += Buffer.byteLength(JSON.stringify(row));
  if (warnings.length > 0) run.warningRecords += 1;
  receipt.fate = "delivered";
}

interface Outcome {
  readonly row: JsonObject;
  readonly warnings: readonly string[];
  readonly failures: readonly string[];
}

function asItIs(row: JsonObject): Outcome {
  return { row, warnings: [], failures: [] };
}

function applyMapping(state: PlatformState, { sandbox, record }: Arrival, mapping: FlowWiring["mapping"]): Outcome {
  const set = mapping && sandbox.mappingSets.get(mapping.id);
  const content = set && findVersion(set, mapping?.version);
  if (content === undefined) return asItIs(record);
  const { row, warnings, failures } = mapRecord(
    compileMappingSet(sandbox, content),
    { source: record, now: state.clock() },
    state.switches,
  );
  const text = (issue: { destination: string; exception: string }) => `${issue.destination}: ${issue.exception}`;
  return { row, warnings: warnings.map(text), failures: failures.map(text) };
}

/**
 * Why the dataset's schema refuses a row.
 *
 * @param rules.cacheSeconds see `streamedSchema`
 */
export function violationsOf(
  sandbox: Sandbox,
  dataset: Dataset,
  row: JsonObject,
  {
    now,
    usableIdentities,
    cacheSeconds,
  }: Pick<RowRules, "now" | "usableIdentities"> & { readonly cacheSeconds: number },
): string[] {
  const schemaId = stringOf(objectOf(dataset.body.schemaRef).id) ?? "";
  const body = sandbox.resources.get(schemaId)?.body ?? {};
  return rowViolations(streamedSchema(sandbox, schemaId, { now, cacheSeconds }), row, {
    primaryIdentity: primaryIdentity(sandbox, schemaId),
    timeSeries: stringsOf(listExtended(sandbox, body)).includes(timeSeries),
    usableIdentities,
    now,
  });
}

function fail(run: RunWindow, receipt: Receipt, code: string, message: string, reasons: readonly string[]): void {
  run.failedRecords += 1;
  countError(run, code, message);
  receipt.fate = "failed";
  receipt.reason = `${code}: ${reasons.join("; ")}`;
}
