import { setTimeout as sleep } from "node:timers/promises";
import { lookLasts } from "../../relay/core/delivery/queue-marks.ts";
import { longestCall } from "../../relay/core/delivery/time-limits.ts";
import { queueNames } from "../../relay/core/names.ts";
import { copyNotes } from "./copied-notes.ts";
import { day } from "./durations.ts";
import type { World } from "./world.ts";

/** Milliseconds for the former relay's queue to be emptied. */
const patience = 120_000;

/**
 * Replaces the relay with another one that has its own storage account, in the steps of `customerio-aep:index:QueueDrain`: the new one is
 * held, the webhook redirected, the former one closed and drained, its notes copied; then the new one sends.
 *
 * @param meanwhile called after the redirect
 */
export async function replaceRelay(world: World, meanwhile: () => Promise<void>): Promise<void> {
  const { relay: former, account: formerAccount } = world;
  const { relay, account } = await world.makeRelay();
  const later = () => new Date(world.now().getTime() + day).toISOString();
  await account.queue(queueNames.events).setMetadata({ sending: `held until ${later()}` });
  await relay.start();
  world.turnTo({ relay, account });
  const traffic = meanwhile();
  await formerAccount.queue(queueNames.events).setMetadata({ intake: `closed until ${later()}` });
  await sleep(lookLasts + longestCall);
  const until = Date.now() + patience;
  while ((await formerAccount.waiting()) > 0 && Date.now() < until) await sleep(100);
  await copyNotes({ from: formerAccount.tables, to: account, now: world.now() });
  await account.queue(queueNames.events).setMetadata({ sending: "free" });
  await former.stop();
  await traffic;
}
