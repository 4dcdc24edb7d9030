import type { HttpHandler, HttpResponseInit, InvocationContext } from "@azure/functions";
import { appNumbers } from "../../core/app-settings.ts";
import { blobName } from "../../core/blob-name.ts";
import { addPathCounts } from "../../core/counts/path-counts.ts";
import { longestCall } from "../../core/delivery/time-limits.ts";
import { type Admission, admit } from "../../core/event/admit.ts";
import { deadBody } from "../../core/event/dead-letter.ts";
import { claimed, fitsInline, newEvent, type QueuedEvent } from "../../core/event/envelope.ts";
import { mostUnknownPaths } from "../../core/event/unknown-attributes.ts";
import { bodyBudget, maxBodyBytes } from "../../core/intake/body-limit.ts";
import { ByteBudget } from "../../core/intake/byte-budget.ts";
import { GroupCommit } from "../../core/intake/group-commit.ts";
import { freshnessProblem, signatureProblem } from "../../core/intake/verify.ts";
import type { EventPolicy } from "../../core/policy/policy.ts";
import { withinBudget } from "../budget.ts";
import { describeError, logOutcome } from "../log.ts";
import type { QueueWatch } from "../queue-watch.ts";
import type { IntakeSettings } from "../settings.ts";
import type { RelayStorage } from "../storage/storage.ts";
import { type CallOutcome, SummedLines } from "../summed-lines.ts";
import { type Gate, openGate } from "./gate.ts";
import { type UnreadBody, withBody } from "./request-body.ts";

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
export const intakeBudget: IntakeBudget = { call: longestCall, write: 2_600, patience: 250 };

export interface IntakePorts {
  readonly signingKeys: readonly string[];
  readonly settings: IntakeSettings;
  readonly storage: Pick<RelayStorage, "enqueue" | "putClaim" | "putDeadLetter">;
  /** Says whether the intake is closed; default: it never is. */
  readonly gate?: Gate;
  readonly clock: () => Date;
  readonly budget: IntakeBudget;
  /** Bytes of bodies that all calls together may hold; by default those of an instance of the default size. */
  readonly bodies?: ByteBudget;
  /** The log of calls that bring no event; one of its own by default. */
  readonly lines?: SummedLines;
  /** Is asked to look after each event, which doesn't wait for it. */
  readonly watch?: Pick<QueueWatch, "look">;
}

/**
 * `POST /customerio`: takes one event from Customer.io's reporting webhook.
 *
 * | answer | when |
 * |---|---|
 * | 200 | the event is in the queue; or it is left out by a filter; or it was signed but is none, and is a dead letter: refused, it would hold up all others for days |
 * | 401 | no signing key fits, or the signature's time is too far off where that is checked |
 * | 413 | the body has more than 16 MiB; one far beyond never gets here, since the host answers it with 500 (`hostBodyLimit`) |
 * | 503 | the intake is closed, since the relay is being taken down or newer settings have replaced those of this instance (which may know a former signing key only: a 401 would cost an hour); or no signing key is set or the settings can't be used, or the storage did not take the event in time; or calls that are under way hold as many bytes as this instance can (`bodyBudget`), which has `Retry-After: 1`. Customer.io repeats the call, sooner than after a 500 or 429 |
 *
 * Filters and personal data are seen to here, before anything is stored: what is left out costs nothing further, and what is dropped
 * or hashed is in no queue, claim or dead letter. What can't be read, though, can't be redacted either, and is a dead letter as it came.
 *
 * Up to the limit, whatever was signed is kept: in the queue message, or as a claim. What Platform won't take becomes a dead letter
 * later.
 *
 * Where it could end early: before the write, nothing was answered, and Customer.io repeats the call. After the claim but before the
 * message: the same, and the claim is overwritten by the repeated call or swept by the container's lifecycle rule. After the message
 * but before the answer: the repeated call queues the event again, and Platform gets it twice under the same `_id`.
 */
