import { type Instance, isReplaced } from "../delivery/fence.ts";
import type { Marks } from "../marks-reader.ts";

/** Why the intake of this instance must not accept events now; undefined if it may. Throws if the storage does not answer. */
export type Gate = () => Promise<string | undefined>;

/**
 * Closes the intake of a relay that is being deleted, and of an instance with outdated settings: it would accept events
 * with filters, personal data options and signing keys that are no longer in force.
 */
export function intakeGate({ marks, ...instance }: { readonly marks: Marks } & Instance): Gate {
  return async () => {
    const seen = await marks();
    if (seen.closed) return "the relay is being taken down";
    return isReplaced(seen, instance) ? "newer settings have replaced those of this instance" : undefined;
  };
}
