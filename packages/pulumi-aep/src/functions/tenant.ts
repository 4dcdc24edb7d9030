import type { FunctionDefinition } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../client/client.ts";

const args = z.object({});
const result = z.object({
  tenantId: z.string().meta({ description: "The tenant id, without the leading underscore." }),
});

/** The organization's tenant id: custom fields are under `_<tenant id>`. */
export const getTenant: FunctionDefinition<AepClient, typeof args, typeof result> = {
  token: "aep:index:getTenant",
  description:
    "The organization's tenant id; custom fields are under _<tenant id>. Adobe: Schema Registry API, stats endpoint.",
  args,
  result,
  call: async (client, _args, signal) => ({ tenantId: await client.tenantId(signal) }),
};
