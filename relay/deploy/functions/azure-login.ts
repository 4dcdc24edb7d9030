import type { FunctionDefinition } from "pulumi-provider-kit";
import { z } from "zod";
import type { AzureClient } from "../client/client.ts";

const args = z.object({
  subscriptionId: z.string().optional().meta({
    description:
      "Subscription of the relay. Azure CLI logs in to its tenant. Default: `ARM_SUBSCRIPTION_ID`, or the subscription that Azure CLI shows.",
  }),
});
const result = z.object({
  objectId: z.string().optional().meta({
    description:
      "Object id of the identity with which this provider logs in to Azure; absent if the access token does not say.",
  }),
});

/** Logs in to Azure, so that a program knows from the start whether that works, and with which identity. */
export const getAzureLogin: FunctionDefinition<AzureClient, typeof args, typeof result> = {
  token: "customerio-aep:index:getAzureLogin",
  description: "Who this provider logs in to Azure as. Fails if it can't log in, with what to set.",
  args,
  result,
  async call(client, { subscriptionId }, signal) {
    const objectId = await client.readCallersObjectId(signal, subscriptionId?.toLowerCase());
    return objectId === undefined ? {} : { objectId };
  },
};
