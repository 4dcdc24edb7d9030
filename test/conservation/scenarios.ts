import type { Scenario } from "./scenario.ts";
import { customerIoScenarios } from "./scenarios/customer-io.ts";
import { handoverScenarios } from "./scenarios/handover.ts";
import { networkScenarios } from "./scenarios/network.ts";
import { platformScenarios } from "./scenarios/platform.ts";
import { relayScenarios } from "./scenarios/relay.ts";

export const scenarios: readonly Scenario[] = [
  ...relayScenarios,
  ...networkScenarios,
  ...platformScenarios,
  ...customerIoScenarios,
  ...handoverScenarios,
];
