import type { Pause } from "../../core/delivery/breaker.ts";
import { verdictOf } from "../../core/delivery/delivery.ts";
import { comesAgain, type WaitReason } from "../../core/delivery/fates.ts";
import { isExpired, isOverdue } from "../../core/delivery/retry-schedule.ts";
import { noteSubject } from "../../core/duplicates/delivery-note.ts";
import { mayBeRepeated } from "../../core/duplicates/repetition.ts";
import { classifyText } from "../../core/event/classify.ts";
import { type DeadLetterClass, deadEvent, isOfRepeatedCall } from "../../core/event/dead-letter.ts";
import { enrich } from "../../core/event/enrich.ts";
import { addFailure, type QueuedEvent } from "../../core/event/envelope.ts";
import { readCreationTime } from "../../core/event/event-time.ts";
import { describeError } from "../log.ts";
import { type BodyRoom, withRoom } from "../storage/body-room.ts";
import { readBody } from "../storage/claims.ts";
import { type RelayStorageClient, storageTimeout } from "../storage/storage.ts";
import type { Duplicates } from "./duplicates.ts";
import type { Sender, SendingTurn } from "./paced-client.ts";
import type { PlatformAnswer } from "./platform-answer.ts";

/** The result for one event of a message. */
export type DeliveryResult =
  /** Platform has it. */
  | { readonly fate: "delivered"; readonly event: QueuedEvent }
  /** Platform refuses it, and it is now a dead letter with that name; `gone` if another message with the same event made it one before. */
  | {
      readonly fate: "dead" | "gone";
      readonly event: QueuedEvent;
      readonly deadLetter: string;
      readonly reason: string;
    }
  /** Platform already has the same event. */
  | { readonly fate: "duplicate"; readonly event: QueuedEvent }
  /** Its claim is gone, so an earlier run, or another message with the same event, finished it. */
  | { readonly fate: "gone"; readonly event: QueuedEvent }
  | FailedDelivery
  | UnsentDelivery;

/** Not tried: Platform accepts nothing now, its turn is too far off, or the time for the message is up. */
interface UnsentDelivery {
  readonly fate: "unsent";
  readonly event: QueuedEvent;
  readonly pause?: Pause;
}

/** The event has to be tried again later; `event` counts the attempt. */
export interface FailedDelivery {
  readonly fate: WaitReason;
  readonly event: QueuedEvent;
  readonly reason: string;
  /** Seconds that Platform asked to wait. */
  readonly retryAfter: number | undefined;
  /** Whether Platform accepted nothing at that time, so that the failure is not the event's own. */
  readonly isOutage: boolean;
}

export function hasFailed(delivery: DeliveryResult): delivery is FailedDelivery {
  return comesAgain(delivery.fate);
}

export interface DeliveryPorts {
  readonly platform: Pick<Sender, "newRank" | "turn" | "isAway">;
  readonly storage: Pick<RelayStorageClient, "readClaim" | "putDeadLetter">;
  /** For the bodies that are not in the message. */
  readonly room: BodyRoom;
  readonly duplicates: Duplicates;
  /** Whether the queue may have handed out the message before. */
  readonly isRedelivered: boolean;
  /** Called when duplicates can't be recognized just now. */
  readonly onTrouble: (reason: string) => void;
  readonly clock: () => Date;
}

/**
 * Concurrent events of one message: enough that a few without an answer hold up only a few others. The host runs up to
 * 40 messages per instance; the pace of the instance decides when they are sent.
 */
const concurrency = 16;

/**
 * Milliseconds after which no further event of a message is started, so that it ends within the host's
 * `functionTimeout`. Until then its events wait for their turn at the rate limit, which costs nothing; putting them
 * back would cost three queue operations.
 */
const longestWork = 2 * 60 * 1000;

/**
 * Sends the events of one message in order, several at a time. A failed event does not keep others from being tried;
 * the rest is left unsent only if Platform accepts nothing at all or the time is up.
 *
 * @returns one delivery for each event, in the same order; never throws
 */
export async function deliverAll(events: readonly QueuedEvent[], ports: DeliveryPorts): Promise<DeliveryResult[]> {
  const deliveries: DeliveryResult[] = events.map((event) => ({ fate: "unsent", event }));
  const queue = events.entries();
  const until = ports.clock().getTime() + longestWork;
  const rank = ports.platform.newRank();
  const worker = async () => {
    for (const [index, event] of queue) {
      if (ports.clock().getTime() > until) return;
      const patience = until - ports.clock().getTime();
      const wait = { room: ports.room, patience, otherwise: leaveUnsent(event) };
      const delivery = await withRoom(event, wait, () => deliver(event, { rank, until }, ports));
      deliveries[index] = delivery;
      if (delivery.fate === "unsent") return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, events.length) }, worker));
  return deliveries;
}

/** The result for an event that never got room. */
function leaveUnsent(event: QueuedEvent): () => DeliveryResult {
  return () => ({ fate: "unsent", event });
}

