import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

/** What the process of the audit gets. */
export interface AuditOrder {
  /** Of Customer.io's stand-in. */
  readonly url: string;
  /** Of the audit. */
  readonly folder: string;
  /** Parquet files with the dataset's rows, one for each day. */
  readonly files: readonly string[];
}

/** What it reports: seconds, counts of events and messages, and the most memory that the process has had. */
export interface AuditReport {
  readonly seconds: number;
  /** Seconds after everything was read. */
  readonly comparison: number;
  readonly messages: number;
  readonly found: number;
  readonly missing: number;
  readonly megabytes: number;
}

/** Runs an audit in a process of its own. */
export async function runAudit(order: AuditOrder): Promise<AuditReport> {
  const child = fork(path.join(import.meta.dirname, "audit-process.ts"));
  child.send(order);
  const ended = once(child, "exit").then(([code]): never => {
    throw new Error(`The audit ended with ${code}.`);
  });
  const [report] = (await Promise.race([once(child, "message"), ended])) as [AuditReport];
  child.disconnect();
  return report;
}
