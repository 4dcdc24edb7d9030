import type { HttpHandler, HttpResponseInit, InvocationContext } from "@azure/functions";
import { withinBudget } from "./budget.ts";
import { describeError, logOutcome } from "./log.ts";
import type { QueueWatch } from "./queue-watch.ts";
import type { RelayStorage } from "./storage.ts";

/** Milliseconds for which an answer is given again without another look. */
const freshFor = 5_000;

export interface HealthPorts {
  readonly signingKeys: readonly string[];
  readonly storage: Pick<RelayStorage, "check">;
  /** Milliseconds for the storage to answer. */
  readonly budget: number;
  /** Is asked to look whenever this looks, so that a stopped queue shows while no event comes. */
  readonly watch?: Pick<QueueWatch, "look">;
  /** Milliseconds of a clock that never goes back; Node's by default. */
  readonly monotonic?: () => number;
}

/**
 * `GET /health`: 200 `{ "status": "ok", "signingKeys": true }` once queue and containers can be reached, else 503 with the status
 * `unavailable`. `signingKeys` says whether the relay has a key to check Customer.io's signatures with: without one it is well, but
 * refuses every event. Anybody may ask, so there is no word on why.
 *
 * Since anybody may ask as often as they like, there is one look at the storage at a time, and its result, good or bad, counts for five
 * seconds: the queue's request rate is for events.
 */
export function healthHandler({
  signingKeys,
  storage,
  budget,
  watch,
  monotonic = () => performance.now(),
}: HealthPorts): HttpHandler {
  const state = { signingKeys: signingKeys.length > 0 };
  let last: { readonly answer: HttpResponseInit; readonly until: number } | undefined;
  let looking: Promise<HttpResponseInit> | undefined;

  const look = async (context: InvocationContext): Promise<HttpResponseInit> => {
    void watch?.look();
    try {
      await withinBudget(budget, (signal) => storage.check(signal));
      return { status: 200, jsonBody: { status: "ok", ...state } };
    } catch (error) {
      logOutcome(context, "error", { outcome: "unavailable", reason: describeError(error) });
      return { status: 503, jsonBody: { status: "unavailable", ...state } };
    }
  };

  return (_request, context) => {
    if (last && monotonic() < last.until) return last.answer;
    looking ??= look(context).then((answer) => {
      looking = undefined;
      last = { answer, until: monotonic() + freshFor };
      return answer;
    });
    return looking;
  };
}
