import { classifyText } from "../core/classify.ts";
import { type DeadLetterClass, deadEvent } from "../core/dead-letter.ts";
import { retryAfterSeconds, verdictOf } from "../core/delivery.ts";
import { enrich } from "../core/enrich.ts";
import { afterFailure, type QueuedEvent } from "../core/envelope.ts";
import { isExpired, type WaitReason } from "../core/retry-schedule.ts";
import { bodyOf } from "./claims.ts";
import { describeError } from "./log.ts";
import type { PlatformClient } from "./platform-client.ts";
import { type RelayStorage, storageTimeout } from "./storage.ts";

/** What became of one event of a message. */
export type Delivery =
  /** Platform has it. */
  | { readonly fate: "delivered"; readonly event: QueuedEvent }
  /** Platform won't take it, and it is a dead letter of that name. */
  | { readonly fate: "dead"; readonly event: QueuedEvent; readonly deadLetter: string; readonly reason: string }
  /** Its claim is gone, so an earlier run of the same message was done with it. */
  | { readonly fate: "gone"; readonly event: QueuedEvent }
  | FailedDelivery
  /** It wasn't tried, since Platform had something against one before it that may well stand for all. */
  | { readonly fate: "unsent"; readonly event: QueuedEvent };

/** The event has to come again later; `event` counts the attempt. */
export interface FailedDelivery {
  readonly fate: WaitReason;
  readonly event: QueuedEvent;
  readonly reason: string;
  /** Seconds that Platform asked for. */
  readonly retryAfter: number | undefined;
}

export function hasFailed(delivery: Delivery): delivery is FailedDelivery {
  return delivery.fate === "retry" || delivery.fate === "hold";
}

export interface DeliveryPorts {
  readonly platform: Pick<PlatformClient, "send">;
  readonly storage: Pick<RelayStorage, "readClaim" | "putDeadLetter">;
  readonly clock: () => Date;
}

/**
 * Requests under way at a time for one message. The host runs up to 24 messages an instance, so an instance has at most 96 under way,
 * some 1,000 requests a second at Platform's usual pace: what Adobe's ingestion guardrails name for an organisation.
 */
const concurrency = 4;

/**
 * Sends the events of one message in their order, a few at a time. After the first that has to wait, no further one is sent: an
 * outage then costs one round of requests a message, and the message ends long before the host's `functionTimeout`.
 *
 * @returns one delivery for each event, in their order; it doesn't throw
 */
export async function deliverAll(events: readonly QueuedEvent[], ports: DeliveryPorts): Promise<Delivery[]> {
  const deliveries: Delivery[] = events.map((event) => ({ fate: "unsent", event }));
  const queue = events.entries();
  let waiting = false;
  const worker = async () => {
    for (const [index, event] of queue) {
      if (waiting) return;
      const delivery = await deliver(event, ports);
      deliveries[index] = delivery;
      if (hasFailed(delivery)) waiting = true;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return deliveries;
}

async function deliver(event: QueuedEvent, { platform, storage, clock }: DeliveryPorts): Promise<Delivery> {
  const wait = (fate: WaitReason, reason: string, retryAfter?: number): Delivery => {
    return { fate, event: afterFailure(event, { at: clock().toISOString(), error: reason }), reason, retryAfter };
  };
  const bury = async (buried: QueuedEvent, body: string, why: DeadLetterClass, reason: string): Promise<Delivery> => {
    const blob = deadEvent(buried, body, { class: why, reason, now: clock() });
    try {
      await storage.putDeadLetter(blob, AbortSignal.timeout(storageTimeout));
      return { fate: "dead", event: buried, deadLetter: blob.name, reason: why };
    } catch (error) {
      return wait("retry", `the dead letter could not be written: ${describeError(error)}`);
    }
  };

  let body: string | undefined;
  try {
    body = await bodyOf(event, storage);
  } catch (error) {
    return wait("retry", `the claim could not be read: ${describeError(error)}`);
  }
  if (body === undefined) return { fate: "gone", event };

  const classified = classifyText(body);
  if (classified.kind === "malformed") return bury(event, body, "malformed", classified.reason);

  const answer = await platform.send(enrich(classified.event, event.receivedAt));
  const verdict = "status" in answer ? verdictOf(answer.status) : "retry";
  if (verdict === "delivered") return { fate: "delivered", event };

  const summary = "status" in answer ? `HTTP ${answer.status}` : answer.failure;
  const words = "status" in answer && answer.detail !== "" ? `${summary}, ${answer.detail}` : summary;
  const retryAfter = "status" in answer ? retryAfterSeconds(answer.retryAfter, clock()) : undefined;
  const failed = afterFailure(event, { at: clock().toISOString(), error: summary });
  if (verdict === "dead") return bury(failed, body, "refused", `Platform refused the event: ${words}`);
  if (isExpired(failed, clock()))
    return bury(failed, body, "expired", `Platform did not take the event for 7 days; at last: ${words}`);
  return { fate: verdict, event: failed, reason: summary, retryAfter };
}