export function intakeHandler({
  signingKeys,
  settings,
  storage,
  gate = openGate,
  clock,
  budget,
  bodies = new ByteBudget(bodyBudget(appNumbers.INSTANCE_MEMORY_MB.default)),
  lines = new SummedLines(),
  watch,
}: IntakePorts): HttpHandler {
  const groups = new GroupCommit<Label>({
    write: (message) => withinBudget(budget.write, (signal) => storage.enqueue(message, { delaySeconds: 0, signal })),
    whenSlow: (callBack) => {
      const timer = setTimeout(callBack, budget.patience);
      return () => clearTimeout(timer);
    },
  });

  const keep = async (body: Uint8Array, policy: EventPolicy, context: InvocationContext, signal: AbortSignal) => {
    const now = clock();
    const receivedAt = now.toISOString();
    const bury = async (why: "malformed" | "poison", reason: string): Promise<void> => {
      const blob = deadBody(body, { class: why, reason, receivedAt, now });
      // A repeated call overwrites its dead letter, and would be counted twice.
      const count = (await storage.putDeadLetter(blob, signal)) ? 1 : 0;
      logOutcome(context, { outcome: "dead", dead: count, setAside: count, reason, deadLetter: blob.name });
    };
    let admission: Admission;
    try {
      admission = admit(body, policy, signingKeys[0]);
    } catch (error) {
      // Answered with 503, it would come again for days.
      return bury("poison", `The event's personal data could not be taken out: ${describeError(error)}`);
    }
    if (admission.kind === "malformed") return bury("malformed", admission.reason);
    const { id } = admission;
    if (admission.kind === "filtered") {
      logOutcome(context, { outcome: "filtered", filtered: 1, rule: admission.rule, ids: [id] });
      return;
    }
    const { text, digest } = admission;
    const inline = newEvent({ id, receivedAt, body: text, digest });
    let queued: QueuedEvent = inline;
    if (!fitsInline(inline)) {
      const claim = blobName(inline);
      await storage.putClaim(claim, text, signal);
      queued = claimed(inline, claim);
    }
    const { first, ids, labels } = await groups.commit(queued, labelsOf(admission));
    // One line for all that share a message: at thousands of events a second the log is the larger part of the bill.
    if (first) logOutcome(context, { outcome: "accepted", accepted: ids.length, ...countsOf(labels), ids });
  };

  return async (request, context) => {
    const without = (outcome: CallOutcome["outcome"], reason: string) => lines.add(context, { outcome, reason });
    if (signingKeys.length === 0) {
      without("unavailable", "CUSTOMERIO_SIGNING_KEYS holds no signing key");
      return answer(503, "no signing key is configured");
    }
    if ("problem" in settings) {
      without("unavailable", settings.problem);
      return answer(503, "the relay's settings can't be used");
    }
    const { policy, maximumAgeSeconds } = settings;
    try {
      return await withinBudget(budget.call, async (signal) => {
        const held = await withBody(request, { budget: bodies, signal }, async (body): Promise<Checked> => {
          if (typeof body === "string") return { unread: body };
          const timestamp = request.headers.get("x-cio-timestamp");
          const signature = request.headers.get("x-cio-signature");
          const problem =
            signatureProblem(signingKeys, { timestamp, signature, body }) ??
            freshnessProblem(timestamp, { now: clock(), maximumAgeSeconds });
          // What nobody signed gives its bytes back before anything is waited for.
          if (problem !== undefined) return { problem };
          // Asked last, so that a drain has to wait for one budget only.
          const shut = await gate();
          if (shut !== undefined) return { shut };
          await keep(body, policy, context, signal);
          return {};
        });
        if (held.unread === "tooLarge") {
          without("refused", `the body has more than ${maxBodyBytes} bytes`);
          return answer(413, `the body has more than ${maxBodyBytes} bytes`);
        }
        if (held.unread === "noRoom") {
          without("unavailable", "the calls under way hold as many bytes as this instance can");
          return { ...answer(503, "too many bytes are being received"), headers: { "retry-after": "1" } };
        }
        const shut = held.problem === undefined ? held.shut : await gate().catch(() => undefined);
        if (shut !== undefined) {
          without("closed", shut);
          return answer(503, `no events are taken: ${shut}`);
        }
        if (held.problem !== undefined) {
          without("refused", held.problem);
          return answer(401, "the signature is missing or wrong");
        }
        void watch?.look();
        return answer(200);
      });
    } catch (error) {
      without("unavailable", describeError(error));
      return answer(503, "the event could not be stored");
    }
  };
}

/** What became of a call's body; nothing of it where the event was kept. */
interface Checked {
  readonly unread?: UnreadBody;
  /** Why the signature does not hold. */
  readonly problem?: string;
  /** Why the intake is closed. */
  readonly shut?: string;
}

type Label =
  | { readonly redacted: string }
  /** A filter could not read what it asks for. */
  | { readonly unread: true }
  | { readonly unknown: readonly string[] };

/** What the log is to say of an event. */
function labelsOf({ redacted, unread, unknown }: Extract<Admission, { kind: "admitted" }>): Label[] {
  const labels: Label[] = redacted.map((setting) => ({ redacted: setting }));
  if (unread) labels.push({ unread });
  if (unknown.length > 0) labels.push({ unknown });
  return labels;
}

/** The labels of a group's events added up; nothing of what no event has. */
function countsOf(labels: readonly Label[]): Record<string, unknown> {
  const redacted: Record<string, number> = {};
  const unknown = new Map<string, number>();
  let [unread, unknownAttributes] = [0, 0];
  for (const label of labels) {
    if ("redacted" in label) redacted[label.redacted] = (redacted[label.redacted] ?? 0) + 1;
    else if ("unread" in label) unread += 1;
    else {
      unknownAttributes += 1;
      addPathCounts(unknown, Object.fromEntries(label.unknown.map((path) => [path, 1])), mostUnknownPaths);
    }
  }
  return {
    ...(Object.keys(redacted).length > 0 && { redacted }),
    ...(unread > 0 && { unread }),
    ...(unknownAttributes > 0 && { unknownAttributes, unknown: Object.fromEntries(unknown) }),
  };
}

function answer(status: number, error?: string): HttpResponseInit {
  return error === undefined ? { status } : { status, jsonBody: { error } };
}
