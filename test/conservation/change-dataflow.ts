import { setTimeout as sleep } from "node:timers/promises";
import { lookLasts } from "../../relay/core/delivery/queue-marks.ts";
import { longestRequest } from "../../relay/core/delivery/time-limits.ts";
import { queueNames } from "../../relay/core/names.ts";
import type { World } from "./world.ts";

/**
 * Replaces the dataflow to which the relay sends, in the steps of `pulumi up`: instances with new settings start,
 * the queue is marked with their digest, and after a wait the former dataflow is deleted. Those with the former settings keep running, and get
 * calls, until all that has happened.
 *
 * @param change further settings that are changed
 * @param meanwhile happens from the start of the new instances on
 * @param afterwards happens once the former dataflow is deleted
 */
export async function changeDataflow(
  world: World,
  change: Readonly<Record<string, string>>,
  { meanwhile, afterwards }: { meanwhile: () => Promise<void>; afterwards: () => Promise<void> },
): Promise<void> {
  const { platform, platformNetwork, relay, account } = world;
  const deleteFormer = await platform.replaceDataflow();
  const endFormer = await relay.join({
    PLATFORM_STREAMING_URL: platform.streamingUrl(platformNetwork.port),
    RELAY_CONFIGURATION: "changed",
    ...change,
  });
  const traffic = meanwhile();
  await account.queue(queueNames.events).setMetadata({ configuration: `changed since ${world.now().toISOString()}` });
  await sleep(lookLasts + longestRequest + 500);
  await deleteFormer();
  await traffic;
  await afterwards();
  await endFormer();
}
