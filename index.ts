import * as pulumi from "@pulumi/pulumi";
import { CustomerIoSource } from "./components/customer-io-source.ts";
import { findDestination } from "./components/destination.ts";
import { readSettings } from "./components/settings.ts";

const settings = readSettings(new pulumi.Config());
const destination = await findDestination(settings, { mapsOtherFields: false });
const source = new CustomerIoSource("customerio-aep", { ...settings, destination });

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
