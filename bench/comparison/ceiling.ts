import { queueNames } from "../../relay/core/names.ts";
import { Azurite } from "../delivery/azurite.ts";
import { bodyOf } from "../delivery/sender.ts";

/** Messages for each measurement. */
const messages = 1_000;
/** Callers at a time: many that put a message, and few that take 32 at a time, so that as many calls are under way. */
const lanes = { put: 32, take: 2 };

/** What the emulator itself can do, in messages a second. */
export interface Ceiling {
  readonly puts: number;
  readonly takes: number;
}

/**
 * How many messages a second the emulator itself takes, and gives out with their deletion: the limit of everything that uses one message for
 * each event.
 */
export async function measureCeiling(): Promise<Ceiling> {
  const azurite = await Azurite.start();
  try {
    const queue = azurite.queues.getQueueClient(queueNames.events);
    const text = Buffer.from(bodyOf("bench", Date.now())).toString("base64");
    const puts = await rateOf(lanes.put, async () => {
      await queue.sendMessage(text);
      return 1;
    });
    const takes = await rateOf(lanes.take, async () => {
      const { receivedMessageItems: taken } = await queue.receiveMessages({
        numberOfMessages: 32,
        visibilityTimeout: 60,
      });
      await Promise.all(taken.map(({ messageId, popReceipt }) => queue.deleteMessage(messageId, popReceipt)));
      // An empty queue ends it.
      return taken.length || messages;
    });
    return { puts, takes };
  } finally {
    await azurite.stop();
  }
}

/** @param work returns how many messages it did */
async function rateOf(callers: number, work: () => Promise<number>): Promise<number> {
  let done = 0;
  const begin = performance.now();
  const lane = async () => {
    while (done < messages) {
      const more = await work();
      done += more;
    }
  };
  await Promise.all(Array.from({ length: callers }, lane));
  return (1000 * messages) / (performance.now() - begin);
}
