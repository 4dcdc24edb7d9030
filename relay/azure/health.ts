import type { HttpHandler } from "@azure/functions";
import { withinBudget } from "./budget.ts";
import { describeError, logOutcome } from "./log.ts";
import type { RelayStorage } from "./storage.ts";

export interface HealthPorts {
  readonly signingKeys: readonly string[];
  readonly storage: Pick<RelayStorage, "check">;
  /** Milliseconds for the storage to answer. */
  readonly budget: number;
}

/**
 * `GET /health`: 200 `{ "status": "ok", "signingKeys": true }` once queue and containers can be reached, else 503 with the status
 * `unavailable`. `signingKeys` says whether the relay has a key to check Customer.io's signatures with: without one it is well, but
 * refuses every event. Anybody may ask, so there is no word on why.
 */
export function healthHandler({ signingKeys, storage, budget }: HealthPorts): HttpHandler {
  const state = { signingKeys: signingKeys.length > 0 };
  return async (_request, context) => {
    try {
      await withinBudget(budget, (signal) => storage.check(signal));
      return { status: 200, jsonBody: { status: "ok", ...state } };
    } catch (error) {
      logOutcome(context, "error", { outcome: "unavailable", reason: describeError(error) });
      return { status: 503, jsonBody: { status: "unavailable", ...state } };
    }
  };
}
