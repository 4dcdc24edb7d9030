import { estimate } from "../../relay/deploy/cost/estimate.ts";
import { knownPrices } from "../../relay/deploy/cost/prices.ts";
import {
  burstDemand,
  type Demand,
  eventsPerMessageInBlast,
  loadOf,
  scaleOf,
  steadyDemand,
} from "../../relay/deploy/cost/scale.ts";
import type { RelayShape } from "../../relay/deploy/cost/usage.ts";
import { table } from "./markdown.ts";

/** The relay of `environment: dev` with all defaults. */
const shape: RelayShape = {
  redundancy: "LRS",
  zoneRedundant: false,
  instanceMemory: 2048,
  alwaysReady: 1,
  duplicateWindowDays: 7,
  logDetail: "summary",
  logRetentionDays: 30,
};

const demands: readonly { readonly name: string; readonly demand: Demand }[] = [
  { name: "1 million a month", demand: steadyDemand(1_000_000) },
  { name: "1 million in an hour, once a month", demand: burstDemand(1_000_000, 3_600) },
  { name: "100 million a month", demand: steadyDemand(100_000_000) },
  { name: "1 billion a month", demand: steadyDemand(1_000_000_000) },
];

const mark = "<!-- Generated from relay/deploy/cost/scale.ts by npm run docs. -->";

/** docs/scaling.md with the tables of the model, which stand at its end. */
export function withScalingTables(document: string): string {
  const begin = document.indexOf(mark);
  if (begin === -1) throw new Error(`docs/scaling.md lacks the line ${mark}`);
  return `${document.slice(0, begin)}${[
    mark,
    "## What each load takes",
    loads(),
    "## Which limit comes first",
    "How far the busiest hour fills each limit, if every event has a message of its own. 100 % means that it is reached.",
    limits(),
    "## What a month costs",
    "US dollars, in `dev`, at the list prices of the command `cost`. The first figure is for events that share messages, the " +
      "second for events that each come alone. Egress is not in it.",
    prices(),
  ].join("\n\n")}\n`;
}

function loads(): string {
  const rows = demands.map(({ name, demand }) => {
    const shared = scaleOf(shape, demand, eventsPerMessageInBlast);
    const alone = scaleOf(shape, demand, 1);
    return [
      name,
      number(demand.eventsPerSecond),
      number(demand.peakPerSecond),
      String(alone.instances),
      range(shared.messagesPerSecond, alone.messagesPerSecond),
      range(shared.storagePerSecond, alone.storagePerSecond),
      alone.waiting === 0 ? "none" : `${number(alone.waiting)}, through after ${alone.hoursToDrain.toFixed(1)} hours`,
    ];
  });
  const head = [
    "Events",
    "Average a second",
    "Busiest hour, a second",
    "Instances of each group",
    "Queue messages a second",
    "Storage requests a second",
    "Events that wait for Platform after the busiest hour",
  ];
  return table(head, rows);
}

function limits(): string {
  const all = demands.map(({ name, demand }) => ({ name, limits: scaleOf(shape, demand, 1).limits }));
  const names = ["Platform", "queues", "storage account", "instances", "cores of the region"];
  return table(
    ["Events", ...names],
    [
      ...all.map(({ name, limits }) => [
        name,
        ...names.map((limit) => `${number(100 * (limits.find((one) => one.name === limit)?.share ?? 0))} %`),
      ]),
      [
        "reached at, events a second",
        ...names.map((limit) => number(all[0]?.limits.find((one) => one.name === limit)?.eventsPerSecond ?? 0)),
      ],
    ],
  );
}

const kinds: readonly { readonly title: string; readonly holds: (meter: string) => boolean }[] = [
  { title: "Executions", holds: (meter) => meter === "executions" },
  { title: "Memory", holds: (meter) => meter.startsWith("memory") },
  { title: "Storage", holds: (meter) => /^(queue|table) /.test(meter) },
  { title: "Logs", holds: (meter) => meter.startsWith("log ingestion") || meter === "log retention" },
  { title: "Alerts and tests", holds: (meter) => /alerts|tests/.test(meter) },
];

function prices(): string {
  const rows = demands.map(({ name, demand }) => {
    const [shared, alone] = [eventsPerMessageInBlast, 1].map((each) =>
      estimate(shape, loadOf(demand, each), knownPrices),
    );
    const sum = (of: typeof shared, holds: (meter: string) => boolean) =>
      (of?.meters ?? []).reduce((total, { meter, cost }) => total + (holds(meter) ? (cost ?? 0) : 0), 0);
    const cells = kinds.map(({ holds }) => range(sum(shared, holds), sum(alone, holds)));
    return [name, ...cells, range(shared?.total ?? 0, alone?.total ?? 0)];
  });
  return table(["Events", ...kinds.map(({ title }) => title), "Total"], rows);
}

/** Two figures, or one where they are the same. */
function range(least: number, most: number): string {
  const [from, to] = [number(least), number(most)];
  return from === to ? to : `${from} to ${to}`;
}

/** With two significant digits below ten. */
function number(value: number): string {
  return value >= 10 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(2)));
}
