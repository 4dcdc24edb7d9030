import { type CommandTarget, operatorCommand, pulumiCommand } from "../../relay/core/operator-command.ts";
import { platformOf } from "../clients.ts";
import { countOf } from "../output/count-of.ts";
import type { Finding } from "../output/finding.ts";
import { formatMinute } from "../output/minute.ts";
import { type DataflowRun, listRuns, readDataflow } from "../platform/dataflow.ts";
import type { StackSource } from "../stack/source.ts";

/** Checks whether the dataflow accepts events. */
export async function checkDataflow(source: StackSource): Promise<Finding> {
  const { dataflowId: id, target } = source;
  return dataflowFinding(await readDataflow(platformOf(source), id), { id, target });
}

/** @param flow undefined if Platform has none with this id */
export function dataflowFinding(
  flow: { readonly name: string; readonly state: string } | undefined,
  { id, target }: { id: string; target: CommandTarget },
): Finding {
  const fix = pulumiCommand("up --refresh", target);
  if (!flow) {
    return {
      verdict: "broken",
      runbook: "finding-dataflow",
      found: `Platform has no dataflow ${id}: it was deleted.`,
      todo: fix,
    };
  }
  const found = `"${flow.name}" is ${flow.state}`;
  if (flow.state === "enabled") return { verdict: "fine", found: `${found}.` };
  return {
    verdict: "broken",
    runbook: "finding-dataflow",
    found: `${found}: it keeps no events. Platform may nevertheless answer 200 to them, and lose them.`,
    todo: `${fix}. A day later, look for missing events: ${operatorCommand("audit --from <day> --to <day>", target)}`,
  };
}

/** Checks the dataflow's runs: one for each hour in which events arrived. */
export async function checkRuns(source: StackSource): Promise<Finding> {
  return runsFinding(await listRuns(platformOf(source), source.dataflowId), { now: new Date(), target: source.target });
}

const day = 24 * 60 * 60 * 1000;

/** Before the first run, and the first batch. */
export const nothingYet: Finding = {
  verdict: "waiting",
  found: "No runs yet: the first appears within an hour of the first events.",
};

/** @param runs the newest first */
export function runsFinding(
  runs: readonly DataflowRun[],
  { now, target }: { now: Date; target: CommandTarget },
): Finding {
  if (runs.length === 0) {
    return nothingYet;
  }
  const recent = runs.filter(({ startedAt }) => now.getTime() - startedAt.getTime() < day);
  const sum = (of: (run: DataflowRun) => number) => recent.reduce((total, run) => total + of(run), 0);
  const failed = sum(({ recordsFailed }) => recordsFailed);
  const found =
    recent.length === 0
      ? `None in the last 24 hours; the last one started at ${runs[0]?.startedAt.toISOString()}.`
      : `${recent.length} in the last 24 hours: ${countOf(
          sum((run) => run.recordsIn),
          "record",
        )} in, ${sum((run) => run.recordsOut)} out, ${failed} failed.`;
  const details = runs.slice(0, 3).flatMap(describe);
  if (failed === 0 && recent.every(({ status }) => status !== "failed")) return { verdict: "fine", found, details };
  return {
    verdict: "broken",
    runbook: "finding-records-failed",
    found,
    details: [...new Set([...details, ...recent.flatMap(({ errors }) => errors.map(asError))])].slice(0, 9),
    todo:
      "Platform answered 200 to these records, but then failed to process them. In Platform, Sources > Dataflows > the dataflow > the failed run > " +
      `"Error diagnostics" lists them with the reasons. Try the mapping on such events: ${operatorCommand("preview --samples <file>", target)}`,
  };
}

function describe({ startedAt, status, recordsIn, recordsOut, recordsFailed, errors }: DataflowRun): string[] {
  return [
    `${formatMinute(startedAt)}  ${status}: ${recordsIn} in, ${recordsOut} out, ${recordsFailed} failed`,
    ...errors.slice(0, 2).map(asError),
  ];
}

function asError(error: string): string {
  return `  ${error}`;
}
