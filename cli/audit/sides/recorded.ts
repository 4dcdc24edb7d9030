import {
  type History,
  type RebuiltEvent,
  rebuildEvents,
  type TimeRange,
  type UnknownNames,
} from "pulumi-customerio/history";
import type { Ledger, Occurrence } from "../ledger.ts";

export interface RecordedOptions {
  readonly history: Pick<History, "listMessages">;
  readonly ledger: Ledger;
  /** When the messages were created. */
  readonly created: TimeRange;
  /** Why an event need not be in the dataset. */
  readonly reasonOf: (event: RebuiltEvent) => string | undefined;
  /** Whether drafts matter: they are in a separate list. */
  readonly drafts: boolean;
  readonly signal: AbortSignal;
  /** Called with the Unix seconds until which messages are read. */
  readonly progress: (doneUntil: number) => void;
}

/** Reads Customer.io's record into the ledger, and continues where an earlier run stopped. */
export async function readRecorded(options: RecordedOptions): Promise<UnknownNames> {
  const unknown: UnknownNames = new Map();
  for (const drafts of options.drafts ? [false, true] : [false]) await readList(options, drafts, unknown);
  return unknown;
}

async function readList(
  { history, ledger, created, reasonOf, signal, progress }: RecordedOptions,
  drafts: boolean,
  unknown: UnknownNames,
): Promise<void> {
  const note = drafts ? "drafts until" : "messages until";
  const from = Number((await ledger.readNote(note)) ?? created.from);
  for await (const { messages, doneUntil } of history.listMessages({ ...created, from }, signal, drafts)) {
    const occurrences = messages
      .flatMap((message) => rebuildEvents(message, unknown))
      .map((event): Occurrence => {
        const { object_type: objectType, metric, timestamp: happened, data } = event;
        return { delivery: data.delivery_id, objectType, metric, happened, reason: reasonOf(event) };
      });
    await ledger.inTransaction(async () => {
      await ledger.add("recorded", occurrences);
      await ledger.addDeliveries(messages.map(({ id }) => id));
      await ledger.setNote(note, String(doneUntil));
    });
    progress(doneUntil);
  }
}
