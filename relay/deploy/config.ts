import { address } from "pulumi-provider-kit/settings";
import { z } from "zod";

/** Settings of the provider: `npx pulumi config set customerio-aep:<name>`. */
export const config = z.object({
  armUrl: address.default("https://management.azure.com").meta({
    description: "Address of Azure Resource Manager, for a proxy in between; default https://management.azure.com.",
    environment: "AZURE_RESOURCE_MANAGER_URL",
  }),
});

export type Config = z.output<typeof config>;
