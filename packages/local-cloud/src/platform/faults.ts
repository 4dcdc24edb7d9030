import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { MiddlewareHandler } from "hono";
import type { FaultTarget } from "./state/fault-table.ts";
import type { PlatformState } from "./state/state.ts";
import type { PlatformEnvironment } from "./web/http.ts";
import { gatewayProblem, inletProblem, type Problem } from "./web/problem.ts";

/** Injects the faults that were requested on the admin routes. */
export function injectFaults(state: PlatformState, target: FaultTarget): MiddlewareHandler<PlatformEnvironment> {
  return async (context, next) => {
    const { before, afterwards } = state.faults.strike(target, context.req.path);
    for (const effect of before) {
      if (effect.kind === "status") throw faultProblem(target, effect.status, effect.retryAfterSeconds);
      if (effect.kind === "latency") await wait(effect.milliseconds);
      else if (effect.kind === "reset") return reset(context.env.incoming.socket);
      else return new Response(effect.body, { status: effect.status, headers: { "content-type": effect.contentType } });
    }
    await next();
    for (const effect of afterwards) {
      if (effect.kind === "latency") await wait(effect.milliseconds);
      else if (effect.kind === "reset") context.res = reset(context.env.incoming.socket);
    }
  };
}

function reset(socket: { resetAndDestroy(): unknown }): Response {
  socket.resetAndDestroy();
  return RESPONSE_ALREADY_SENT.clone();
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Faults of the gateway and IMS use the gateway's error format, those of the streaming host the inlet's. */
function faultProblem(target: FaultTarget, status: number, retryAfterSeconds: number | undefined): Problem {
  const headers: Record<string, string> = {};
  if (retryAfterSeconds !== undefined) headers["Retry-After"] = String(retryAfterSeconds);
  if (target === "inlet") return inletProblem(status, statusTexts[status] ?? "Error", undefined, headers);
  if (status === 429) return gatewayProblem("429050", "Too many requests", headers);
  return gatewayProblem(`${status}000`, statusTexts[status] ?? "Error", headers);
}

const statusTexts: Readonly<Record<number, string>> = {
  429: "Too many requests",
  500: "Internal server error",
  503: "Service unavailable",
};
