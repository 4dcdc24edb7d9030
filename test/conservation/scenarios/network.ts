import { setTimeout as sleep } from "node:timers/promises";
import type { FaultProxy, NetworkFault } from "../fault-proxy.ts";
import type { Scenario } from "../scenario.ts";
import type { World } from "../world.ts";

interface NetworkTrouble {
  readonly fault: NetworkFault;
  /** Of the connections. */
  readonly share: number;
}

const networkFaults: readonly NetworkTrouble[] = [
  { fault: { kind: "latency", milliseconds: 300 }, share: 1 },
  { fault: { kind: "bandwidth", bytesPerSecond: 20_000 }, share: 1 },
  { fault: { kind: "slow close", milliseconds: 2_000 }, share: 1 },
  { fault: { kind: "timeout" }, share: 0.4 },
  { fault: { kind: "reset" }, share: 0.4 },
  { fault: { kind: "slicing", bytes: 200, milliseconds: 2 }, share: 1 },
  { fault: { kind: "data limit", bytes: 3_000 }, share: 0.5 },
];

/** Additional milliseconds of a timeout fault, so that calls to Platform reach their own timeout. */
const silence = 9_000;

function onNetwork(to: "storage" | "Platform", network: (world: World) => readonly FaultProxy[]): Scenario[] {
  return networkFaults.map(({ fault, share }) => ({
    name: `${fault.kind} on the way to ${to}`,
    act: (world, { count, duration }) =>
      world.under(network(world), fault, share, async () => {
        await world.send(count, duration);
        if (to === "Platform" && fault.kind === "timeout") await sleep(silence);
      }),
  }));
}

/** Scenarios with a failing network. */
export const networkScenarios: readonly Scenario[] = [
  ...onNetwork("storage", ({ storageNetwork }) => storageNetwork),
  ...onNetwork("Platform", ({ platformNetwork }) => [platformNetwork]),
];
