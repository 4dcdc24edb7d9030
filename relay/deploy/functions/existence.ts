import type { FunctionDefinition } from "pulumi-provider-kit";
import { z } from "zod";
import type { AzureClient } from "../client/client.ts";

const args = z.object({
  id: z.string().meta({ description: "Azure Resource Manager id." }),
  apiVersion: z.string().meta({ description: "Version of Azure's API with which it is read." }),
});
const result = z.object({
  exists: z.boolean().meta({ description: "False, too, if the login may not read it, or Azure does not answer." }),
});

/** Looks for a resource before it is created. */
export const getExistence: FunctionDefinition<AzureClient, typeof args, typeof result> = {
  token: "customerio-aep:index:getExistence",
  description: "Whether Azure has a resource.",
  args,
  result,
  async call(client, { id, apiVersion }, signal) {
    // If it can't be read, the code that creates it reports the error.
    const found = await client.armGet(id, apiVersion, signal).catch(() => undefined);
    return { exists: found !== undefined };
  },
};
