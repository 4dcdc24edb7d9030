import manifest from "../../package.json" with { type: "json" };
import { definitionProvider, type PackageDefinition } from "../kit/definition-provider.ts";
import { ReportingWebhooks } from "./client.ts";
import { config } from "./config.ts";
import { ownership } from "./ownership.ts";
import { reportingWebhook } from "./reporting-webhook.ts";
import { getReportingWebhooks } from "./webhook-list.ts";

/** What the Pulumi package `customerio` consists of. */
export const customerioPackage: PackageDefinition<ReportingWebhooks, typeof config> = {
  name: "customerio",
  version: manifest.version,
  displayName: "Customer.io",
  description: "Reporting webhooks of a Customer.io workspace, through Customer.io's App API.",
  config,
  connect: (settings) => new ReportingWebhooks(settings),
  resources: [ownership, reportingWebhook],
  functions: [getReportingWebhooks],
};

/** The Pulumi provider `customerio`. */
export const provider = definitionProvider(customerioPackage);
