/**
 * Loaded into Azurite before its main module (`node --import`), so that it answers as steadily as Azure, whose queue takes 2,000 messages
 * a second, however many wait (its scalability targets):
 *
 * - Its stores of queue messages and of their texts go without indices. LokiJS corrects an index at every delete by going through all that
 *   is left. Three of the four indices of messages are on columns that hold one value, or none: a delete takes 4 ms of processor time with
 *   2,000 messages in the queue, and 10 ms with 4,000. Without indices a delete takes 1 ms with 2,000 messages.
 * - The texts of deleted messages stay in memory. Azurite otherwise deletes them all at once, once a minute, and answers nothing
 *   meanwhile: 0.8 s after 3,000 messages, and 12 s after 5,000 with the index of texts, so that calls of the relay's intake failed.
 */
import { createRequire } from "node:module";

const fromAzurite = createRequire(createRequire(import.meta.url).resolve("azurite/dist/src/azurite.js"));
const { prototype: loki } = fromAzurite("lokijs") as {
  prototype: { addCollection(name: string, options?: object): unknown };
};
const { default: QueueGCManager } = fromAzurite("azurite/dist/src/queue/gc/QueueGCManager.js") as {
  default: { prototype: { markSweep(): Promise<void> } };
};

/** As `LokiQueueMetadataStore` and `LokiExtentMetadataStore` call them. */
const withoutIndex = ["$MESSAGES_COLLECTION$", "$EXTENTS_COLLECTION$"];

const { addCollection } = loki;
loki.addCollection = function add(name, options) {
  return addCollection.call(this, name, withoutIndex.includes(name) ? { ...options, indices: [] } : options);
};

QueueGCManager.prototype.markSweep = async () => undefined;
