import { setTimeout as wait } from "node:timers/promises";
import type { Vendors } from "./vendors.ts";

/** Ids of events by place: each accepted one has to be in exactly one of the other three lists. */
export interface Balance {
  readonly accepted: string[];
  readonly delivered: string[];
  readonly deadLettered: string[];
  readonly pending: string[];
  /** Records that Platform wrote into the dataset, according to Platform. */
  readonly rows: number;
}

/** Maximum time from the queue into the local cloud's dataset. */
const patience = 60_000;

/** Waits until nothing is pending and Platform has mapped everything, then collects the balance. */
export async function collectBalance(vendors: Vendors, dataflowId: string, sent: string[]): Promise<Balance> {
  const until = Date.now() + patience;
  for (;;) {
    const now = await takeStock(vendors, dataflowId);
    if (mismatches(now, sent).length === 0 || Date.now() > until) return now;
    await wait(250);
  }
}

async function takeStock(vendors: Vendors, dataflowId: string): Promise<Balance> {
  const [accepted, delivered, deadLettered, pending, rows] = await Promise.all([
    vendors.acceptedIds(),
    vendors.deliveredIds(),
    vendors.deadLetteredIds(),
    vendors.pendingIds(),
    vendors.rowsWritten(dataflowId),
  ]);
  return { accepted, delivered, deadLettered, pending, rows };
}

/** Violations of the promise that every accepted event is in the dataset or kept somewhere; empty if there are none. */
export function mismatches({ accepted, delivered, deadLettered, pending, rows }: Balance, sent: string[]): string[] {
  const wrong: string[] = [];
  const kept = [...delivered, ...deadLettered, ...pending];
  const tell = (what: string, ids: string[]) => {
    if (ids.length > 0) {
      wrong.push(`${ids.length} ${what}: ${ids.slice(0, 5).join(", ")}${ids.length > 5 ? ", …" : ""}`);
    }
  };
  tell("sent but not accepted", without(sent, accepted));
  tell("accepted but neither delivered, dead-lettered nor pending", without(accepted, kept));
  tell("kept but never accepted", without(kept, accepted));
  tell("in more than one place", findRepeated(kept));
  tell("still pending", pending);
  if (rows !== delivered.length) wrong.push(`${delivered.length} events delivered but ${rows} rows written`);
  return wrong;
}

function without(these: string[], those: string[]): string[] {
  const known = new Set(those);
  return these.filter((id) => !known.has(id));
}

function findRepeated(ids: string[]): string[] {
  const seen = new Set<string>();
  return ids.filter((id) => seen.has(id) || !seen.add(id));
}
