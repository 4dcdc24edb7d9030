import {
  type History,
  listingDelay,
  rebuildEvents,
  type TimeRange,
  type UnknownNames,
} from "pulumi-customerio/history";
import { z } from "zod";
import type { Ledger, Occurrence } from "../ledger.ts";
import { type AuditRange, judgedAfter } from "../range.ts";
import { digestOf, type Expectation, reasonToLeaveOut } from "./expectation.ts";

export interface RecordedOptions {
  readonly history: Pick<History, "listMessages">;
  readonly ledger: Ledger;
  /** When the messages were created. */
  readonly created: TimeRange;
  /** The days that are audited. */
  readonly range: AuditRange;
  /** Unix seconds. */
  readonly now: number;
  readonly expectation: Expectation;
  readonly signal: AbortSignal;
  /** Called with the Unix seconds until which messages are read. */
  readonly progress: (doneUntil: number) => void;
}

/** Seconds after its beginning within which a stopped read can continue, since a daily quota may stop it. Later, it would mix times too far apart. */
const continuedFor = 2 * 86_400;

const noteName = "recorded";
/** A read of the whole record, by one run or several. */
const readShape = z.object({
  /** Unix seconds. */
  began: z.number(),
  isDone: z.boolean(),
  /** Of what the record was compared with. */
  expectation: z.string(),
  /** Types and metrics that this version does not know. */
  unknown: z.array(z.tuple([z.string(), z.number()])),
});
type Read = z.output<typeof readShape>;

/**
 * Reads Customer.io's record into the ledger. It continues where an earlier run stopped, and begins again if what was read may have changed
 * since: a message gets opens and clicks until the end of the range, and devices report them for days after; and other settings mean
 * other reasons.
 */
export async function readRecorded(options: RecordedOptions): Promise<UnknownNames> {
  const { ledger, now, expectation } = options;
  const held = await ledger.readNote(noteName);
  const before = held === undefined ? undefined : readShape.parse(JSON.parse(held));
  const digest = digestOf(expectation);
  const isCurrent = before?.expectation === digest && isStillTrue(before, options);
  if (!isCurrent) await forgetRecorded(ledger);
  const read: Read = isCurrent ? before : { began: now, isDone: false, expectation: digest, unknown: [] };
  const unknown: UnknownNames = new Map(read.unknown);
  let noted: string | undefined;
  const setNote = async (isDone: boolean) => {
    const note = JSON.stringify({ ...read, isDone, unknown: [...unknown] } satisfies Read);
    // A year has hundreds of pages, and hardly one with a name that is new.
    if (note !== noted) await ledger.setNote(noteName, note);
    noted = note;
  };
  // Whatever the webhook subscribes to: nothing says which list has a draft that was sent later.
  for (const drafts of [false, true]) {
    // A read that was done has to stay so, since it is true for a shorter time.
    await readList(options, drafts, unknown, () => setNote(read.isDone));
  }
  await setNote(true);
  return unknown;
}

function isStillTrue({ began, isDone }: Read, { now, range }: RecordedOptions): boolean {
  const final = range.to + judgedAfter;
  if (now >= final) return began >= final;
  // Messages are listed up to an hour late, so a shorter time makes no difference.
  return now - began < (isDone ? listingDelay : continuedFor);
}

/** Makes the next audit in the folder read Customer.io's record from its beginning. */
export async function forgetRecorded(ledger: Ledger): Promise<void> {
  await ledger.inTransaction(async () => {
    await ledger.run("DELETE FROM recorded; DELETE FROM deliveries");
    await ledger.run(`DELETE FROM notes WHERE name IN ('${noteName}', 'messages until', 'drafts until')`);
  });
}

/** @param setNote notes what is unknown so far, together with the page that has it */
async function readList(
  { history, ledger, created, expectation, signal, progress }: RecordedOptions,
  drafts: boolean,
  unknown: UnknownNames,
  setNote: () => Promise<void>,
): Promise<void> {
  const note = drafts ? "drafts until" : "messages until";
  const from = Number((await ledger.readNote(note)) ?? created.from);
  for await (const { messages, doneUntil } of history.listMessages({ ...created, from }, signal, drafts)) {
    const occurrences = messages
      .flatMap((message) => rebuildEvents(message, unknown))
      .map((event): Occurrence => {
        const { object_type: objectType, metric, timestamp: happened, data } = event;
        return {
          delivery: data.delivery_id,
          objectType,
          metric,
          happened,
          reason: reasonToLeaveOut(event, expectation),
        };
      });
    await ledger.inTransaction(async () => {
      await ledger.add("recorded", occurrences);
      await ledger.addDeliveries(messages.map(({ id }) => id));
      await ledger.setNote(note, String(doneUntil));
      await setNote();
    });
    progress(doneUntil);
  }
}
