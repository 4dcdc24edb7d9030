import { address } from "pulumi-provider-kit/settings";
import { z } from "zod";

/** Settings of the provider: `npx pulumi config set aep:<name>`. */
export const config = z.object({
  clientId: z
    .string()
    .trim()
    .min(1, "it is empty")
    .meta({
      description:
        "Client id of an OAuth Server-to-Server credential, from the credential's page in Adobe Developer Console. " +
        "Its project needs the API “Experience Platform API”.",
      environment: "AEP_CLIENT_ID",
    }),
  clientSecret: z.string().trim().min(1, "it is empty").meta({
    description:
      "Client secret of the same credential: “Retrieve client secret” on its page in Adobe Developer Console.",
    secret: true,
    environment: "AEP_CLIENT_SECRET",
  }),
  orgId: z
    .string()
    .trim()
    .regex(/^[0-9A-Za-z]+@AdobeOrg$/, "it must end in @AdobeOrg, such as 0123456789ABCDEF01234567@AdobeOrg")
    .meta({
      description:
        "Id of the organization, from the credential's page in Adobe Developer Console; it ends in @AdobeOrg.",
      environment: "AEP_ORG_ID",
      replaces: true,
    }),
  sandbox: z
    .string()
    .trim()
    .regex(/^[a-z0-9][a-z0-9-]*$/, "it must be the sandbox's name, in lower case, and not its title")
    .meta({
      description: "Name of the sandbox that holds everything this provider creates, such as dev or prod.",
      environment: "AEP_SANDBOX",
      replaces: true,
    }),
  scopes: z
    .string()
    .trim()
    .min(1, "it is empty")
    .default("openid,session,AdobeID,read_organizations,additional_info.projectedProductContext")
    .meta({ description: "Scopes to request, separated by commas, from the credential's page." }),
  imsUrl: address.default("https://ims-na1.adobelogin.com").meta({
    description: "Address of Adobe IMS, which issues the access tokens.",
    environment: "AEP_IMS_URL",
  }),
  platformUrl: address.default("https://platform.adobe.io").meta({
    description: "Address of the Experience Platform APIs, for a proxy in between.",
    environment: "AEP_PLATFORM_URL",
  }),
});

export type Config = z.output<typeof config>;
