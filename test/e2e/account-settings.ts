import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import type { Pulumi } from "../../packages/local-cloud/src/demo/pulumi.ts";

/** Enters what a user of a template or of the packages enters: both accounts, and Azure's region. */
export async function configureAccounts(pulumi: Pulumi): Promise<void> {
  const { platform, customerIo } = localCredentials;
  await pulumi.configure("aep:clientId", platform.clientId);
  await pulumi.configureSecret("aep:clientSecret", platform.clientSecret);
  await pulumi.configure("aep:orgId", platform.orgId);
  await pulumi.configure("aep:sandbox", platform.sandbox);
  await pulumi.configureSecret("customerio:appApiKey", customerIo.appApiKey);
  await pulumi.configure("customerio:region", "us");
  await pulumi.configure("azure-native:location", "westeurope");
}
