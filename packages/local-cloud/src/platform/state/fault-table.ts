import { z } from "zod";
import { uuid } from "../web/identifiers.ts";

const effect = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(400).max(599),
    retryAfterSeconds: z.int().nonnegative().optional(),
  }),
  z.strictObject({ kind: z.literal("latency"), milliseconds: z.int().positive() }),
  z.strictObject({ kind: z.literal("reset") }),
  /** Something else answers, such as a proxy with its own page. */
  z.strictObject({
    kind: z.literal("page"),
    status: z.int().min(200).max(599),
    contentType: z.string().default("text/html"),
    body: z.string().default("<html><body>Sign in</body></html>"),
  }),
]);

/** A fault to inject: into the next `calls`, or into a `rate` of all calls until it is removed. */
export const faultRequest = z
  .strictObject({
    target: z.enum(["ims", "gateway", "inlet"]),
    /** Only calls whose path contains this. */
    path: z.string().min(1).optional(),
    effect,
    /** Whether the call is carried out first, so that only its answer is late or lost. */
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

/** The active faults. */
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

  /** Returns the effects on this call, and counts it. */
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

/** A rate applies evenly (0.25: every fourth call), so that tests are deterministic. */
function hits(fault: Fault): boolean {
  fault.due += fault.rate ?? 1;
  if (fault.due < 1) return false;
  fault.due -= 1;
  fault.struck += 1;
  return true;
}
