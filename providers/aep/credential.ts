import { z } from "zod";
import type { FunctionDefinition } from "../kit/resource-definition.ts";
import type { AepClient } from "./client.ts";

const args = z.object({});
const result = z.object({
  imsUrl: z.string().meta({ description: "Address of Adobe IMS." }),
  clientId: z.string().meta({ description: "Client id of the OAuth Server-to-Server credential." }),
  clientSecret: z.string().meta({ description: "Client secret of the credential.", secret: true }),
  scopes: z.string().meta({ description: "Scopes to ask for, with commas between them." }),
  orgId: z.string().meta({ description: "Id of the organization." }),
});

/** The provider's own credential, wherever its settings come from: for a sender to an authenticated streaming endpoint. */
export const getCredential: FunctionDefinition<AepClient, typeof args, typeof result> = {
  token: "aep:index:getCredential",
  description:
    "The provider's own credential, for a sender to an authenticated streaming endpoint. " +
    "Adobe: Developer Console, “Server to Server authentication”.",
  args,
  result,
  call: async (client) => client.credential,
};
