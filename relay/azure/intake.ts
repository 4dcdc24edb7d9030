import type { HttpHandler, HttpResponseInit, InvocationContext } from "@azure/functions";
import { blobName } from "../core/blob-name.ts";
import { classify } from "../core/classify.ts";
import { deadBody } from "../core/dead-letter.ts";
import { claimed, fitsInline, newEvent, type QueuedEvent } from "../core/envelope.ts";
import { GroupCommit } from "../core/group-commit.ts";
import { signatureProblem } from "../core/verify.ts";
import { withinBudget } from "./budget.ts";
import { describeError, logOutcome } from "./log.ts";
import type { RelayStorage } from "./storage.ts";

/** Milliseconds. Customer.io gives a call 4 s with everything, the way there and back included. */
export interface IntakeBudget {
  /** From the call's arrival to its answer, whatever the storage does. */
  readonly call: number;
  /** One queue message's write, tries and waits between them included. */
  readonly write: number;
  /** After so long, a write no longer holds up those behind it. */
  readonly patience: number;
}

/** Patience and a write together stay within the call's budget, so that even a slow storage gets its events in time. */
export const intakeBudget: IntakeBudget = { call: 3_000, write: 2_600, patience: 250 };

export interface IntakePorts {
  readonly signingKeys: readonly string[];
  readonly storage: Pick<RelayStorage, "enqueue" | "putClaim" | "putDeadLetter">;
  readonly clock: () => Date;
  readonly budget: IntakeBudget;
}

/**
 * `POST /customerio`: takes one event from Customer.io's reporting webhook.
 *
 * | answer | when |
 * |---|---|
 * | 200 | the event is in the queue; or it was signed but is none, and is a dead letter: refused, it would hold up all others for days |
 * | 401 | no signing key fits |
 * | 503 | no signing key is set, or the storage did not take the event in time. Customer.io repeats the call, sooner than after a 500 or 429 |
 *
 * There is no limit of size: the body is in memory before this code runs, the host has its own limit (100 MB), and whatever was
 * signed is kept: in the queue message, or as a claim. What Platform won't take becomes a dead letter later.
 *
 * Where it could end early: before the write, nothing was answered, and Customer.io repeats the call. After the claim but before the
 * message: the same, and the claim is overwritten by the repeated call or swept by the container's lifecycle rule. After the message
 * but before the answer: the repeated call queues the event again, and Platform gets it twice under the same `_id`.
 */
export function intakeHandler({ signingKeys, storage, clock, budget }: IntakePorts): HttpHandler {
  const groups = new GroupCommit({
    write: (message) => withinBudget(budget.write, (signal) => storage.enqueue(message, { delaySeconds: 0, signal })),
    whenSlow: (callBack) => {
      const timer = setTimeout(callBack, budget.patience);
      return () => clearTimeout(timer);
    },
  });

  const keep = async (body: Uint8Array, context: InvocationContext, signal: AbortSignal): Promise<void> => {
    const now = clock();
    const receivedAt = now.toISOString();
    const classified = classify(body);
    if (classified.kind === "malformed") {
      const blob = deadBody(body, { class: "malformed", reason: classified.reason, receivedAt, now });
      await storage.putDeadLetter(blob, signal);
      logOutcome(context, "error", { outcome: "dead", dead: 1, reason: classified.reason, deadLetter: blob.name });
      return;
    }
    const { event, text } = classified;
    const inline = newEvent({ id: event.event_id, receivedAt, body: text });
    let queued: QueuedEvent = inline;
    if (!fitsInline(inline)) {
      const claim = blobName(inline);
      await storage.putClaim(claim, text, signal);
      queued = claimed(inline, claim);
    }
    const { first, ids } = await groups.commit(queued);
    // One line for all that share a message: at thousands of events a second the log is the larger part of the bill.
    if (first) logOutcome(context, "info", { outcome: "accepted", accepted: ids.length, ids });
  };

  return async (request, context) => {
    if (signingKeys.length === 0) {
      logOutcome(context, "error", { outcome: "unavailable", reason: "CUSTOMERIO_SIGNING_KEYS holds no signing key" });
      return answer(503, "no signing key is configured");
    }
    try {
      return await withinBudget(budget.call, async (signal) => {
        const body = new Uint8Array(await request.arrayBuffer());
        const timestamp = request.headers.get("x-cio-timestamp");
        const signature = request.headers.get("x-cio-signature");
        const problem = signatureProblem(signingKeys, { timestamp, signature, body });
        if (problem !== undefined) {
          logOutcome(context, "warn", { outcome: "refused", reason: problem });
          return answer(401, "the signature is missing or wrong");
        }
        await keep(body, context, signal);
        return answer(200);
      });
    } catch (error) {
      logOutcome(context, "error", { outcome: "unavailable", reason: describeError(error) });
      return answer(503, "the event could not be stored");
    }
  };
}

function answer(status: number, error?: string): HttpResponseInit {
  return error === undefined ? { status } : { status, jsonBody: { error } };
}
