import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { AuditParts } from "../../cli/audit/audit.ts";
import type { Cell } from "../../cli/audit/compare.ts";
import { rangeOf, utcDate } from "../../cli/audit/range.ts";
import type { DatasetBatch } from "../../cli/platform/dataset.ts";
import { AdjustableClock } from "../../packages/local-cloud/src/customer-io/clock.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import type { CustomerIoSwitches } from "../../packages/local-cloud/src/customer-io/switches.ts";
import { config } from "../../packages/pulumi-customerio/src/config.ts";
import { subscriptionNames } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { History } from "../../packages/pulumi-customerio/src/history/history.ts";
import { once } from "../../relay/core/once.ts";

export const start = utcDate.parse("2026-01-01");
export const day = 86_400;
export const now = new Date((start + 60 * day) * 1000);

/** An event of the world. */
export interface Made {
  readonly object_type: string;
  readonly metric: string;
  readonly timestamp: number;
  readonly data: Record<string, unknown>;
}
export const happen = (delivery: string, at: number, metric = "sent", more: object = {}): Made => ({
  object_type: "email",
  metric,
  timestamp: start + at,
  data: { delivery_id: delivery, recipient: "ada@example.org", campaign_id: 7, ...more },
});

/** The folder of the audit, and Customer.io's stand-in with its clock. */
export const opened = {} as { folder: string; customerIo: CustomerIoStandIn; clock: AdjustableClock };

export async function closeWorld(): Promise<void> {
  await opened.customerIo.close();
  await rm(opened.folder, { recursive: true });
}

/** Opens a Customer.io that has recorded these events until a time. */
export async function openWorld(
  recorded: readonly Made[],
  switches: Partial<CustomerIoSwitches> = {},
  until: Date = now,
): Promise<void> {
  opened.folder = await mkdtemp(path.join(tmpdir(), "audit-"));
  opened.clock = AdjustableClock.stoppedAt(until);
  await record(recorded, switches);
}

/** Puts another Customer.io in the place of the one that is open, whose record says something else. */
export async function replaceRecord(recorded: readonly Made[]): Promise<void> {
  await opened.customerIo.close();
  await record(recorded, {});
}

async function record(recorded: readonly Made[], switches: Partial<CustomerIoSwitches>): Promise<void> {
  const workspaces = [{ name: "shop", appApiKey: "key", signingKey: "signing-key" }];
  opened.customerIo = await startCustomerIo({ workspaces, clock: opened.clock, switches });
  const body = JSON.stringify({ events: recorded, reported: false });
  await fetch(`${opened.customerIo.url}/__local/events`, { method: "POST", body });
  await opened.clock.advance(60_000);
}

/** A batch that has its rows, from the end of the days that are audited. */
export function batchOf(id: string, rows: number, more: Partial<DatasetBatch> = {}): DatasetBatch {
  const createdAt = new Date((start + 5 * day) * 1000);
  return { id, createdAt, status: "success", rows, failedRecords: 0, errors: [], ...more };
}

/** A database that writes files. */
const openWriter = once(async () => (await DuckDBInstance.create(":memory:")).connect());

/** Batches of rows as real parquet files, one a batch. */
export function accessTo(batches: readonly (readonly Made[])[], counted?: number): AuditParts["access"] {
  return {
    async *eachBatch() {
      for (const [index, rows] of batches.entries()) {
        yield batchOf(String(index), counted ?? rows.length);
      }
    },
    listFiles: async (id) => [{ id, name: `${id}.parquet`, length: 1 }],
    async download({ id }, target) {
      const rows = batches[Number(id)] ?? [];
      const json = `${target}.json`;
      const row = ({ object_type, metric, timestamp, data }: Made) => ({
        _id: "x",
        _acme: {
          customerio: {
            object_type,
            metric,
            timestamp,
            ...(data.delivery_id ? { delivery_id: data.delivery_id } : {}),
          },
        },
      });
      await writeFile(json, rows.map((made) => JSON.stringify(row(made))).join("\n"));
      const writer = await openWriter();
      await writer.run(`COPY (SELECT * FROM read_json('${json}')) TO '${target}' (FORMAT parquet)`);
      await rm(json);
    },
  };
}

const field = (name: string) => `_acme.customerio.${name}`;
const paths = {
  delivery: field("delivery_id"),
  objectType: field("object_type"),
  metric: field("metric"),
  timestamp: field("timestamp"),
};

export function partsFor(access: AuditParts["access"], more: Partial<AuditParts> = {}): AuditParts {
  const settings = config.parse({ appApiKey: "key", appApiUrl: opened.customerIo.url });
  return {
    subject: "the shop",
    range: rangeOf(start, start + 4 * day, 1),
    now,
    folder: opened.folder,
    access,
    ingestion: { readState: async () => ({ status: undefined, errorCodes: [] }) },
    paths,
    kept: undefined,
    progress: () => undefined,
    history: new History(settings, { sleep: (milliseconds) => opened.clock.advance(milliseconds) }),
    deadLetters: undefined,
    relay: undefined,
    expectation: { filters: undefined, subscribed: subscriptionNames },
    signal: new AbortController().signal,
    ...more,
  };
}

interface FileLine {
  readonly delivery: string;
  readonly object_type: string;
  readonly metric: string;
  readonly state: string;
  readonly stage: string;
}

/** The lines of a file with ids. */
export async function linesIn(file: string | undefined): Promise<FileLine[]> {
  if (file === undefined) return [];
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as FileLine);
}

export const idsIn = async (file: string | undefined) =>
  (await linesIn(file)).map(({ delivery, metric }) => `${delivery} ${metric}`);
export const verdictsOf = (cells: readonly Cell[]) =>
  Object.fromEntries(
    cells.map(({ day: date, objectType, metric, verdict }) => [`${date} ${objectType} ${metric}`, verdict]),
  );

/** What Customer.io has recorded: four days, three channels. */
export const world = [
  ...[0, 1, 2].flatMap((index) => [happen(`d${index}`, index * day), happen(`d${index}`, index * day + 60, "opened")]),
  happen("sms", day, "delivered"),
  happen("draft", day, "drafted"),
].map((made) => (made.data.delivery_id === "sms" ? { ...made, object_type: "sms" } : made));
