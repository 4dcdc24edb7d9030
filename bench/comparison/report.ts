import { markdownTable, spread } from "../page.ts";
import type { Ceiling } from "./ceiling.ts";
import type { Amounts, Measured } from "./run.ts";
import type { SystemName } from "./systems.ts";

/** What the systems did under one load: for each system, one entry per round. */
export interface Comparison {
  readonly amounts: Amounts;
  readonly rounds: Readonly<Partial<Record<SystemName, readonly Measured[]>>>;
}

const titles: Readonly<Record<SystemName, string>> = {
  relay: "relay, all defaults",
  common: "common function",
  plain: "plain Node",
  benthos: "Benthos with Redis",
};

interface Row {
  readonly what: string;
  readonly of: (measured: Measured) => number;
  readonly digits?: number;
}

const rows: readonly Row[] = [
  { what: "delivered/s, 32 connections", of: ({ deliveredPerSecond }) => deliveredPerSecond },
  { what: "accepted/s, 32 connections", of: ({ acceptedPerSecond }) => acceptedPerSecond },
  { what: "answer p50 at 1 connection, ms", of: ({ alone }) => alone.p50, digits: 1 },
  { what: "answer p99 at 1 connection, ms", of: ({ alone }) => alone.p99, digits: 1 },
  { what: "answer p50 at 32 connections, ms", of: ({ blast }) => blast.p50, digits: 1 },
  { what: "answer p99 at 32 connections, ms", of: ({ blast }) => blast.p99, digits: 1 },
  { what: "answer p99 at 256 connections, ms", of: ({ crowd }) => crowd.p99 },
  { what: "longest answer at 256 connections, ms", of: ({ crowd }) => crowd.longest },
  { what: "processor time per event, host included, ms", of: ({ processor }) => processor, digits: 2 },
  { what: "processor time of the store per event, ms", of: ({ store }) => store, digits: 2 },
  { what: "storage operations per event, polls included", of: ({ operations }) => operations, digits: 2 },
  { what: "memory before any load, host included, MB", of: ({ idleMemory }) => idleMemory },
  { what: "memory at the peak, host included, MB", of: ({ peakMemory }) => peakMemory },
  { what: "first answer after process start, host included, ms", of: ({ firstAnswer }) => firstAnswer },
  { what: "calls without a 200", of: ({ refused }) => refused },
  { what: "accepted events lost", of: ({ lost }) => lost },
  { what: "events that arrived twice", of: ({ twice }) => twice },
];

/** A comparison in Markdown: what each system got, and a table with minimum, median and maximum. */
export function comparisonText({ amounts, rounds }: Comparison): string {
  const names = (Object.keys(titles) as SystemName[]).filter((name) => rounds[name] !== undefined);
  const others = names.filter((name) => name !== "relay" && rounds.relay !== undefined);
  const header = ["", ...names.map((name) => titles[name]), ...others.map((name) => `relay ÷ ${titles[name]}`)];
  const body = rows.map(({ what, of, digits = 0 }) => {
    const values = (name: SystemName) => (rounds[name] ?? []).map(of);
    const ratios = others.map((name) => {
      const other = values(name);
      const each = values("relay").map((value, round) => value / (other[round] ?? Number.NaN));
      return each.every(Number.isFinite) ? spread(each, 2) : "";
    });
    const figures = names.map((name) => (values(name).every(Number.isNaN) ? "" : spread(values(name), digits)));
    return [what, ...figures, ...ratios];
  });
  const count = (events: number) => events.toLocaleString("en-US");
  const { length } = Object.values(rounds)[0] ?? [];
  return [
    `Each figure is the median of ${length} rounds, with minimum and maximum in brackets; a ratio is taken within each round. Each system got ` +
      `${count(amounts.alone)} events from one connection, ${count(amounts.blast)} from 32 (the blast) and ${count(amounts.crowd)} from 256, after ` +
      `${count(amounts.warmUp)} to warm up.`,
    "",
    ...markdownTable(header, body),
  ].join("\n");
}

/** The emulator's own limit in words. */
export function ceilingText(ceilings: readonly Ceiling[]): string {
  const rate = (of: (ceiling: Ceiling) => number) => spread(ceilings.map(of), 0);
  return (
    `The emulator alone took ${rate(({ puts }) => puts)} messages a second from 32 callers, and gave out and deleted ` +
    `${rate(({ takes }) => takes)}: no system with one message for each event can deliver faster here.`
  );
}
