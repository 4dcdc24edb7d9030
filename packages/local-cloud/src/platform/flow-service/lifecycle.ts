import type { Flow } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import { etag } from "../web/identifiers.ts";

/**
 * Brings a flow up to the present: an enabling flow whose time has come becomes enabled, with a new etag of that moment, and
 * shows its inlet. In the tutorial's sample that took six seconds, and the etag from the creation was stale from then on.
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

/** Starts enabling; events are ingested once the flow is enabled and warm. */
export function startEnabling(state: PlatformState, flow: Flow): void {
  flow.state = "enabling";
  flow.enabledAt = state.clock() + state.activationMilliseconds;
  flow.warmAt = flow.enabledAt + state.warmUpMilliseconds;
}

/** Loses events again after a change of the mapping, if that switch is on. */
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
