import { CustomerIoSource } from "./components/customer-io-source.ts";
import { listAlertsToSubscribe } from "./components/platform/platform-alerts.ts";
import { describeCost } from "./components/relay/relay-cost.ts";
import { StackSettings } from "./components/settings/settings-source.ts";

const source = new CustomerIoSource("customerio-aep", new StackSettings());

/** Where Customer.io posts its events; null if it posts straight to Platform. */
export const relayUrl = source.relayUrl;
/** Host name of the relay's function app, for the origin of a front door; null without a relay. */
export const relayHostName = source.relayHostName;
/** What the relay costs in Azure in a month, by meter and with the dates of the prices, for `monthlyEvents`; null without a relay. */
export const estimatedCost = source.estimatedCost.apply(describeCost);
/** Where the relay posts the events. Secret: anyone who has it can write into the dataset. */
export const streamingUrl = source.streamingUrl;
export const dataflowId = source.dataflowId;
export const datasetId = source.datasetId;
export const schemaId = source.schemaId;
export const webhookId = source.webhookId;
/** What an operator still has to do, if anything. */
export const nextSteps = source.nextSteps;
/** Alerts in Platform that a person has to subscribe to, since there is no API for it. */
export const alertsToSubscribe = source.dataflowId.apply(listAlertsToSubscribe);
