import { type History, type RebuiltEvent, rebuildEvents, type UnknownNames } from "pulumi-customerio/history";
import { type Ledger, quote, selectSentSince } from "../audit/ledger.ts";
import { rowAfter } from "../audit/range.ts";

export interface MissingParts {
  /** The database of the audit that has found what is missing. */
  readonly ledger: Ledger;
  readonly history: Pick<History, "listMessages">;
  /** When the messages were created, in Unix seconds. */
  readonly created: { readonly from: number; readonly to: number };
  readonly now: () => Date;
  /** Stops after what is under way. */
  readonly signal: AbortSignal;
}

/** An event that is to be sent. */
export interface MissingEvent extends RebuiltEvent {
  /** Unix seconds at which Platform last accepted it from the relay, and then lost it; undefined if the relay has no note of it. */
  readonly acceptedAt: number | undefined;
}

/** Rebuilds the planned events from Customer.io's record, a page of messages at a time, without what has been sent meanwhile. */
export async function* eachMissing({
  ledger,
  history,
  created,
  now,
  signal,
}: MissingParts): AsyncGenerator<MissingEvent[]> {
  const unknown: UnknownNames = new Map();
  const done = selectSent(now());
  for (const ofDrafts of [false, true]) {
    for await (const { messages } of history.listMessages(created, signal, ofDrafts)) {
      const deliveries = messages.map(({ id }) => id);
      const wanted = await wantedOf(ledger, deliveries, done);
      yield messages
        .flatMap((message) => rebuildEvents(message, unknown))
        .flatMap((event) => {
          const key = keyOf(event.data.delivery_id, event.object_type, event.metric);
          const acceptedAt = wanted.get(key);
          return wanted.delete(key) ? [{ ...event, acceptedAt }] : [];
        });
    }
  }
}

/**
 * SQL for what was sent, or has arrived in a batch of the backfill, so recently that its row may still appear, or is in a batch that has
 * not arrived. What has no row after that time was lost.
 */
function selectSent(now: Date): string {
  const since = Math.floor(now.getTime() / 1000) - rowAfter;
  return (
    `${selectSentSince(since)} UNION ALL ` +
    "SELECT delivery, object_type, metric FROM uploaded JOIN uploads USING (batch) WHERE arrived_at IS NULL"
  );
}

/**
 * The planned events of some deliveries, by their keys, with `acceptedAt`: a message may be in both lists.
 *
 * @param done SQL that selects what no longer has to be sent
 */
async function wantedOf(
  ledger: Ledger,
  deliveries: readonly string[],
  done: string,
): Promise<Map<string, MissingEvent["acceptedAt"]>> {
  if (deliveries.length === 0) return new Map();
  const rows = await ledger.query(
    "SELECT p.delivery, p.object_type, p.metric, CAST(p.accepted AS DOUBLE) AS accepted " +
      `FROM planned p ANTI JOIN (${done}) s USING (delivery, object_type, metric) ` +
      `WHERE p.delivery IN (${deliveries.map(quote).join(", ")})`,
  );
  return new Map(
    rows.map(({ delivery, object_type, metric, accepted }) => [
      keyOf(String(delivery), String(object_type), String(metric)),
      typeof accepted === "number" ? accepted : undefined,
    ]),
  );
}

function keyOf(delivery: string, objectType: string, metric: string): string {
  return JSON.stringify([delivery, objectType, metric]);
}
