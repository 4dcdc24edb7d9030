import { definitionProvider, type PackageDefinition } from "pulumi-provider-kit";
import manifest from "../../package.json" with { type: "json" };
import { AzureClient } from "./client/client.ts";
import { config } from "./config.ts";
import { getAzureLogin } from "./functions/azure-login.ts";
import { getAzurePreflight } from "./functions/azure-preflight.ts";
import { getExistence } from "./functions/existence.ts";
import { getQueueNames } from "./functions/queue-names.ts";
import { appServicePlan } from "./resources/arm/app-service-plan.ts";
import { armResource } from "./resources/arm/arm-resource.ts";
import { budget } from "./resources/arm/budget.ts";
import { functionApp } from "./resources/arm/function-app.ts";
import { vaultSecret } from "./resources/arm/vault-secret.ts";
import { formerVersions } from "./resources/former-versions.ts";
import { functionCode } from "./resources/function-code.ts";
import { queueDrain } from "./resources/queue-drain.ts";
import { relayGuard } from "./resources/relay-guard.ts";

/** The package `customerio-aep`: its settings and resources. */
export const customerIoAepPackage: PackageDefinition<AzureClient, typeof config> = {
  name: "customerio-aep",
  version: manifest.version,
  displayName: "Customer.io source",
  description:
    "Carries every Customer.io event into Adobe Experience Platform: the component CustomerIoSource, its parts, and what deploys its relay to Azure.",
  config,
  sharesName: true,
  connect: (settings) => new AzureClient(settings),
  resources: [
    appServicePlan,
    armResource,
    budget,
    formerVersions,
    functionApp,
    functionCode,
    queueDrain,
    relayGuard,
    vaultSecret,
  ],
  functions: [getAzureLogin, getAzurePreflight, getExistence, getQueueNames],
  // They need the table of settings, which takes a fifth of a start.
  async components() {
    const [{ customerIoSource }, { partComponents }] = await Promise.all([
      import("./components.ts"),
      import("./part-components.ts"),
    ]);
    return [customerIoSource, ...partComponents];
  },
};

/** The Pulumi provider `customerio-aep`. */
export const provider = definitionProvider(customerIoAepPackage);
