import * as pulumi from "@pulumi/pulumi";
import { CustomerIoSource } from "./components/customer-io-source.ts";
import { findDestination } from "./components/destination.ts";
import { eventMapping } from "./components/event-mapping.ts";
import { alertsToSubscribe as alertsOf } from "./components/platform-alerts.ts";
import { preflight } from "./components/preflight.ts";
import { readSettings } from "./components/settings.ts";
import { getTenant } from "./providers/aep/sdk.ts";

const settings = readSettings(new pulumi.Config());
// Before anything is declared, so that a mistake is told, and what is missing, while nothing has begun.
await preflight(settings);
const destination = await findDestination(settings, { mapsOtherFields: settings.mapping.set.length > 0 });
const mappings = eventMapping(settings, { ...(await getTenant()), ...destination.schema });
const source = new CustomerIoSource("customerio-aep", { ...settings, destination, mappings });

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
/** Alerts of Platform that a person has to subscribe to: no API does it. */
export const alertsToSubscribe = source.dataflowId.apply(alertsOf);
