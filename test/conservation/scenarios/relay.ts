import { setTimeout as sleep } from "node:timers/promises";
import { queueNames } from "../../../relay/core/names.ts";
import { hour, minute } from "../durations.ts";
import type { Load, Scenario } from "../scenario.ts";
import { manyQueues } from "../storage.ts";
import type { World } from "../world.ts";

/** A queue message in the first version of the envelope. */
const oldEnvelope = (ids: readonly string[], time: string) =>
  JSON.stringify({
    version: 1,
    events: ids.map((id, index) => ({
      id,
      receivedAt: time,
      attempts: index,
      ...(index > 0 && { firstAttemptAt: time, lastError: "HTTP 503" }),
      body: JSON.stringify({ event_id: id, object_type: "email", metric: "sent", timestamp: 1_763_632_800, data: {} }),
    })),
  });

/** Scenarios with the relay and its storage killed, in several instances, in two versions, or with wrong clocks. */
export const relayScenarios: readonly Scenario[] = [
  {
    name: "nothing is wrong",
    mayRepeat: false,
    act: (world, { count, duration }) => world.send(count, duration),
  },
  {
    name: "two instances keep to a low rate limit",
    instances: 2,
    mayRepeat: false,
    settings: { PLATFORM_REQUESTS_PER_SECOND: "8" },
    act: (world, { count, duration }) => world.send(count, duration),
  },
  {
    name: "storage is down for a while",
    async act(world, { count, duration }) {
      await world.send(count / 2, duration / 2);
      await world.without(world.storageNetwork, () => world.send(count / 2, duration));
    },
  },
  {
    name: "the host is killed again and again",
    act: killAgainAndAgain,
  },
  {
    name: "the host of a relay with three queues is killed again and again",
    settings: { EVENT_QUEUES: String(manyQueues) },
    act: killAgainAndAgain,
  },
  {
    name: "the host is killed while storage resets",
    async act(world, { count, duration }) {
      await world.under(world.storageNetwork, { kind: "reset" }, 0.2, async () => {
        const sending = world.send(count, duration);
        await sleep(duration * world.random());
        await world.relay.kill();
        await sending;
      });
    },
  },
  {
    name: "two instances work at one queue",
    instances: 2,
    mayRepeat: false,
    act: (world, { count, duration }) => world.send(count, duration),
  },
  {
    name: "one of two instances is killed",
    instances: 2,
    async act(world, { count, duration }) {
      const sending = world.send(count, duration);
      await sleep(duration * world.random());
      await world.relay.kill();
      await sending;
    },
  },
  {
    name: "an upgrade with a full queue",
    async act(world, { count, duration }) {
      await world.without([world.platformNetwork], async () => {
        await world.send(count / 2, duration / 2);
        const ids = ["old-0", "old-1", "old-2"];
        const message = Buffer.from(oldEnvelope(ids, world.now().toISOString())).toString("base64");
        await world.account.queue(queueNames.events).sendMessage(message, { messageTimeToLive: -1 });
        world.addQueued(ids);
        await world.relay.replace({ upgrade: true });
      });
      await world.send(count / 2, duration / 2);
    },
  },
  {
    name: "clocks jump",
    async act(world, { count, duration }) {
      for (const shift of [-3 * hour, 50 * hour, 0]) {
        await world.relay.stop();
        await world.relay.start(1, shift);
        await world.pass(30 * minute);
        await world.send(count / 4, duration / 4);
      }
      await world.send(count / 4, duration / 4);
    },
  },
];

async function killAgainAndAgain(world: World, { count, duration }: Load): Promise<void> {
  const sending = world.send(count, duration * 2);
  for (let kills = 0; kills < count / 20; kills++) {
    await sleep((duration / 3) * world.random());
    await world.relay.kill();
  }
  await sending;
}
