import type { AepClient } from "pulumi-aep/client";
import type { DocumentedEvent } from "pulumi-customerio/events";
import { hideSecrets } from "pulumi-provider-kit/http";
import { type CommandTarget, operatorCommand, pulumiCommand } from "../../relay/core/operator-command.ts";
import { describeAnswer } from "../checks/shared-answers.ts";
import { platformOf } from "../clients.ts";
import { countOf } from "../output/count-of.ts";
import type { Finding } from "../output/finding.ts";
import { type DataflowRun, listRuns, readDataflow } from "../platform/dataflow.ts";
import { previewLimit, previewRows } from "../platform/dataset.ts";
import type { StackSource } from "../stack/source.ts";
import type { Stage } from "./follow.ts";
import { post } from "./post.ts";

/** Posts the event to the dataflow's inlet, as Customer.io does without a relay. */
export function inletStage(source: StackSource, event: DocumentedEvent): Stage {
  return {
    part: "inlet",
    async look() {
      const id = source.dataflowId;
      const flow = await readDataflow(platformOf(source), id);
      const fix = pulumiCommand("up --refresh", source.target);
      if (flow?.inletUrl === undefined || flow.state !== "enabled") {
        const found = flow ? `The dataflow "${flow.name}" is ${flow.state}.` : `Platform has no dataflow ${id}.`;
        return { verdict: "broken", runbook: "finding-dataflow", found, todo: fix };
      }
      const url = `${flow.inletUrl}?x-adobe-flow-id=${id}`;
      const { status, text, milliseconds } = await post(url, Buffer.from(JSON.stringify(event)), {});
      if (status !== undefined && status >= 200 && status < 300) {
        return { verdict: "fine", found: `Platform's inlet accepted the event in ${milliseconds} ms.` };
      }
      // Platform's messages tend to repeat the inlet's id, and anyone who has it could write into the dataset.
      const answered = describeAnswer({ status, text: hideSecrets(text, [flow.inletUrl], "[hidden]") });
      return { verdict: "broken", runbook: "finding-dataflow", found: `Platform's inlet ${answered}.`, todo: fix };
    },
  };
}

/** What the dataflow's runs have counted so far. */
export interface RunTotals {
  readonly out: number;
  readonly failed: number;
}

export async function readRunTotals(source: StackSource): Promise<RunTotals> {
  return totalsOf(await listRuns(platformOf(source), source.dataflowId));
}

function totalsOf(runs: readonly DataflowRun[]): RunTotals {
  return {
    out: runs.reduce((sum, { recordsOut }) => sum + recordsOut, 0),
    failed: runs.reduce((sum, { recordsFailed }) => sum + recordsFailed, 0),
  };
}

/**
 * Waits for the event's row. A preview shows a hundred rows, so only a smaller dataset can be searched for it; for a larger one, the
 * dataflow's counts have to suffice.
 *
 * @param before the counts from before the event was sent; undefined if no longer known
 */
export function rowStage(source: StackSource, id: string, before: RunTotals | undefined): Stage {
  const client: AepClient = platformOf(source);
  return {
    part: "dataset",
    async look() {
      const [rows, runs] = await Promise.all([
        previewRows(client, source.datasetId),
        listRuns(client, source.dataflowId),
      ]);
      return rowFinding({ id, rows, runs, before, target: source.target });
    },
  };
}

export function rowFinding({
  id,
  rows,
  runs,
  before,
  target,
}: {
  id: string;
  rows: readonly Readonly<Record<string, unknown>>[];
  /** The newest first. */
  runs: readonly DataflowRun[];
  before: RunTotals | undefined;
  target: CommandTarget;
}): Finding {
  // A stack's own mapping may make another _id of the event's, which the field event_id has too.
  const row = rows.find((one) => JSON.stringify(one).includes(id));
  if (row) return { verdict: "fine", found: `Its row is there, with the timestamp ${String(row.timestamp)}.` };
  const now = totalsOf(runs);
  const wrote = now.out - (before?.out ?? now.out);
  const failed = now.failed - (before?.failed ?? now.failed);
  const errors = [...new Set(runs.slice(0, 2).flatMap((run) => run.errors))].slice(0, 3);
  const since = `since it was sent, the dataflow wrote ${countOf(wrote, "row")} and failed on ${countOf(failed, "record")}`;
  if (failed > 0 && wrote === 0) {
    return {
      verdict: "broken",
      runbook: "finding-records-failed",
      found: `Platform accepted the event, but then failed to process it: ${since}.`,
      details: errors,
      todo: `Try the mapping on sample events: ${operatorCommand("preview", target)}`,
    };
  }
  if (rows.length >= previewLimit && wrote > 0 && failed === 0) {
    return {
      verdict: "fine",
      found: `According to the counts, it arrived: ${since}.`,
      details: [
        `Platform's preview shows only the first ${previewLimit} rows. Find this one with Query Service: … WHERE _id = '${id}'; if the setting mapping makes another _id, by event_id`,
      ],
    };
  }
  return {
    verdict: "waiting",
    found: `Its row is not there yet: Platform's data lake takes up to an hour${before === undefined ? "" : `; ${since}`}.`,
    ...(failed > 0 ? { details: errors } : {}),
  };
}
