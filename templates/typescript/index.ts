import { CustomerIoSource, StackSettings } from "customerio-aep";

// Every setting comes from the stack: npx pulumi config set, or npx customerio-aep init. To set some in code, give arguments instead.
const source = new CustomerIoSource("events", new StackSettings());

export const { relayUrl, streamingUrl, dataflowId, datasetId, schemaId, webhookId, nextSteps } = source;
