import { queueNames } from "../../relay/core/names.ts";
import { Azurite } from "../delivery/azurite.ts";
import { bodyOf } from "../delivery/sender.ts";

/** Messages for each measurement, and calls at a time. */
const messages = 1_500;
const lanes = 32;

/**
 * How many messages a second the emulator itself takes, and gives out with their deletion: the limit of everything that uses one message for
 * each event.
 */
export async function emulatorCeiling(): Promise<{ puts: number; takes: number }> {
  const azurite = await Azurite.start();
  try {
    const queue = azurite.queues.getQueueClient(queueNames.events);
    const text = Buffer.from(bodyOf("bench", Date.now())).toString("base64");
    const puts = await rateOf(async () => {
      await queue.sendMessage(text);
      return 1;
    });
    const takes = await rateOf(async () => {
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
async function rateOf(work: () => Promise<number>): Promise<number> {
  let done = 0;
  const begin = performance.now();
  const lane = async () => {
    while (done < messages) done += await work();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return (1000 * messages) / (performance.now() - begin);
}
