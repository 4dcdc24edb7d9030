import * as pulumi from "@pulumi/pulumi";
import { getTenant } from "pulumi-aep";
import { CustomerIoSource } from "./components/customer-io-source.ts";
import { findDestination } from "./components/destination.ts";
import { eventMapping } from "./components/event-mapping.ts";
import { alertsToSubscribe as alertsOf } from "./components/platform-alerts.ts";
import { checkedSettings } from "./components/preflight.ts";
import { readSettings } from "./components/settings.ts";

// Before anything is declared, so that a mistake is told, and what is missing, while nothing has begun.
const settings = await checkedSettings(() => readSettings(new pulumi.Config()));
const destination = await findDestination(settings, { mapsOtherFields: settings.mapping.set.length > 0 });
const mappings = eventMapping(settings, { ...(await getTenant()), ...destination.schema });
const source = new CustomerIoSource("customerio-aep", { ...settings, destination, mappings });

/** Where Customer.io posts its events; null where it posts straight to Platform. */
export const relayUrl = source.relayUrl ?? null;
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
