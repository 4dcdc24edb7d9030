import type { Flow, Sandbox } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import { etag } from "../web/identifiers.ts";

/**
 * Updates a flow to the current time: an enabling flow whose time has come becomes enabled, with a new etag, and
 * shows its inlet. In the tutorial's sample that took six seconds, and the etag from the creation was stale afterwards.
 */
export function settle(state: PlatformState, flow: Flow): Flow {
  if (flow.state === "enabling" && state.clock() >= flow.enabledAt) {
    flow.state = "enabled";
    flow.inletShown = true;
    flow.lastOperation = "enable";
    flow.updatedAt = flow.enabledAt;
    flow.etag = etag(flow.enabledAt);
  }
  return flow;
}

/** Removes the flows whose deletion is finished. */
export function forgetDeleted(state: PlatformState, { flows }: Sandbox): void {
  for (const { id, goneAt } of flows.values()) if (goneAt !== undefined && state.clock() >= goneAt) flows.delete(id);
}

/** Starts enabling; events are ingested once the flow is enabled and warm. */
export function startEnabling(state: PlatformState, flow: Flow): void {
  flow.state = "enabling";
  flow.enabledAt = state.clock() + state.activationMilliseconds;
  flow.warmAt = flow.enabledAt + state.warmUpMilliseconds;
}

/** After a change of the mapping, makes the flow lose events again, if the switch says so. */
export function warmUpAgain(state: PlatformState, flow: Flow): void {
  if (state.switches.afterMappingChange === "keeps-running") return;
  flow.warmAt = Math.max(flow.warmAt, state.clock() + state.warmUpMilliseconds);
}

/** Marks a change by the caller. */
export function touch(state: PlatformState, flow: Flow, operation: Flow["lastOperation"]): void {
  flow.lastOperation = operation;
  flow.updatedAt = state.clock();
  flow.etag = etag(flow.updatedAt);
}
