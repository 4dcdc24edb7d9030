import { defineResource, type Operation } from "pulumi-provider-kit";
import { z } from "zod";
import type { AzureClient } from "../../client/client.ts";
import { versionOf } from "../../drift/secret-drift.ts";
import { vaultApiVersion as apiVersion } from "../../vault-api-version.ts";
import { importRefusal } from "../refusal.ts";
import { put } from "./arm-resource.ts";

const inputs = z.object({
  vaultId: z
    .string()
    .regex(/\/providers\/Microsoft\.KeyVault\/vaults\/[^/]+$/i, "it must be the id of a key vault")
    .meta({ description: "Azure Resource Manager id of the key vault (`Vault.id`).", replaces: true }),
  name: z
    .string()
    .regex(/^[a-zA-Z0-9-]{1,127}$/, "it must have 1 to 127 letters, digits and hyphens")
    .meta({ description: "What the secret is called in the vault.", replaces: true }),
  value: z.string().meta({ description: "The secret itself.", secret: true }),
});

const outputs = z.object({
  uriWithVersion: z.string().meta({
    description: "Address of the secret's present version, for a Key Vault reference.",
    volatile: true,
  }),
});

/**
 * A secret in a key vault, made by Azure Resource Manager's PUT for the same reason as an `ArmResource`.
 */
export const vaultSecret = defineResource<AzureClient>()({
  type: "customerio-aep:index:VaultSecret",
  description:
    "A secret in an Azure key vault. As with `ArmResource`, one of that name that exists already gets the value as a new version. " +
    "A refresh reports another version, or a disabled one, as a changed value, and the next update writes the stack's own. " +
    "Deleting it calls nothing: Azure Resource Manager has no call for it, and the secret goes with its vault. It can't be imported.",
  inputs,
  outputs,

  async create(operation, values) {
    const id = `${values.vaultId}/secrets/${values.name}`;
    return { id, outputs: await write(operation, id, values.value) };
  },

  // Azure Resource Manager never returns the value, so only the version shows whether somebody has changed it.
  async read({ client, signal }, id, known, written) {
    if (!known) throw importRefusal("customerio-aep:index:VaultSecret");
    const found = await client.armGet(id, apiVersion, signal);
    if (found === undefined) return undefined;
    const { uriWithVersion, isEnabled } = versionOf(found);
    const isOurs = isEnabled && uriWithVersion === written?.uriWithVersion;
    // An empty value stands for one that the stack did not write, so that the next update writes the stack's own again.
    return { inputs: isOurs ? known : { ...known, value: "" }, outputs: { uriWithVersion } };
  },

  update: (operation, id, { news }) => write(operation, id, news.value),

  async delete() {
    // It goes with its vault. To delete it alone would keep its name taken for days, and needs a role that an Owner lacks.
  },
});

async function write(operation: Operation<AzureClient>, id: string, value: string) {
  const { uriWithVersion } = versionOf(await put(operation, id, { apiVersion, body: { properties: { value } } }));
  return { uriWithVersion };
}
