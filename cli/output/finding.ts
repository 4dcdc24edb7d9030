import { styleText } from "node:util";
import { z } from "zod";
import { type RunbookSection, runbookOf } from "../../relay/core/runbook.ts";

/**
 * - `fine`: nothing to do.
 * - `waiting`: nothing is wrong, but it takes time, or waits for a step of the setup.
 * - `broken`: an operator has to do something.
 */
export type FindingVerdict = "fine" | "waiting" | "broken";

/** What was found about one part, whatever its verdict. */
interface Found {
  /** As a sentence. */
  readonly found: string;
  /** Lines with more detail. */
  readonly details?: readonly string[];
  /** What to do about it. */
  readonly todo?: string;
}

/** The result of checking one part. What is broken has a section of the runbooks, which says more than fits into a line. */
export type Finding = Found &
  (
    | { readonly verdict: "fine" | "waiting"; readonly runbook?: undefined }
    | { readonly verdict: "broken"; readonly runbook: RunbookSection }
  );

/** One part, as `--json` prints it. */
export const partJson = z.object({
  part: z.string().describe("such as webhook, relay or dataflow"),
  verdict: z.enum(["fine", "waiting", "broken"]),
  found: z.string().describe("a sentence for people"),
  details: z.array(z.string()).readonly().optional().describe("lines for people"),
  todo: z.string().optional().describe("what to do about it"),
  runbook: z.string().optional().describe("the page and section on it, of a broken part"),
});

const colors = { fine: "green", waiting: "yellow", broken: "red" } as const;

/** A check that fails counts as broken; its error says what to do. */
export function brokenFinding(error: unknown): Finding {
  return {
    verdict: "broken",
    found: error instanceof Error ? error.message : String(error),
    runbook: "finding-check-failed",
  };
}

/** A finding as `--json` prints it. */
export function describeFinding(
  part: string,
  { verdict, found, details, todo, runbook }: Finding,
): z.output<typeof partJson> {
  return {
    part,
    verdict,
    found,
    ...(details && { details }),
    ...(todo !== undefined && { todo }),
    ...(runbook && { runbook: runbookOf(runbook) }),
  };
}

/** What an operator reads first: which parts are broken, or else which wait. */
export function summarize(parts: readonly { readonly part: string; readonly finding: Finding }[]): string {
  const list = (verdict: FindingVerdict) => parts.filter(({ finding }) => finding.verdict === verdict);
  const nameAll = (verdict: FindingVerdict) =>
    list(verdict)
      .map(({ part }) => part)
      .join(", ");
  if (list("broken").length > 0) return `Broken: ${nameAll("broken")}.`;
  if (list("waiting").length > 0) return `Nothing is broken. Waiting: ${nameAll("waiting")}.`;
  return `All ${parts.length} parts are fine.`;
}

/** Lines for a terminal: verdict and part first, details indented below. */
export function render(part: string, { verdict, found, details = [], todo, runbook }: Finding): string[] {
  const below = " ".repeat(25);
  return [
    `  ${colorVerdict(verdict)}  ${part.padEnd(12)}  ${found}`,
    ...details.map((line) => below + line),
    ...(todo === undefined ? [] : [`${below}do: ${todo}`]),
    ...(runbook === undefined ? [] : [`${below}more: ${runbookOf(runbook)}`]),
  ];
}

/** In color on a terminal, unless `NO_COLOR` is set. */
function colorVerdict(verdict: FindingVerdict): string {
  return styleText(colors[verdict], verdict.padEnd(7), { stream: process.stdout });
}
