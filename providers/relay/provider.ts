import manifest from "../../package.json" with { type: "json" };
import { definitionProvider, type PackageDefinition } from "../kit/definition-provider.ts";
import { armResource } from "./arm-resource.ts";
import { AzureClient } from "./client.ts";
import { config } from "./config.ts";
import { functionApp } from "./function-app.ts";
import { functionCode } from "./function-code.ts";
import { queueDrain } from "./queue-drain.ts";
import { vaultSecret } from "./vault-secret.ts";

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
