import fc from "fast-check";
import type { Declared } from "../engine/engine.ts";
import type { Fault, FaultPlan } from "./faults.ts";
import { program } from "./program.ts";

/** One step: a command with its faults, or a change by others by hand. */
export type Operation =
  | { readonly kind: "up"; readonly program: readonly Declared[] | undefined; readonly faults: FaultPlan }
  | { readonly kind: "refresh" | "destroy"; readonly faults: FaultPlan }
  | { readonly kind: "import"; readonly choice: number; readonly faults: FaultPlan }
  | { readonly kind: "remove" | "change" | "fill"; readonly choice: number };

const acted = fc.boolean();
/** A fault that ends when the call is repeated; the vendor may have acted. */
const passing: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant("status" as const), status: fc.constantFrom(408, 500, 502, 503, 504), acted }),
  fc.record({
    kind: fc.constant("status" as const),
    status: fc.constant(503),
    acted,
    retryAfter: fc.constantFrom(0, 7),
  }),
  fc.record({
    kind: fc.constant("status" as const),
    status: fc.constant(429),
    acted: fc.constant(false),
    retryAfter: fc.constantFrom(0, 7),
  }),
  fc.record({ kind: fc.constant("status" as const), status: fc.constant(429), acted: fc.constant(false) }),
  fc.record({ kind: fc.constant("error" as const), code: fc.constantFrom("ECONNRESET", "ETIMEDOUT"), acted }),
  fc.constant({ kind: "error" as const, code: "ECONNREFUSED", acted: false }),
);
/** A fault that ends the operation: a refusal without an effect at the vendor. */
const refusing: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constant("status" as const),
  status: fc.constantFrom(400, 401, 403, 409, 412, 423),
  acted: fc.constant(false),
});
const ending: fc.Arbitrary<Fault> = fc.oneof(
  fc.constant({ kind: "truncated" as const }),
  fc.record({ kind: fc.constant("stop" as const), acted }),
);

function plan(fault: fc.Arbitrary<Fault>, most: number): fc.Arbitrary<FaultPlan> {
  const struck = fc.record({ at: fc.oneof(fc.nat({ max: 4 }), fc.nat({ max: 15 }), fc.nat({ max: 45 })), fault });
  return fc.uniqueArray(struck, { minLength: 1, maxLength: most, selector: ({ at }) => at });
}

/** Most often at a change: the effect of the last one is not in the state. */
const kill: fc.Arbitrary<FaultPlan> = fc
  .record({
    at: fc.nat({ max: 20 }),
    ofChanges: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
    fault: fc.record({
      kind: fc.constant("kill" as const),
      moment: fc.constantFrom("before" as const, "acted" as const, "answered" as const),
    }),
  })
  .map((entry) => [entry]);

// No client can recover from a lost answer and a refusal to read the result, so they are not combined.
const faults: fc.Arbitrary<FaultPlan> = fc.oneof(
  fc.constant([]),
  plan(passing, 2),
  plan(refusing, 3),
  plan(ending, 1),
  { weight: 3, arbitrary: kill },
);
const choice = fc.nat({ max: 999 });

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("up" as const),
      program: fc.option(program("dev"), { nil: undefined, freq: 3 }),
      faults,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("refresh" as const), faults }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("destroy" as const), faults }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("import" as const), choice, faults }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("remove" as const, "change" as const), choice }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("fill" as const), choice }) },
);
