import type { FunctionDefinition } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../client/client.ts";

const args = z.object({});
const result = z.object({
  tenantId: z.string().meta({ description: "The tenant id, without an underscore before it." }),
});

/** The organization's tenant id: custom fields lie under `_<tenant id>`. */
export const getTenant: FunctionDefinition<AepClient, typeof args, typeof result> = {
  token: "aep:index:getTenant",
  description:
    "The organization's tenant id; custom fields lie under _<tenant id>. Adobe: Schema Registry API, stats endpoint.",
  args,
  result,
  call: async (client, _args, signal) => ({ tenantId: await client.tenantId(signal) }),
};
