import { z } from "zod";

/** Settings of the provider: `pulumi config set relay:<name>`. */
export const config = z.object({
  armUrl: z
    .url({ error: "it must be a URL that begins with https://", abort: true })
    .regex(
      /^(https:|http:\/\/(localhost|127\.0\.0\.1)([:/]|$))/,
      "it must begin with https://, since the access tokens are sent there",
    )
    .default("https://management.azure.com")
    .meta({
      description: "Address of Azure Resource Manager, for a proxy in between; default https://management.azure.com.",
      environment: "AZURE_RESOURCE_MANAGER_URL",
    }),
});

export type Config = z.output<typeof config>;
