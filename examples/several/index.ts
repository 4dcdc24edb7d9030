import * as pulumi from "@pulumi/pulumi";
import * as aep from "pulumi-aep";
import * as customerio from "pulumi-customerio";
import { CustomerIoSource } from "../../components/customer-io-source.ts";
import { eventMapping } from "../../components/event-mapping.ts";
import { preflight } from "../../components/preflight.ts";
import { sourceSettings } from "../../components/settings.ts";

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
  // What all of them share, such as alertEmails; whatever Pulumi.yaml of the repository names.
  const settings = sourceSettings(config.getObject("settings") ?? {}, config.getSecret(`${name}SigningKeys`));

  await preflight(settings, { platform, workspace });
  const mappings = eventMapping(settings, await aep.getTenant({ provider: platform }));
  const source = new CustomerIoSource(name, { ...settings, mappings }, { providers: [platform, workspace] });
  const { relayUrl, dataflowId, datasetId, webhookId, nextSteps } = source;
  sources[name] = { relayUrl, dataflowId, datasetId, webhookId, nextSteps };
}
