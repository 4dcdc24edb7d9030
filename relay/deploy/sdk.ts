import * as pulumi from "@pulumi/pulumi";
import { providerClass, resourceClass } from "pulumi-provider-kit/sdk";
import type { z } from "zod";
import { config } from "./config.ts";
import { getAzureLogin as azureLoginFunction } from "./functions/azure-login.ts";
import { getAzurePreflight as azurePreflightFunction } from "./functions/azure-preflight.ts";
import { getExistence as existenceFunction } from "./functions/existence.ts";
import { getQueueNames as queueNamesFunction } from "./functions/queue-names.ts";
import { appServicePlan } from "./resources/arm/app-service-plan.ts";
import { armResource } from "./resources/arm/arm-resource.ts";
import { budget } from "./resources/arm/budget.ts";
import { functionApp } from "./resources/arm/function-app.ts";
import { vaultSecret } from "./resources/arm/vault-secret.ts";
import { formerVersions } from "./resources/former-versions.ts";
import { functionCode } from "./resources/function-code.ts";
import { queueDrain } from "./resources/queue-drain.ts";
import { relayGuard } from "./resources/relay-guard.ts";

/** An explicit provider, with settings other than the stack's. */
export class Provider extends providerClass("customerio-aep", config) {}

/** Deploys the code of an Azure function app on the Flex Consumption plan, and waits until it works. */
export class FunctionCode extends resourceClass(functionCode) {}

/** Delays `pulumi destroy` until a storage queue is empty. */
export class QueueDrain extends resourceClass(queueDrain) {}

/** Refuses to delete a relay that has dead letters, before its webhook is deleted. */
export class RelayGuard extends resourceClass(relayGuard) {}

/** An Azure resource with a fixed name, which an `up` adopts if it already exists. */
export class ArmResource extends resourceClass(armResource) {}

/** A monthly budget of a resource group. */
export class Budget extends resourceClass(budget) {}

/** The plan of a function app. Deleting it also deletes an app that a killed `up` left on it. */
export class AppServicePlan extends resourceClass(appServicePlan) {}

/** A secret in a key vault. */
export class VaultSecret extends resourceClass(vaultSecret) {}

/** Disables the versions of secrets that nothing uses. */
export class FormerVersions extends resourceClass(formerVersions) {}

/** A function app on the Flex Consumption plan. */
export class FunctionApp extends resourceClass(functionApp) {}

/** The identity of the provider's Azure login. Logs in during previews, too. */
export function getAzureLogin(
  args: z.input<typeof azureLoginFunction.args>,
  options?: pulumi.InvokeOptions,
): Promise<z.output<typeof azureLoginFunction.result>> {
  return pulumi.runtime.invoke(azureLoginFunction.token, args, options);
}

/** Problems that would prevent the creation of a relay in Azure. Checks during previews, too. */
export function getAzurePreflight(
  args: z.input<typeof azurePreflightFunction.args>,
  options?: pulumi.InvokeOptions,
): Promise<z.output<typeof azurePreflightFunction.result>> {
  return pulumi.runtime.invoke(azurePreflightFunction.token, args, options);
}

/** Whether Azure has a resource. Looks during previews, too. */
export function getExistence(
  args: z.input<typeof existenceFunction.args>,
  options?: pulumi.InvokeOptions,
): Promise<z.output<typeof existenceFunction.result>> {
  return pulumi.runtime.invoke(existenceFunction.token, args, options);
}

/** The storage queues of an account. Looks during previews, too. */
export function getQueueNames(
  args: z.input<typeof queueNamesFunction.args>,
  options?: pulumi.InvokeOptions,
): Promise<z.output<typeof queueNamesFunction.result>> {
  return pulumi.runtime.invoke(queueNamesFunction.token, args, options);
}
