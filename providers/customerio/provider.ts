import manifest from "../../package.json" with { type: "json" };
import { definitionProvider } from "../kit/definition-provider.ts";
import { ReportingWebhooks } from "./client.ts";
import { config } from "./config.ts";
import { reportingWebhook } from "./reporting-webhook.ts";

/** The Pulumi provider `customerio`. */
export const provider = definitionProvider({
  name: "customerio",
  version: manifest.version,
  displayName: "Customer.io",
  description: "Reporting webhooks of a Customer.io workspace, through Customer.io's App API.",
  config,
  connect: (settings) => new ReportingWebhooks(settings),
  resources: [reportingWebhook],
});
