import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { MiddlewareHandler } from "hono";
import { z } from "zod";
import type { PlatformEnvironment } from "./http.ts";
import { uuid } from "./identifiers.ts";
import { gatewayProblem, inletProblem, type Problem } from "./problem.ts";
import type { PlatformState } from "./state.ts";

const effect = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(400).max(599),
    retryAfterSeconds: z.int().nonnegative().optional(),
  }),
  z.strictObject({ kind: z.literal("latency"), milliseconds: z.int().positive() }),
  z.strictObject({ kind: z.literal("reset") }),
  /** Somebody else answers, such as a proxy with a page of its own. */
  z.strictObject({
    kind: z.literal("page"),
    status: z.int().min(200).max(599),
    contentType: z.string().default("text/html"),
    body: z.string().default("<html><body>Sign in</body></html>"),
  }),
]);

/** A trouble to be made: for the next `calls`, or for a `rate` of all calls until it is taken away. */
export const faultRequest = z
  .strictObject({
    target: z.enum(["ims", "gateway", "inlet"]),
    /** Only calls whose path contains this. */
    path: z.string().min(1).optional(),
    effect,
    /** The call is carried out first: what was asked happens, and its answer is late or lost. */
    afterwards: z.boolean().default(false),
    calls: z.int().positive().optional(),
    rate: z.number().gt(0).max(1).optional(),
  })
  .refine((fault) => (fault.calls === undefined) !== (fault.rate === undefined), "Give either calls or rate")
  .refine(
    (fault) => !(fault.afterwards && ["status", "page"].includes(fault.effect.kind)),
    "A status can't come after the answer",
  );

export type FaultTarget = z.infer<typeof faultRequest>["target"];
type Effect = z.infer<typeof effect>;
type Fault = z.infer<typeof faultRequest> & { readonly id: string; struck: number; due: number };

/** The troubles in force. */
export class FaultTable {
  #faults: Fault[] = [];

  add(request: z.infer<typeof faultRequest>): void {
    this.#faults.push({ ...request, id: uuid(), struck: 0, due: 0 });
  }

  clear(): void {
    this.#faults = [];
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  /** The effects that this call suffers; counts it. */
  strike(target: FaultTarget, path: string): { before: Effect[]; afterwards: Effect[] } {
    const struck = this.#faults.filter(
      (fault) => fault.target === target && path.includes(fault.path ?? "") && hits(fault),
    );
    this.#faults = this.#faults.filter((fault) => fault.calls === undefined || fault.struck < fault.calls);
    return {
      before: struck.filter((fault) => !fault.afterwards).map((fault) => fault.effect),
      afterwards: struck.filter((fault) => fault.afterwards).map((fault) => fault.effect),
    };
  }
}

/** A rate strikes evenly (0.25: each fourth call), so that a test can count on it. */
function hits(fault: Fault): boolean {
  fault.due += fault.rate ?? 1;
  if (fault.due < 1) return false;
  fault.due -= 1;
  fault.struck += 1;
  return true;
}

/** Makes the troubles that the admin routes asked for. */
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

/** The gateway's and IMS's trouble wears the gateway's body; the streaming host's is described with the inlet. */
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
