import { definitionProvider, type PackageDefinition } from "pulumi-provider-kit";
import manifest from "../package.json" with { type: "json" };
import { ReportingWebhooks } from "./client/client.ts";
import { config } from "./config.ts";
import { getIpAddresses } from "./functions/ip-addresses.ts";
import { getReportingWebhooks } from "./functions/webhook-list.ts";
import { ownership } from "./resources/ownership.ts";
import { reportingWebhook } from "./resources/reporting-webhook.ts";

/** The contents of the Pulumi package `customerio`. */
export const customerioPackage: PackageDefinition<ReportingWebhooks, typeof config> = {
  name: "customerio",
  version: manifest.version,
  displayName: "Customer.io",
  description: "Reporting webhooks of a Customer.io workspace, through Customer.io's App API.",
  config,
  connect: (settings) => new ReportingWebhooks(settings),
  resources: [ownership, reportingWebhook],
  functions: [getIpAddresses, getReportingWebhooks],
};

/** The Pulumi provider `customerio`. */
export const provider = definitionProvider(customerioPackage);
