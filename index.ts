import { CustomerIoSource } from "./components/customer-io-source.ts";
import { listAlertsToSubscribe as alertsOf } from "./components/platform/platform-alerts.ts";
import { StackSettings } from "./components/settings/settings-source.ts";

const source = new CustomerIoSource("customerio-aep", new StackSettings());

/** Where Customer.io posts its events; null where it posts straight to Platform. */
export const relayUrl = source.relayUrl;
/** Where the relay posts them on to. Secret: who has it can write into the dataset. */
export const streamingUrl = source.streamingUrl;
export const dataflowId = source.dataflowId;
export const datasetId = source.datasetId;
export const schemaId = source.schemaId;
export const webhookId = source.webhookId;
/** What is left for a person to do, if anything. */
export const nextSteps = source.nextSteps;
/** Alerts of Platform that a person has to subscribe to: no API does it. */
export const alertsToSubscribe = source.dataflowId.apply(alertsOf);
