import { execFile } from "node:child_process";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import type { CloudEnvironment } from "../cloud.ts";
import { commandEnvironment } from "./pulumi.ts";
import type { Vendors } from "./vendors.ts";

/** An audit calls events that are less than seven days old too young to be missing. */
const daysAgo = 10;

/** Maximum time from the queue into the local cloud's dataset. */
const patience = 60_000;

/** What happened to one message on that day. */
const metrics = ["sent", "delivered", "opened"];

/** What an audit counts. */
interface Totals {
  readonly recorded: number;
  readonly found: number;
  readonly missing: number;
}

/** The audits of a day whose events no webhook had reported. */
export interface RecoveredPast {
  /** UTC, such as `2026-01-31`. */
  readonly day: string;
  /** What the audit that sent the events had found. */
  readonly before: Totals;
  /** What an audit found once their rows were there. */
  readonly after: Totals;
}

export interface PastOptions {
  readonly vendors: Vendors;
  readonly environment: CloudEnvironment;
  readonly stack: string;
  /** The stack's settings. */
  readonly configFile: string;
  /** For what the audit keeps. */
  readonly folder: string;
}

/**
 * Lets Customer.io record events of a past day without reporting them, as if there had been no webhook. Then runs `customerio-aep audit
 * --heal`, which finds and sends them, and audits again until they have rows.
 */
export async function recoverPast({ vendors, ...options }: PastOptions): Promise<RecoveredPast> {
  const day = new Date(Date.now() - daysAgo * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  await vendors.recordUnreported(
    metrics.map((metric) => ({ object_type: "email", metric, delivery_id: "demo-past", days_ago: daysAgo })),
  );
  const before = await audit(day, options, "--heal");
  const until = Date.now() + patience;
  for (;;) {
    const after = await audit(day, options);
    // Until Platform has written their rows, they are not missing, but on their way.
    if (after.found === after.recorded || Date.now() > until) return { day, before, after };
    await wait(250);
  }
}

/** Runs an audit of one day, like a user in a shell. */
async function audit(
  day: string,
  { environment, stack, configFile, folder }: Omit<PastOptions, "vendors">,
  ...flags: "--heal"[]
): Promise<Totals> {
  const place = ["--stack", stack, "--config-file", configFile, "--folder", path.join(folder, "audit")];
  // Customer.io allows few calls a second, and nothing is older here.
  const days = ["--from", day, "--to", day, "--lookback", "1"];
  const run = promisify(execFile)("customerio-aep", ["audit", ...place, ...days, "--json", ...flags], {
    cwd: path.resolve(import.meta.dirname, "../../../.."),
    env: commandEnvironment(environment),
  });
  // It ends with 1 while anything is missing, but prints its result anyway.
  const { stdout } = await run.catch((error: Error & { stdout: string }) => {
    if (!error.stdout) throw error;
    return error;
  });
  const { sources } = JSON.parse(stdout) as { sources: { result?: { totals: Totals }; error?: string }[] };
  const totals = sources[0]?.result?.totals;
  if (totals === undefined) throw new Error(`The audit failed: ${sources[0]?.error ?? stdout}`);
  return totals;
}
