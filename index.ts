import * as pulumi from "@pulumi/pulumi";
import { CustomerIoSource } from "./components/customer-io-source.ts";
import { preflight } from "./components/preflight.ts";
import { readSettings } from "./components/settings.ts";

const settings = readSettings(new pulumi.Config());
// Before anything is declared, so that nothing is begun which can't be finished.
await preflight(settings);
const source = new CustomerIoSource("customerio-aep", settings);

/** Where Customer.io posts its events. */
export const relayUrl = source.relayUrl;
/** Where the relay posts them on to. Secret: who has it can write into the dataset. */
export const streamingUrl = source.streamingUrl;
export const dataflowId = source.dataflowId;
export const datasetId = source.datasetId;
export const schemaId = source.schemaId;
export const webhookId = source.webhookId;
/** What is left for a person to do, if anything. */
export const nextSteps = source.nextSteps;
