import type { InvocationContext } from "@azure/functions";
import type { QueuedEvent } from "../../core/event/envelope.ts";
import { describeError, logOutcome } from "../log.ts";
import { type RelayStorageClient, storageTimeout } from "./storage.ts";

/**
 * The event's body, from the envelope or from its claim. Undefined if an earlier run finished the event: see
 * `readClaim`.
 */
export async function readBody(
  event: QueuedEvent,
  storage: Pick<RelayStorageClient, "readClaim">,
): Promise<string | undefined> {
  return "body" in event ? event.body : storage.readClaim(event.claim, AbortSignal.timeout(storageTimeout));
}

/**
 * Deletes the claims of finished events. If one can't be deleted, the container's lifecycle rule removes it later:
 * failing here would send events again that Platform already has.
 */
export async function deleteClaims(
  events: readonly QueuedEvent[],
  storage: Pick<RelayStorageClient, "deleteClaim">,
  context: InvocationContext,
): Promise<void> {
  const claims = events.flatMap((event) => ("claim" in event ? [event.claim] : []));
  await Promise.all(
    claims.map((claim) =>
      storage.deleteClaim(claim, AbortSignal.timeout(storageTimeout)).catch((error: unknown) => {
        logOutcome(context, { outcome: "claimLeft", claim, reason: describeError(error) });
      }),
    ),
  );
}
