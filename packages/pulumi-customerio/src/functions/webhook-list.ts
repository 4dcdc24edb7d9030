import type { FunctionDefinition } from "pulumi-provider-kit";
import { z } from "zod";
import type { ReportingWebhooks } from "../client/client.ts";

const args = z.object({});
const result = z.object({
  webhooks: z
    .array(
      z.object({
        id: z.number().int().meta({ description: "Id of the webhook in Customer.io." }),
        name: z.string().meta({ description: "Its name." }),
        type: z.string().meta({ description: "webhook, or js for a JavaScript webhook." }),
      }),
    )
    .meta({ description: "The workspace's reporting webhooks, without their endpoints." }),
});

/** Lists the workspace's webhooks, so that a program can check the App API key before it creates anything. */
export const getReportingWebhooks: FunctionDefinition<ReportingWebhooks, typeof args, typeof result> = {
  token: "customerio:index:getReportingWebhooks",
  description: "The reporting webhooks of the App API key's workspace. Customer.io: App API, /v1/reporting_webhooks.",
  args,
  result,
  async call(client, _args, signal) {
    const webhooks = await client.list(signal);
    return { webhooks: webhooks.map(({ id, name, type }) => ({ id, name, type })) };
  },
};
