import { address } from "pulumi-provider-kit/settings";
import { z } from "zod";

/** The App API's address in each region. A key works only in its own region. */
const regionUrls = { us: "https://api.customer.io", eu: "https://api-eu.customer.io" } as const;

/** Settings of the provider: `npx pulumi config set customerio:<name>`. */
export const config = z.object({
  appApiKey: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]+$/, "a key has no spaces, line breaks or other special characters")
    .meta({
      description:
        "Key of Customer.io's App API, created in Customer.io under Settings > API credentials > App API keys. " +
        "It belongs to one workspace and so selects the workspace. A Track API key does not work.",
      secret: true,
      environment: "CUSTOMERIO_APP_API_KEY",
    }),
  region: z.enum(["us", "eu"], { error: 'it must be "us" or "eu"' }).default("us").meta({
    description: "The data center of the Customer.io account: us or eu.",
    environment: "CUSTOMERIO_REGION",
  }),
  appApiUrl: address.optional().meta({
    description: "Address of the App API, for a proxy in between; default: the region's own.",
    environment: "CUSTOMERIO_APP_API_URL",
  }),
});

export type Config = z.output<typeof config>;

/** The App API's address. */
export function appApiUrl(settings: Config): string {
  return settings.appApiUrl ?? regionUrls[settings.region];
}
