import { definitionProvider, type PackageDefinition } from "pulumi-provider-kit";
import manifest from "../../package.json" with { type: "json" };
import { AzureClient } from "./client/client.ts";
import { config } from "./config.ts";
import { armResource } from "./resources/arm-resource.ts";
import { functionApp } from "./resources/function-app.ts";
import { functionCode } from "./resources/function-code.ts";
import { queueDrain } from "./resources/queue-drain.ts";
import { vaultSecret } from "./resources/vault-secret.ts";

/** The package `relay`: its settings and resources. */
export const relayPackage: PackageDefinition<AzureClient, typeof config> = {
  name: "relay",
  version: manifest.version,
  displayName: "Customer.io relay",
  description:
    "Deploys the relay's code to an Azure function app, and lets its queue run empty before it is taken down.",
  config,
  connect: (settings) => new AzureClient(settings),
  resources: [armResource, functionApp, functionCode, queueDrain, vaultSecret],
};

/** The Pulumi provider `relay`. */
export const provider = definitionProvider(relayPackage);
