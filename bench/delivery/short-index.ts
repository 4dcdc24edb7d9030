/**
 * Loaded into Azurite before its main module (`node --import`): its stores of queue messages and of their texts go without indices.
 *
 * LokiJS corrects an index at every delete by going through all that is left. Three of the four indices of messages are on columns that
 * hold one value, or none: a delete takes 4 ms of processor time with 2,000 messages in the queue, and 10 ms with 4,000. Azure's
 * queue takes 2,000 messages a second, however many wait (its scalability targets). Without indices a delete takes 1 ms with 2,000 messages.
 *
 * Once a minute, Azurite deletes the texts of messages that are gone, all in one go. With the index of texts it answered nothing for 12 s
 * after 5,000 messages, so that calls of the relay's intake failed.
 */
import { createRequire } from "node:module";

const fromAzurite = createRequire(createRequire(import.meta.url).resolve("azurite/dist/src/azurite.js"));
const { prototype } = fromAzurite("lokijs") as {
  prototype: { addCollection(name: string, options?: object): unknown };
};
const { addCollection } = prototype;

/** As `LokiQueueMetadataStore` and `LokiExtentMetadataStore` call them. */
const withoutIndex = ["$MESSAGES_COLLECTION$", "$EXTENTS_COLLECTION$"];

prototype.addCollection = function add(name, options) {
  return addCollection.call(this, name, withoutIndex.includes(name) ? { ...options, indices: [] } : options);
};
