import { isDeliveredTable } from "../../core/duplicates/delivered-tables.ts";
import type { Tables } from "../storage/tables.ts";

/** Milliseconds. */
const patience = 30_000;

/**
 * Deletes the tables of delivered events in an account whose relay no longer remembers any. Otherwise the last two
 * tables would stay forever, and a look-up of whether an event was delivered would find them. Never throws; the next
 * start deletes what is left.
 */
export async function forgetDeliveries(tables: Pick<Tables, "list" | "delete">): Promise<void> {
  const signal = AbortSignal.timeout(patience);
  try {
    for (const table of await tables.list(signal)) if (isDeliveredTable(table)) await tables.delete(table, signal);
  } catch {
    // The tables cost pennies a month, and nothing waits for their deletion.
  }
}
