import { ArmError } from "../arm/arm-error.ts";

type State = "Updating" | "Deleting";

interface Change<Resource> {
  readonly state: State;
  /** Milliseconds since 1970. */
  readonly until: number;
  /** Whether it ends in the state `Failed`. */
  readonly fails: boolean;
  readonly resource: Resource;
}

/** Whether a resource belongs to Azure's network provider, which answers before it has finished. */
export function takesTime(id: string): boolean {
  return /\/providers\/Microsoft\.Network\//i.test(id);
}

/** The changes that Azure has answered and is still working on. */
export class SlowChanges<Resource extends { readonly id: string }> {
  /** By lower-case id. A change that has failed stays. */
  readonly #changes = new Map<string, Change<Resource>>();

  /** @param fails whether Azure gives up in the end */
  begin(resource: Resource, state: State, { seconds, fails = false }: { seconds: number; fails?: boolean }): void {
    this.#changes.set(resource.id.toLowerCase(), { state, until: Date.now() + seconds * 1000, fails, resource });
  }

  /** The `provisioningState` of a resource with a change that is under way or has failed. */
  stateOf(id: string): State | "Failed" | undefined {
    const change = this.#changes.get(id.toLowerCase());
    if (change === undefined) return undefined;
    if (Date.now() < change.until) return change.state;
    return change.fails ? "Failed" : undefined;
  }

  /** The resources that Azure is still deleting. */
  leaving(): Resource[] {
    const changes = [...this.#changes.values()];
    return changes.filter(({ state, until }) => state === "Deleting" && Date.now() < until).map((one) => one.resource);
  }

  isUnderWay(id: string): boolean {
    return ["Updating", "Deleting"].includes(this.stateOf(id) ?? "");
  }

  /** Refuses a write of a resource that is being changed (pulumi-azure-native#1024). */
  refuseBusy(id: string): void {
    if (!this.isUnderWay(id)) return;
    throw new ArmError(
      429,
      "AnotherOperationInProgress",
      "Another operation on this or dependent resource is in progress.",
    );
  }

  /** Refuses a resource that refers to one that is being changed (terraform-provider-azurerm#21293). */
  requireSettled(id: string, user: string): void {
    const state = this.stateOf(id);
    if (state === undefined) return;
    const message = `Cannot proceed with operation because resource ${id} used by resource ${user} is not in Succeeded state. Resource is in ${state} state.`;
    const details = [{ code: "ReferencedResourceNotProvisioned", message }];
    throw new ArmError(429, "RetryableError", "A retryable error occurred.", { details });
  }
}
