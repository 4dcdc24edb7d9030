import * as pulumi from "@pulumi/pulumi";
import { providerClass, resourceClass } from "pulumi-provider-kit/sdk";
import type { z } from "zod";
import { config } from "./config.ts";
import { getIpAddresses as addressFunction } from "./functions/ip-addresses.ts";
import { getReportingWebhooks as listFunction } from "./functions/webhook-list.ts";
import { ownership } from "./resources/ownership.ts";
import { reportingWebhook } from "./resources/reporting-webhook.ts";

/** An explicit provider, for another workspace than the stack's settings name. */
export class Provider extends providerClass("customerio", config) {}

/** When deleted, also deletes a webhook that an interrupted run left. The webhook depends on it. */
export class Ownership extends resourceClass(ownership) {}

/** A Customer.io reporting webhook: sends the named events of the App API key's workspace to an endpoint. */
export class ReportingWebhook extends resourceClass(reportingWebhook) {}

/** The workspace's reporting webhooks. Asks Customer.io in previews too. */
export function getReportingWebhooks(options?: pulumi.InvokeOptions): Promise<z.output<typeof listFunction.result>> {
  return pulumi.runtime.invoke(listFunction.token, {}, options);
}

/** The addresses from which Customer.io calls webhooks; the list changes. Asks Customer.io in previews too. */
export function getIpAddresses(options?: pulumi.InvokeOptions): Promise<z.output<typeof addressFunction.result>> {
  return pulumi.runtime.invoke(addressFunction.token, {}, options);
}