async function deliver(
  event: QueuedEvent,
  { rank, until }: { rank: number; until: number },
  ports: DeliveryPorts,
): Promise<DeliveryResult> {
  const { platform, storage, duplicates, isRedelivered, onTrouble, clock } = ports;
  const turn = await platform.turn(event.attempts, rank, until - clock().getTime());
  if ("seconds" in turn) {
    return isOverdue(event, clock()) ? buryOverdue(event, turn.why, ports) : { fate: "unsent", event, pause: turn };
  }

  let body: string | undefined;
  try {
    body = await readBody(event, storage);
  } catch (error) {
    return recordFailure(event, `the claim could not be read: ${describeError(error)}`, clock());
  }
  if (body === undefined) return { fate: "gone", event };

  const unsent = { event, buried: event };
  const classified = classifyText(body, event.digest);
  if (classified.kind === "malformed") {
    return buryEvent(unsent, body, { class: "malformed", reason: classified.reason }, ports);
  }

  let record: string;
  try {
    record = enrich(classified, event.receivedAt);
  } catch (error) {
    // For example, JSON that is nested too deeply to be serialized again. If this threw, the whole message would become
    // poison.
    const reason = `The relay could not make a record of the event: ${describeError(error)}`;
    return buryEvent(unsent, body, { class: "poison", reason }, ports);
  }

  const { id } = classified;
  const createdAt = readCreationTime(id, classified.event.timestamp);
  const subject = noteSubject(classified.event);
  const known = { id, createdAt, body, digest: event.digest, subject };
  const delivery = await duplicates.deliverOnce(
    { ...known, mayBeRepeated: isRedelivered || mayBeRepeated(event, createdAt) },
    () => sendRecord(record, { event, body, turn }, ports),
    onTrouble,
  );
  return delivery ?? { fate: "duplicate", event };
}

/** Sends the record of an event in its turn. */
async function sendRecord(
  record: string,
  { event, body, turn }: { event: QueuedEvent; body: string; turn: SendingTurn },
  ports: DeliveryPorts,
): Promise<DeliveryResult> {
  const { platform, clock } = ports;
  const sent = await turn.send(record, wasRefused(event));
  if ("seconds" in sent) return { fate: "unsent", event, pause: sent };
  const { answer, verdict, retryAfter } = sent;
  if (verdict === "delivered") return { fate: "delivered", event };

  const summary = "status" in answer ? summaryOf(answer) : answer.failure;
  const words =
    "status" in answer && !answer.isForeign && answer.detail !== "" ? `${summary}, ${answer.detail}` : summary;
  const tried = addFailure(event, { at: clock().toISOString(), error: summary });
  const bury = (why: DeadLetterClass, reason: string) =>
    buryEvent({ event, buried: tried }, body, { class: why, reason }, ports);
  if (verdict === "dead") return bury("refused", `Platform refused the event: ${words}`);
  if (isExpired(tried, clock())) {
    return bury("expired", `Platform did not accept the event for 7 days; the last failure: ${words}`);
  }
  return { fate: verdict, event: tried, reason: summary, retryAfter, isOutage: platform.isAway };
}

/**
 * Whether Platform refused the event at its last try. Its last error then is the `summaryOf` that answer. The status has no
 * field of its own, since the first version of the relay refuses messages with parts that it doesn't know.
 */
function wasRefused({ lastError = "" }: QueuedEvent): boolean {
  const status = /^HTTP (\d{3})$/.exec(lastError)?.[1];
  return status !== undefined && verdictOf({ status: Number(status) }) === "dead";
}

/** A short description for the log. It must not repeat what Platform says, since that may contain the event. */
function summaryOf({ status, detail, isForeign }: Extract<PlatformAnswer, { status: number }>): string {
  return isForeign ? `HTTP ${status} without Platform's receipt: ${detail}` : `HTTP ${status}`;
}

/**
 * Turns an event that waited for 30 days into a dead letter, since its message must not outlive its claim. Never
 * throws.
 */
export function giveUp(
  event: QueuedEvent,
  why: string,
  ports: Pick<DeliveryPorts, "storage" | "clock" | "room">,
): Promise<DeliveryResult> {
  const wait = { room: ports.room, patience: longestWork, otherwise: leaveUnsent(event) };
  return withRoom(event, wait, () => buryOverdue(event, why, ports));
}

async function buryOverdue(
  event: QueuedEvent,
  why: string,
  ports: Pick<DeliveryPorts, "storage" | "clock">,
): Promise<DeliveryResult> {
  try {
    const body = await readBody(event, ports.storage);
    if (body === undefined) return { fate: "gone", event };
    return await buryEvent({ event, buried: event }, body, { class: "expired", reason: overdue(why) }, ports);
  } catch (error) {
    return recordFailure(event, `the claim could not be read: ${describeError(error)}`, ports.clock());
  }
}

function overdue(why: string): string {
  return `The event waited for 30 days; the last failure: ${why}`;
}

/** Turns an event into a dead letter. If that fails, `event` is tried again; `buried` counts the current attempt. */
async function buryEvent(
  { event, buried }: { event: QueuedEvent; buried: QueuedEvent },
  body: string,
  { class: why, reason }: { class: DeadLetterClass; reason: string },
  { storage, clock }: Pick<DeliveryPorts, "storage" | "clock">,
): Promise<DeliveryResult> {
  const blob = deadEvent(buried, body, { class: why, reason, now: clock() });
  try {
    const isFirst = await storage.putDeadLetter(blob, AbortSignal.timeout(storageTimeout), event.receivedAt);
    return {
      fate: isOfRepeatedCall(event, isFirst) ? "gone" : "dead",
      event: buried,
      deadLetter: blob.name,
      reason: why,
    };
  } catch (error) {
    return recordFailure(event, `the dead letter could not be written: ${describeError(error)}`, clock());
  }
}

/** The event has to be tried again, for a reason other than Platform. */
function recordFailure(event: QueuedEvent, reason: string, now: Date): FailedDelivery {
  const tried = addFailure(event, { at: now.toISOString(), error: reason });
  return { fate: "retry", event: tried, reason, retryAfter: undefined, isOutage: false };
}
