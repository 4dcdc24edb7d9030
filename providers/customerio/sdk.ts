import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { providerClass } from "../kit/provider-class.ts";
import { resourceClass } from "../kit/resource-class.ts";
import { config } from "./config.ts";
import { ownership } from "./ownership.ts";
import { reportingWebhook } from "./reporting-webhook.ts";
import { getReportingWebhooks as listFunction } from "./webhook-list.ts";

/** A provider of its own, for another workspace than that of the stack's settings. */
export class Provider extends providerClass("customerio", config) {}

/** Deletes with itself a webhook that an interrupted run left; the webhook depends on it. */
export class Ownership extends resourceClass(ownership) {}

/** A Customer.io reporting webhook: sends the named events of the App API key's workspace to an endpoint. */
export class ReportingWebhook extends resourceClass(reportingWebhook) {}

/** The workspace's reporting webhooks. Asks Customer.io in previews too. */
export function getReportingWebhooks(options?: pulumi.InvokeOptions): Promise<z.output<typeof listFunction.result>> {
  return pulumi.runtime.invoke(listFunction.token, {}, options);
}
