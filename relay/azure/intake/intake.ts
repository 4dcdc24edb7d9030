import type { HttpHandler, HttpRequest, InvocationContext } from "@azure/functions";
import { appNumbers } from "../../core/app-settings.ts";
import { longestCall } from "../../core/delivery/time-limits.ts";
import { ByteBudget } from "../../core/intake/byte-budget.ts";
import { memoryBudget } from "../../core/intake/memory-budget.ts";
import { freshnessProblem, isUnsigned, signatureProblem } from "../../core/intake/verify.ts";
import { runWithinBudget } from "../budget.ts";
import { describeError, lineByLine, logOutcome, type RelayLog } from "../log.ts";
import type { QueueWatch } from "../queue-watch.ts";
import type { IntakeSettings } from "../settings.ts";
import { SummedLines } from "../summed-lines.ts";
import { EventKeeper, type EventKeeperPorts } from "./event-keeper.ts";
import type { Gate } from "./gate.ts";
import {
  badSignature,
  closedIntake,
  type IntakeRefusal,
  missingSigningKey,
  notStored,
  unreadBody,
  unusableSettings,
} from "./refusals.ts";
import { withBody } from "./request-body.ts";

/** Milliseconds. Customer.io's limit for a call is 4 s, including the network. */
export interface IntakeBudget {
  /** The time from a call's arrival to its answer, whatever the storage does. */
  readonly call: number;
  /** The write of one queue message, including retries and waits. */
  readonly write: number;
  /** After this time, later writes no longer wait for this one. */
  readonly patience: number;
}

/** Patience and a write together fit into the call's budget, so that even a slow storage gets its events in time. */
export const intakeBudget: IntakeBudget = { call: longestCall, write: 2_600, patience: 250 };

export interface IntakePorts {
  readonly signingKeys: readonly string[];
  readonly settings: IntakeSettings;
  readonly storage: EventKeeperPorts["storage"];
  /** Reports whether the intake is closed. */
  readonly gate: Gate;
  readonly clock: () => Date;
  readonly budget: IntakeBudget;
  /** Maximum bytes in the bodies of concurrent calls; by default the limit of an instance of the default size. */
  readonly bodies?: ByteBudget;
  /** The log of calls without an event; by default a separate log, in sums. */
  readonly refusals?: RelayLog;
  /** The log of events; by default a line for each. */
  readonly log?: RelayLog;
  /** Checks after each event, without delaying it. */
  readonly watch?: Pick<QueueWatch, "check">;
}

/**
 * `POST /customerio`: accepts one event from Customer.io's reporting webhook.
 *
 * | answer | when |
 * |---|---|
 * | 200 | the event is in the queue; or a filter leaves it out; or the body is signed but not an event, and is now a dead letter: a refusal would hold up all later events for days |
 * | 401 | no signing key matches, or the signature's time is checked and too far off |
 * | 413 | the body has more than 8 MiB; one far beyond never gets here, since the host answers it with 500 (`hostBodyLimit`) |
 * | 503 | the intake is closed, since the relay is being taken down or this instance has outdated settings (it may know only a former signing key, and a 401 would cost an hour); or no signing key is set; or the settings can't be used; or the storage did not store the event in time; or concurrent calls use all the memory that this instance has for bodies (`memoryBudget`), which adds `Retry-After: 1`. Customer.io repeats the call sooner than after a 500 or 429 |
 *
 * Filters and personal data options are applied here, before anything is stored: what is left out costs nothing
 * further, and what is dropped or hashed is in no queue, claim or dead letter. A body that can't be read can't be
 * redacted either, and becomes a dead letter unchanged.
 *
 * Up to the limit, every signed body is kept, in the queue message or as a claim. What Platform refuses becomes a dead
 * letter later.
 *
 * If the process ends before the write, the call got no answer, and Customer.io repeats it. After the claim but before
 * the message, the same happens, and the repeated call overwrites the claim, or the container's lifecycle rule removes
 * it. After the message but before the answer, the repeated call queues the event again, and Platform gets it twice
 * under the same `_id`.
 */
export function intakeHandler({
  signingKeys,
  settings,
  storage,
  gate,
  clock,
  budget,
  bodies = new ByteBudget(memoryBudget(appNumbers.INSTANCE_MEMORY_MB.default).acceptedBytes),
  refusals = new SummedLines(),
  log = lineByLine,
  watch,
}: IntakePorts): HttpHandler {
  const keeper = new EventKeeper({ digestSecret: signingKeys[0], storage, clock, budget, log });

  const receive = async (request: HttpRequest, { policy, maximumAgeSeconds }: UsableSettings, call: Call) => {
    const { problem, refusal } = await withBody(
      request,
      { budget: bodies, signal: call.signal },
      async (body): Promise<Checked> => {
        if (typeof body === "string") return { refusal: unreadBody[body] };
        const timestamp = request.headers.get("x-cio-timestamp");
        const signature = request.headers.get("x-cio-signature");
        const problem =
          signatureProblem(signingKeys, { timestamp, signature, body }) ??
          freshnessProblem(timestamp, { now: clock(), maximumAgeSeconds });
        // An unsigned body releases its bytes before anything is awaited.
        if (problem !== undefined) return { problem };
        // Checked last, so that a drain has to wait for only one budget.
        const shut = await gate();
        if (shut !== undefined) return { refusal: closedIntake(shut) };
        await keeper.keep(body, { policy, ...call });
        return {};
      },
    );
    if (problem === undefined) return refusal;
    const shut = await gate().catch(() => undefined);
    return shut === undefined ? badSignature(problem) : closedIntake(shut);
  };

  return async (request, context) => {
    const refuse = ({ response, outcome }: IntakeRefusal) => {
      const isStrangers = outcome.outcome === "refused" && isUnsigned(request.headers);
      logOutcome(context, isStrangers ? { ...outcome, unsigned: outcome.refused } : outcome, refusals);
      return response;
    };
    if (signingKeys.length === 0) return refuse(missingSigningKey);
    if ("problem" in settings) return refuse(unusableSettings(settings.problem));
    try {
      return await runWithinBudget(budget.call, async (signal) => {
        const refusal = await receive(request, settings, { context, signal });
        if (refusal !== undefined) return refuse(refusal);
        void watch?.check();
        return { status: 200 };
      });
    } catch (error) {
      return refuse(notStored(describeError(error)));
    }
  };
}

type UsableSettings = Exclude<IntakeSettings, { problem: string }>;

interface Call {
  readonly context: InvocationContext;
  readonly signal: AbortSignal;
}

/** The result for a call's body; without it if the event was kept. */
interface Checked {
  readonly refusal?: IntakeRefusal;
  /** Why the signature is invalid: refused only after the body is released and the gate is checked. */
  readonly problem?: string;
}
