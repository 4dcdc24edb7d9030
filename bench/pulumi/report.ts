import { machine, markdownTable, spread } from "../page.ts";
import { median } from "../statistics.ts";
import type { Growth } from "./growth.ts";
import { type Command, type CommandName, delay, type Life, type StatePart } from "./life.ts";
import type { Phase } from "./phases.ts";

const titles: Readonly<Record<CommandName, string>> = {
  up: "`up` from nothing",
  preview: "`preview` without changes",
  previewFromAfar: `the same, answers ${delay / 1000} s later`,
  destroy: "`destroy`",
};
const names = Object.keys(titles) as CommandName[];

/** Phases, processor time and size of the state in Markdown, and the critical path as a diagram. */
export function lifeText(lives: readonly Life[]): string {
  const of = (name: CommandName) => lives.map(({ commands }) => commands[name]);
  const cells = (value: (command: Command) => number | undefined, digits: number) =>
    names.map((name) => {
      const values = of(name).flatMap((command) => value(command) ?? []);
      return values.length === 0 ? "" : spread(values, digits);
    });
  const phases = [...new Set(names.flatMap((name) => of(name)[0]?.phases.map(({ what }) => what) ?? []))];
  const processes = [
    ...new Set(names.flatMap((name) => of(name).flatMap((command) => Object.keys(command.processes)))),
  ];
  const lengthOf = (command: Command, what: string) => {
    const phase = command.phases.find((one) => one.what === what);
    return phase && seconds(phase.end - phase.begin);
  };
  return [
    `${machine("@pulumi/pulumi")} The local cloud, which answers at once, shares the machine. In one column, Platform and Customer.io answer ` +
      `${delay / 1000} s later, as they may over the internet; Azure does not.`,
    "",
    `Seconds; each figure is the median of ${lives.length} rounds, with minimum and maximum in brackets.`,
    "",
    ...markdownTable(
      ["phase", ...names.map((name) => titles[name])],
      [
        ...phases.map((what) => [what, ...cells((command) => lengthOf(command, what), 1)]),
        ["**all**", ...cells(({ phases: all }) => seconds(all.at(-1)?.end ?? Number.NaN), 1)],
        ["calls to own providers in progress", ...cells(({ providers }) => seconds(providers.own), 1)],
        ["calls to Azure's provider in progress", ...cells(({ providers }) => seconds(providers.azure), 1)],
        ...processes.map((part) => [`processor time: ${part}`, ...cells((command) => command.processes[part], 1)]),
      ],
    ),
    "",
    "The critical path of an unchanged preview, in milliseconds:",
    "",
    ...gantt(of("preview").at(-1)?.phases ?? []),
    "",
    stateText(lives.flatMap(({ stateParts }) => stateParts)),
    "",
  ].join("\n");
}

/** The resources above this many bytes are named. */
const large = 4_000;

function stateText(parts: readonly StatePart[]): string {
  const sizes = parts.map(({ bytes }) => bytes);
  const mean = sizes.reduce((sum, bytes) => sum + bytes, 0) / sizes.length;
  const byType = Object.entries(Object.groupBy(parts, ({ type }) => type.split(":").at(-1) ?? type));
  const largest = byType
    .map(([type, those = []]): [string, number] => [type, Math.max(...those.map(({ bytes }) => bytes))])
    .filter(([, bytes]) => bytes > large)
    .toSorted((one, other) => other[1] - one[1]);
  return (
    `The state has ${kilobytes(median(sizes))} KB for each resource of the own providers (median; mean ${kilobytes(mean)}). More than ` +
    `${kilobytes(large)} KB, at most: ${largest.map(([type, bytes]) => `${type} ${kilobytes(bytes)}`).join(", ")}.`
  );
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}

/** How a preview grows with the number of sources, in Markdown. */
export function growthText(grown: readonly Growth[]): string {
  const rows = grown.map(({ sources, seconds: time }) => [
    String(sources),
    time.toFixed(1),
    (time / sources).toFixed(2),
  ]);
  return [
    "A preview of `examples/several` with many sources, each with providers of its own, before anything exists:",
    "",
    ...markdownTable(["sources", "seconds", "seconds per source"], rows),
    "",
  ].join("\n");
}

/** https://mermaid.js.org/syntax/gantt.html */
function gantt(phases: readonly Phase[]): string[] {
  const bars = phases.map(
    ({ what, begin, end }) => `  ${what.replaceAll(/[,:]/g, "")} : ${Math.round(begin)}, ${Math.round(end)}`,
  );
  return ["```mermaid", "gantt", "  dateFormat x", "  axisFormat %S.%L", ...bars, "```"];
}

function seconds(milliseconds: number): number {
  return milliseconds / 1000;
}
