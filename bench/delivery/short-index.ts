/**
 * Loaded into Azurite before its main module (`node --import`): its store of queue messages goes without indices.
 *
 * Three of Azurite's four indices there are on columns that hold one value, or none. LokiJS corrects each of them at every delete
 * and receive by going through all messages: a delete takes 4 ms of processor time with 2,000 messages in the queue, and 10 ms with
 * 4,000. Azure's queue takes 2,000 messages a second, however many wait (its scalability targets). Without indices a delete takes
 * 1 ms with 2,000 messages.
 */
import { createRequire } from "node:module";

const fromAzurite = createRequire(createRequire(import.meta.url).resolve("azurite/dist/src/azurite.js"));
const { prototype } = fromAzurite("lokijs") as {
  prototype: { addCollection(name: string, options?: object): unknown };
};
const { addCollection } = prototype;

/** As `LokiQueueMetadataStore` calls it. */
const messages = "$MESSAGES_COLLECTION$";

prototype.addCollection = function add(name, options) {
  return addCollection.call(this, name, name === messages ? { ...options, indices: [] } : options);
};
