import { ArmError } from "../arm/arm-error.ts";
import type { ResourceRequest } from "../arm/resource-request.ts";
import { type Subscription, textAt } from "../arm/subscription.ts";
import { covers } from "../identity/data-plane-authorization.ts";

const lockPath = /\/providers\/Microsoft\.Authorization\/locks\/[^/]+$/i;

/** Refuses unknown levels of locks. */
export function refuseLock({ inputs }: ResourceRequest): void {
  if (["CanNotDelete", "ReadOnly"].includes(textAt(inputs, "level"))) return;
  throw new ArmError(400, "InvalidLockLevel", `The lock level '${textAt(inputs, "level")}' is not supported.`);
}

/** A lock protects its scope, everything below it (including role assignments and diagnostic settings), and everything that contains it. */
export function refuseLocked(id: string, subscription: Subscription): void {
  if (lockPath.test(id)) return;
  const scopes = subscription
    .list("authorization:ManagementLockByScope")
    .map((lock) => lock.id.replace(lockPath, ""))
    .filter((scope) => covers(scope, id) || covers(id, scope));
  if (scopes.length === 0) return;
  const message =
    `The scope '${id}' cannot perform delete operation because following scope(s) are locked: ` +
    `'${scopes.join(",")}'. Please remove the lock and try again.`;
  throw new ArmError(409, "ScopeLocked", message);
}
