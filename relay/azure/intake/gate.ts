import { type Instance, isReplaced } from "../delivery/fence.ts";
import type { Marks } from "../marks-reader.ts";

/** Why the intake of this instance must take nothing now; undefined: it may. Throws if the storage does not tell. */
export type Gate = () => Promise<string | undefined>;

/** For a queue without marks. */
export const openGate: Gate = async () => undefined;

/**
 * Closes the intake of a relay that is being taken down, and of an instance whose settings have been replaced: it would take events
 * by filters, personal data options and signing keys that are no longer in force.
 */
export function intakeGate({ marks, ...instance }: { readonly marks: Marks } & Instance): Gate {
  return async () => {
    const seen = await marks();
    if (seen.closed) return "the relay is being taken down";
    return isReplaced(seen, instance) ? "newer settings have replaced those of this instance" : undefined;
  };
}
