import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { type AuditParts, audit } from "../cli/audit/audit.ts";
import { rangeOf, utcDate } from "../cli/audit/range.ts";
import { sumCells } from "../cli/audit/report.ts";
import { startCustomerIo } from "../packages/local-cloud/src/customer-io/customer-io.ts";
import { config } from "../packages/pulumi-customerio/src/config.ts";
import { History } from "../packages/pulumi-customerio/src/history/history.ts";
import type { Figure } from "./statistics.ts";

const deliveries = 1_000_000;
const days = 30;
const day = 86_400;
const start = utcDate.parse("2026-01-01");
/** Events of one call to the stand-in. */
const chunk = 20_000;
/** One delivery of so many has no row. */
const droppedOf = 100_000;

/** Unix seconds. */
const createdAt = (index: number) => start + Math.floor((index * days * day) / deliveries);

/** An audit of a million deliveries, each sent and every other one opened, against Customer.io's stand-in with its rate limit. */
export async function measureAudit(): Promise<Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-audit-"));
  const workspaces = [{ name: "shop", appApiKey: "key", signingKey: "signing-key" }];
  const customerIo = await startCustomerIo({ workspaces, switches: { messageDelaySeconds: 0 } });
  try {
    for (let from = 0; from < deliveries; from += chunk) {
      const events = Array.from({ length: chunk }, (_, index) => eventsOf(from + index)).flat();
      const body = JSON.stringify({ events, reported: false });
      const answer = await fetch(`${customerIo.url}/__local/events`, { method: "POST", body });
      if (!answer.ok) throw new Error(`The stand-in did not record events: ${await answer.text()}`);
      await answer.arrayBuffer();
    }
    const files = await writeRows(folder);
    const own = path.join(folder, "audit");
    const began = Date.now();
    const result = await audit(partsFor(customerIo.url, own, files));
    const seconds = Math.round((Date.now() - began) / 1000);
    const { missing, found } = sumCells(result.cells);
    const dropped = (deliveries / droppedOf) * 2;
    if (missing !== dropped) throw new Error(`The audit finds ${missing} missing events instead of ${dropped}.`);
    return [
      { what: "deliveries in Customer.io", value: String(result.messages) },
      { what: "events that have a row", value: String(found) },
      { what: "audit", value: `${seconds} s`, target: "≤ 600 s" },
      { what: "memory of audit and stand-in", value: `${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB` },
    ];
  } finally {
    await customerIo.close();
    await rm(folder, { recursive: true });
  }
}

function eventsOf(index: number): object[] {
  const data = { delivery_id: `d${index}`, recipient: `person-${index}@example.org`, campaign_id: 7 };
  const sent = { object_type: "email", metric: "sent", timestamp: createdAt(index), data };
  return index % 2 === 0 ? [sent, { ...sent, metric: "opened", timestamp: sent.timestamp + 60 }] : [sent];
}

/** A parquet file for each day. */
async function writeRows(folder: string): Promise<string[]> {
  await mkdir(path.join(folder, "rows"));
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "2" })).connect();
  const files: string[] = [];
  for (let at = 0; at < days; at += 1) {
    const file = path.join(folder, "rows", `${at}.parquet`);
    const [from, to] = [Math.ceil((at * deliveries) / days), Math.ceil(((at + 1) * deliveries) / days)];
    const happened = `${start} + i * ${days * day} // ${deliveries}`;
    const row = (metric: string, later: number) =>
      `SELECT {'customerio': {'object_type': 'email', 'metric': '${metric}', 'timestamp': ${happened} + ${later}, ` +
      `'delivery_id': 'd' || i}} AS _acme FROM range(${from}, ${to}) AS r(i) WHERE i % ${droppedOf} > 0`;
    await connection.run(
      `COPY (${row("sent", 0)} UNION ALL ${row("opened", 60)} AND i % 2 = 0) TO '${file}' (FORMAT parquet)`,
    );
    files.push(file);
  }
  connection.closeSync();
  return files;
}

function partsFor(url: string, folder: string, files: readonly string[]): AuditParts {
  const now = new Date((start + 60 * day) * 1000);
  const field = (name: string) => `_acme.customerio.${name}`;
  const paths = {
    ...{ delivery: field("delivery_id"), objectType: field("object_type") },
    ...{ metric: field("metric"), timestamp: field("timestamp") },
  };
  return {
    ...{ range: rangeOf(start, start + (days - 1) * day, 1), now, folder, paths, keptDays: undefined, drafts: true },
    history: new History(config.parse({ appApiKey: "key", appApiUrl: url })),
    access: {
      async *eachBatch() {
        for (const id of files.keys()) {
          yield { id: String(id), createdAt: now, status: "success", rows: undefined, errors: [] };
        }
      },
      listFiles: async (id) => [{ id, name: `${id}.parquet`, length: 1 }],
      download: ({ id }, target) => copyFile(files[Number(id)] ?? "", target),
    },
    heldEvents: noEvents(),
    relay: undefined,
    reasonOf: () => undefined,
    signal: new AbortController().signal,
    progress: () => undefined,
  };
}

async function* noEvents(): AsyncGenerator<never> {
  // No dead letters.
}
