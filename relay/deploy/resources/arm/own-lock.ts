import type { Operation } from "pulumi-provider-kit";
import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { lockApiVersion } from "../../api-versions.ts";
import type { AzureClient } from "../../client/client.ts";
import { type Check, type CheckPace, checkPatiently } from "../../client/patience.ts";
import { graceTime } from "../refusal.ts";
import { putResource } from "./put.ts";

/** The path of a stack's own delete lock, below the id of the protected resource. */
export const ownLockPath = "providers/Microsoft.Authorization/locks/customerio-aep";

/** Longer than the deletions themselves may wait while Azure is busy. */
const pace: CheckPace = { pauses: [1_000, 2_000, 5_000], limit: 20 * 60_000 };
/** Milliseconds to wait for the end of a refusal: Azure still refuses for some seconds after a lock was deleted. */
const lockPatience = 2 * 60_000;

const lockSchema = z.object({ properties: z.object({ level: z.string(), notes: z.string().nullish() }) });
type Lock = z.output<typeof lockSchema>;

type LockOperation = Pick<Operation<AzureClient>, "client" | "signal" | "progress">;

/**
 * Deletes a resource on a scope that may have a delete lock, such as a role assignment on a storage account. The lock protects that
 * resource, too (ScopeLocked). The stack's own lock is meant for people, so it is removed for the deletion and then restored.
 *
 * @throws if somebody else's lock prevents the deletion
 */
export async function deleteDespiteOwnLock(operation: LockOperation, id: string, apiVersion: string): Promise<void> {
  const { client, signal } = operation;
  const lockId = lockOn(id);
  let taken: Lock | undefined;
  let isAbsent = false;
  const attempt = async (): Promise<Check<true>> => {
    try {
      await client.armDelete(id, apiVersion, signal);
      return { done: true };
    } catch (error) {
      if (lockId === undefined || !(error instanceof VendorError) || error.code !== "ScopeLocked") throw error;
      const lock = lockSchema.safeParse(await client.armGet(lockId, lockApiVersion, signal)).data;
      // Another deletion of the same run may just have removed the lock.
      if (lock === undefined && taken === undefined && isAbsent) throw error;
      isAbsent = lock === undefined;
      if (lock) {
        taken = lock;
        await client.armDelete(lockId, lockApiVersion, signal);
      }
      const notYet = "removing the stack's delete lock for a moment";
      return { notYet, detail: error.message, patience: lockPatience };
    }
  };
  try {
    const deleted = await checkPatiently(operation, pace, attempt);
    if ("gaveUp" in deleted) throw new Error(`Azure did not delete ${id} ${deleted.gaveUp}`);
  } finally {
    if (taken && lockId) await putBack(operation, lockId, taken);
  }
}

/** Restores the lock, even after Ctrl-C. */
function putBack(operation: LockOperation, lockId: string, { properties }: Lock): Promise<unknown> {
  const signal = operation.signal.aborted ? AbortSignal.timeout(graceTime) : operation.signal;
  const { level, notes } = properties;
  return putResource({ ...operation, signal }, lockId, {
    apiVersion: lockApiVersion,
    body: { properties: { level, ...(notes && { notes }) } },
  });
}

/** Id of the lock on the resource's scope or parent. */
function lockOn(id: string): string | undefined {
  const [, locked] =
    id.match(/^(\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/[^/]+\/[^/]+\/[^/]+)\//i) ?? [];
  return locked && `${locked}/${ownLockPath}`;
}
