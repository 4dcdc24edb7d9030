import * as pulumi from "@pulumi/pulumi";
import { CustomerIoSource } from "customerio-aep";

// Set it once nextSteps says where Customer.io shows it: npx pulumi config set --secret signingKeys
const signingKeys = new pulumi.Config().getSecret("signingKeys");

const source = new CustomerIoSource("events", { signingKeys, alertEmails: [] });

export const { relayUrl, streamingUrl, dataflowId, datasetId, schemaId, webhookId, nextSteps } = source;
