import { z } from "zod";

/** The names of the App API's operations in faults. */
const operations = [
  ...(["list", "create", "read", "update", "delete", "workspaces", "ip_addresses"] as const),
  ...(["messages", "message", "activities", "metrics"] as const),
] as const;
export type AppApiOperation = (typeof operations)[number];

const onAppApi = { operation: z.enum(operations).optional(), times: z.int().min(1).default(1) };

/**
 * Faults, in order: each hits the next `times` (default 1) calls of `operation`
 * (default: any).
 *
 * - `status`: the App API answers with this status instead of acting; 429 as for its rate limit, with `Retry-After`.
 * - `quota`: it answers 429 without `Retry-After`, as for a daily quota.
 * - `slow`: it acts and answers `seconds` later.
 * - `drop`: it acts, then drops the connection without an answer.
 * - `duplicate`: an event that the endpoint accepted is sent again.
 */
export const fault = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("status"), status: z.int().min(400).max(599), ...onAppApi }),
  z.strictObject({ kind: z.literal("quota"), ...onAppApi }),
  z.strictObject({ kind: z.literal("slow"), seconds: z.number().min(0), ...onAppApi }),
  z.strictObject({ kind: z.literal("drop"), ...onAppApi }),
  z.strictObject({ kind: z.literal("duplicate"), times: z.int().min(1).default(1) }),
]);
export type Fault = z.infer<typeof fault>;
export type AppApiFault = Exclude<Fault, { kind: "duplicate" }>;

/** The pending faults. */
export class Faults {
  #pending: Fault[] = [];

  /** Replaces all pending faults. */
  set(faults: readonly Fault[]): void {
    this.#pending = faults.map((fault) => ({ ...fault }));
  }

  /** The fault for this call of the App API, if any. */
  forCall(operation: AppApiOperation): AppApiFault | undefined {
    return this.#take(
      (fault): fault is AppApiFault =>
        fault.kind !== "duplicate" && (fault.operation === undefined || fault.operation === operation),
    );
  }

  /** Whether to send the event that was just accepted again. */
  forAcceptedEvent(): boolean {
    return this.#take((fault) => fault.kind === "duplicate") !== undefined;
  }

  #take<T extends Fault>(fits: ((fault: Fault) => fault is T) | ((fault: Fault) => boolean)): T | undefined {
    const found = this.#pending.find(fits) as T | undefined;
    if (found === undefined) return undefined;
    found.times -= 1;
    this.#pending = this.#pending.filter(({ times }) => times > 0);
    return found;
  }
}
