import { resourceClass } from "../kit/resource-class.ts";
import { reportingWebhook } from "./reporting-webhook.ts";

/** A Customer.io reporting webhook: sends the named events of the App API key's workspace to an endpoint. */
export class ReportingWebhook extends resourceClass(reportingWebhook) {}
