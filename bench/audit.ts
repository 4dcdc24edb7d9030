import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { startCustomerIo } from "../packages/local-cloud/src/customer-io/customer-io.ts";
import { runAudit } from "./audit/child.ts";
import { day, days, start } from "./audit/days.ts";
import type { Figure } from "./statistics.ts";

const deliveries = 1_000_000;
/** The metrics of each delivery, and the seconds after its creation. */
const metrics = { sent: 0, delivered: 5, opened: 60 };
/** Events of one call to the stand-in. */
const chunk = 20_000;
/** One delivery in this many has no row. */
const droppedOf = 100_000;

/** Unix seconds. */
const createdAt = (index: number) => start + Math.floor((index * days * day) / deliveries);

/**
 * An audit of a million deliveries and three million rows against Customer.io's stand-in with its rate limit. It runs in a process of its
 * own, whose memory is measured.
 */
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
    const { seconds, comparison, messages, found, missing, megabytes } = await runAudit({
      url: customerIo.url,
      folder: path.join(folder, "audit"),
      files,
    });
    const dropped = (deliveries / droppedOf) * Object.keys(metrics).length;
    if (missing !== dropped) throw new Error(`The audit finds ${missing} missing events instead of ${dropped}.`);
    return [
      { what: "deliveries in Customer.io", value: String(messages) },
      { what: "events that have a row", value: String(found) },
      { what: "audit", value: `${seconds} s`, target: "at most 600 s" },
      { what: "  of it the comparison", value: `${comparison} s`, target: "at most 60 s" },
      { what: "  most memory of its process", value: `${megabytes} MB`, target: "at most 1,000 MB" },
    ];
  } finally {
    await customerIo.close();
    await rm(folder, { recursive: true });
  }
}

function eventsOf(index: number): object[] {
  const data = { delivery_id: `d${index}`, recipient: `person-${index}@example.org`, campaign_id: 7 };
  return Object.entries(metrics).map(([metric, later]) => ({
    object_type: "email",
    metric,
    timestamp: createdAt(index) + later,
    data,
  }));
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
    const rows = Object.entries(metrics).map(([metric, later]) => row(metric, later));
    await connection.run(`COPY (${rows.join(" UNION ALL ")}) TO '${file}' (FORMAT parquet)`);
    files.push(file);
  }
  connection.closeSync();
  return files;
}
