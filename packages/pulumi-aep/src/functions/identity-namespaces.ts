import type { FunctionDefinition } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../client/client.ts";
import { paths } from "../client/paths.ts";

const args = z.object({});
const result = z.object({
  codes: z.array(z.string()).meta({ description: "Codes of all identity namespaces, Adobe's and the organization's." }),
});

const coded = z.object({ code: z.string() });

/** The identity namespaces that descriptors and identity maps can name. */
export const getIdentityNamespaces: FunctionDefinition<AepClient, typeof args, typeof result> = {
  token: "aep:index:getIdentityNamespaces",
  description: "The identity namespaces of the organization. Adobe: Identity Service API, namespaces.",
  args,
  result,
  async call(client, _args, signal) {
    const purpose = "list the identity namespaces";
    const call = { method: "GET", path: paths.identityNamespaces, signal, purpose } as const;
    const listed = await client.call(call, z.array(z.unknown()));
    return { codes: listed.flatMap((namespace) => coded.safeParse(namespace).data?.code ?? []) };
  },
};
