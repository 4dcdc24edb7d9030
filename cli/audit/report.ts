import { type CommandTarget, operatorCommand } from "../../relay/core/operator-command.ts";
import { countOf } from "../output/count-of.ts";
import type { AuditResult } from "./audit.ts";
import type { Cell } from "./compare.ts";

/** The columns of the table. */
const countNames = [
  "recorded",
  "found",
  "missing",
  "held",
  "leftOut",
  "young",
  "unjudged",
  "unknown",
  "extra",
] as const;
const allNames = [...countNames, "waiting", "beforeRelay", "afterRelay"] as const;
type CellCounts = Readonly<Record<(typeof allNames)[number], number>>;

export function sumCells(cells: readonly Cell[]): CellCounts {
  const sum = (name: (typeof allNames)[number]) => cells.reduce((total, cell) => total + cell[name], 0);
  return Object.fromEntries(allNames.map((name) => [name, sum(name)])) as CellCounts;
}

const words: Readonly<Record<Cell["verdict"], string>> = {
  complete: "complete",
  missing: "MISSING",
  unjudged: "CANNOT BE JUDGED YET",
  extra: "extra rows",
  unknown: "cannot be known",
  waiting: "in the relay's queue",
  young: "too young to judge",
};

const wordsOfCounts: Partial<Record<(typeof allNames)[number], string>> = {
  leftOut: "left out",
  beforeRelay: "before the relay",
  afterRelay: "after the relay",
};

/** What the command prints: the sums of each kind, and each day of a kind that is not complete. */
export function auditLines(result: AuditResult, target: CommandTarget): string[] {
  const { cells, reasons, missingFile, extraFile, unknownNames, messages, notesSince, comparedUntil, webhookGone } =
    result;
  const end = [
    ...(comparedUntil === undefined
      ? []
      : [
          `What happened after ${new Date(comparedUntil * 1000).toISOString()} is not compared: Customer.io may not list it yet.`,
        ]),
    ...(webhookGone === undefined ? [] : [webhookGone]),
  ];
  if (cells.length === 0) {
    return [
      `Customer.io recorded nothing on these days, and the dataset has no rows from them (${countOf(messages, "message")} read).`,
      ...end,
    ];
  }
  const kinds = Map.groupBy(cells, ({ objectType, metric }) => `${objectType} ${metric}`);
  const heading = ["kind", ...countNames.map((name) => (name === "leftOut" ? "left out" : name))];
  const table = [...kinds].toSorted().map(([kind, ofKind]) => {
    const sums = sumCells(ofKind);
    return [kind, ...countNames.map((name) => String(sums[name]))];
  });
  const total = sumCells(cells);
  const rows = [heading, ...table, ["all", ...countNames.map((name) => String(total[name]))]];
  const width = Math.max(...rows.map(([kind = ""]) => kind.length)) + 1;
  const open = cells.filter(({ verdict }) => verdict !== "complete");
  const days = open.map(({ day, objectType, metric, verdict, reasons, ...counts }) => {
    const what = allNames.filter((name) => name !== "recorded" && name !== "found" && counts[name] > 0);
    const numbers = what.map((name) => `${counts[name]} ${wordsOfCounts[name] ?? name}`).join(", ");
    const why = reasons.length > 0 ? `: ${reasons.join("; ")}` : "";
    return `  ${day}  ${`${objectType} ${metric}`.padEnd(22)} ${words[verdict]} (${numbers})${why}`;
  });
  const names = Object.entries(unknownNames).map(([name, times]) => `${name} (${times})`);
  return [
    ...rows.map(
      ([kind = "", ...numbers]) => `${kind.padEnd(width)}${numbers.map((number) => number.padStart(10)).join("")}`,
    ),
    ...(days.length > 0 ? ["", ...days] : []),
    "",
    ...(total.missing + total.held > 0
      ? [
          `${countOf(total.missing, "is", "are")} missing and ${countOf(total.held, "is a dead letter", "are dead letters")}. Their ids: ${missingFile}`,
        ]
      : []),
    ...stageLines(total, notesSince),
    ...(total.unjudged > 0
      ? [
          `${countOf(total.unjudged, "has", "have")} no row that could be read, and may be missing. Run the same audit again later:`,
        ]
      : []),
    ...reasons.flatMap(({ reason, events, isTemporary }) => (isTemporary ? [`  ${events}: ${reason}`] : [])),
    ...(total.missing + total.held + total.unjudged === 0 ? ["Nothing is missing, as far as can be known."] : []),
    ...(total.unknown > 0 ? [`${total.unknown} can't be judged, even if you run the same audit again:`] : []),
    ...reasons.flatMap(({ reason, events, isTemporary }) => (isTemporary ? [] : [`  ${events}: ${reason}`])),
    ...(total.waiting > 0 ? [`${countOf(total.waiting, "waits", "wait")} in the relay's queue.`] : []),
    ...(total.held > 0 ? [`Deliver the dead letters: ${operatorCommand("replay", target)}`] : []),
    ...(extraFile === undefined ? [] : [`Extra rows: ${extraFile}`]),
    ...(names.length > 0
      ? [`This version does not know these types and metrics, so they are left out: ${names.join(", ")}`]
      : []),
    ...end,
  ];
}

/** The stage at which the missing events were lost, as far as the relay's notes show it. */
function stageLines({ missing, beforeRelay, afterRelay }: CellCounts, notesSince: number | undefined): string[] {
  if (notesSince === undefined) return [];
  const untold = missing - beforeRelay - afterRelay;
  return [
    ...(beforeRelay > 0
      ? [`  ${beforeRelay} never reached the relay, or ${beforeRelay === 1 ? "was" : "were"} refused there.`]
      : []),
    ...(afterRelay > 0
      ? [`  ${afterRelay} reached Platform from the relay, but ${afterRelay === 1 ? "has" : "have"} no row.`]
      : []),
    ...(untold > 0
      ? [`  ${untold} happened before the relay's notes begin, ${new Date(notesSince * 1000).toISOString()}.`]
      : []),
  ];
}
