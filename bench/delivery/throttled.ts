import { setTimeout as sleep } from "node:timers/promises";
import { ulid } from "../../packages/local-cloud/src/customer-io/events/ulid.ts";
import type { Figure } from "../statistics.ts";
import type { Lab } from "./lab.ts";

const patience = 240_000;
const events = 3_000;

const connections = 64;

interface QueuesLimit {
  readonly queues: number;
  readonly messagesPerSecond: number;
}

/**
 * Events from many connections, each of which sends an event again a second after a refusal, as a sender that waits would, until it is
 * accepted. Each queue takes fewer messages a second than the events would make.
 */
export async function throttled(lab: Lab, { queues, messagesPerSecond }: QueuesLimit): Promise<Figure[]> {
  lab.listen();
  const before = { ...lab.queueMessages };
  const ids: string[] = [];
  let refused = 0;
  const begin = performance.now();
  const lane = async () => {
    while (ids.length < events) {
      const id = ulid(Date.now());
      ids.push(id);
      while ((await lab.send(id)).status !== 200) {
        refused += 1;
        await sleep(1_000);
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  const took = (performance.now() - begin) / 1000;
  const taken = lab.queueMessages.taken - before.taken;
  await lab.allTaken(ids, patience);
  const lost = ids.filter((id) => !lab.sink.takenAt.has(id)).length;
  const count = events.toLocaleString("en");
  return [
    {
      what: `${count} events from ${connections} connections, ${queues === 1 ? "a queue that takes" : `${queues} queues, each of which takes`} ${messagesPerSecond} messages a second: accepted`,
      value: `${(events / took).toFixed(0)} events/s, ${(taken / took).toFixed(0)} messages/s of ${(events / taken).toFixed(1)} events`,
    },
    { what: "  writes that were refused with 503", value: String(lab.queueMessages.refused - before.refused) },
    { what: "  calls that were not answered with 200", value: String(refused) },
    { what: "  accepted events that Platform never got", value: String(lost), target: "0" },
  ];
}
