import { isDeliveredTable } from "../../core/duplicates/delivered-tables.ts";
import type { Tables } from "../storage/tables.ts";

/** Milliseconds. */
const patience = 30_000;

/**
 * Deletes the tables of delivered events of an account whose relay remembers none any more: else the last two would stay forever, and
 * or a lookup whether an event was delivered would find them. It doesn't throw; what it leaves, the next start deletes.
 */
export async function forgetDeliveries(tables: Pick<Tables, "list" | "delete">): Promise<void> {
  const signal = AbortSignal.timeout(patience);
  try {
    for (const table of await tables.list(signal)) if (isDeliveredTable(table)) await tables.delete(table, signal);
  } catch {
    // It costs pennies a month, and nothing waits for it.
  }
}
