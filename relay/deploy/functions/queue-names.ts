import type { FunctionDefinition } from "pulumi-provider-kit";
import { z } from "zod";
import type { AzureClient } from "../client/client.ts";

const args = z.object({
  accountId: z.string().meta({ description: "Azure Resource Manager id of a storage account." }),
});
const result = z.object({
  names: z.array(z.string()).meta({ description: "Names of its queues; none if the account does not exist." }),
});

/** Lists the queues of a storage account. */
export const getQueueNames: FunctionDefinition<AzureClient, typeof args, typeof result> = {
  token: "customerio-aep:index:getQueueNames",
  description: "The storage queues of an account.",
  args,
  result,
  async call(client, { accountId }, signal) {
    return { names: (await client.listQueueNames(accountId, signal)) ?? [] };
  },
};
