import * as pulumi from "@pulumi/pulumi";
import { CustomerIoSource, type CustomerIoSourceArgs } from "customerio-aep";
import * as aep from "pulumi-aep";
import * as customerio from "pulumi-customerio";

interface Brand {
  /** Names its resources, and its secrets in the configuration: `northAppApiKey`, `northSigningKeys`. */
  name: string;
  sandbox: string;
  region: "us" | "eu";
}

const config = new pulumi.Config();
const credential = new pulumi.Config("aep");

export const sources: Record<string, object> = {};

for (const { name, sandbox, region } of config.requireObject<Brand[]>("brands")) {
  const platform = new aep.Provider(name, {
    clientId: credential.require("clientId"),
    clientSecret: credential.requireSecret("clientSecret"),
    orgId: credential.require("orgId"),
    sandbox,
  });
  const workspace = new customerio.Provider(name, { appApiKey: config.requireSecret(`${name}AppApiKey`), region });
  // Settings that all of them share, such as alertEmails.
  const shared = config.getObject<CustomerIoSourceArgs>("settings") ?? {};
  const signingKeys = config.getSecret(`${name}SigningKeys`);

  const source = new CustomerIoSource(name, { ...shared, signingKeys }, { providers: [platform, workspace] });
  const { relayUrl, dataflowId, datasetId, webhookId, nextSteps } = source;
  sources[name] = { relayUrl, dataflowId, datasetId, webhookId, nextSteps };
}
