import { defineResource, type Operation } from "pulumi-provider-kit";
import { z } from "zod";
import { vaultApiVersion as apiVersion } from "../../api-versions.ts";
import type { AzureClient } from "../../client/client.ts";
import { type SecretVersion, versionOf } from "../../drift/secret-drift.ts";
import { importRefusal } from "../refusal.ts";
import { putResource } from "./put.ts";

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
  contentType: z.string().max(255).optional().meta({
    description: "What the value is, for people who look into the vault. It is written only together with a value.",
    creation: true,
  }),
  expiresAt: z.iso
    .datetime({ error: "it must be an ISO 8601 time such as 2027-01-01T00:00:00.000Z" })
    .optional()
    .meta({
      description:
        "Time after which the vault may refuse to return the value. A later time is written to the present version, so nothing that uses this " +
        "version has to change.",
    }),
  tags: z.record(z.string(), z.string()).optional().meta({ description: "Tags of the secret." }),
  disableWhenDeleted: z.boolean().optional().meta({
    description: "Whether deleting the resource disables the secret, for a vault that does not go with the stack.",
  }),
});

type Values = z.output<typeof inputs>;

const outputs = z.object({
  uriWithVersion: z.string().meta({
    description: "Address of the secret's present version, for a Key Vault reference.",
    volatile: true,
  }),
});

/**
 * A secret in a key vault, created by Azure Resource Manager's PUT for the same reason as an `ArmResource`.
 */
export const vaultSecret = defineResource<AzureClient>()({
  type: "customerio-aep:index:VaultSecret",
  description:
    "A secret in an Azure key vault. As with `ArmResource`, a secret that already exists with that name gets the value as a new version. " +
    "A refresh reports a different or disabled version as a changed value, and the next update writes the stack's own value. It also reports " +
    "a different expiry date. " +
    "Azure Resource Manager has no call to delete a secret; a secret is deleted with its vault. Deleting the resource does nothing, or disables " +
    "the secret if `disableWhenDeleted` is set. It can't be imported.",
  inputs,
  outputs,

  async create(operation, values) {
    const id = `${values.vaultId}/secrets/${values.name}`;
    return { id, outputs: await write(operation, id, values) };
  },

  // Azure Resource Manager never returns the value, so only the version shows a change.
  async read({ client, signal }, id, known, written) {
    if (!known) throw importRefusal("customerio-aep:index:VaultSecret");
    const found = await client.armGet(id, apiVersion, signal);
    if (found === undefined) return undefined;
    const present = versionOf(found);
    const { uriWithVersion, expiresAt } = present;
    // An empty value marks a secret that the stack did not write, so the next update writes the stack's value again.
    const value = isOurs(present, written) ? known.value : "";
    return { inputs: { ...known, value, ...expiryDrift(known, expiresAt) }, outputs: { uriWithVersion } };
  },

  // A new value needs a new version, and so does removing an expiry date. Other changes apply to the present version, but only if the stack
  // wrote it: the app settings name the version that an update returns.
  async update(operation, id, { news, olds, outputs: written }) {
    if (news.value !== olds.value || (olds.expiresAt && !news.expiresAt)) return write(operation, id, news);
    const found = await operation.client.armGet(id, apiVersion, operation.signal);
    // Without tags in it, Azure would keep the former ones.
    const description = { ...news, tags: news.tags ?? (olds.tags && {}) };
    if (found && isOurs(versionOf(found), written)) return describe(operation, id, description);
    operation.warn(`writes the secret "${news.name}" again: its present version is not the stack's, or is disabled`);
    return write(operation, id, news);
  },

  // Deleting the secret alone would block its name for days, and needs a role that an Owner lacks.
  async delete({ client, signal }, id, { disableWhenDeleted }) {
    if (!disableWhenDeleted) return;
    if ((await client.armGet(id, apiVersion, signal)) === undefined) return;
    await client.armPatch(id, apiVersion, { properties: { attributes: { enabled: false } } }, signal);
  },
});

/** Whether the vault returns the value that the stack wrote. */
function isOurs({ isEnabled, uriWithVersion }: SecretVersion, written: z.output<typeof outputs> | undefined): boolean {
  return isEnabled && uriWithVersion === written?.uriWithVersion;
}

async function write(operation: Operation<AzureClient>, id: string, values: Values) {
  const { tags, properties } = descriptionOf(values);
  const body = { ...(tags && { tags }), properties: { value: values.value, ...properties } };
  const { uriWithVersion } = versionOf(await putResource(operation, id, { apiVersion, body }));
  return { uriWithVersion };
}

async function describe({ client, signal }: Operation<AzureClient>, id: string, values: Values) {
  const { uriWithVersion } = versionOf(await client.armPatch(id, apiVersion, descriptionOf(values), signal));
  return { uriWithVersion };
}

/** The vault's expiry date, if it differs from the stack's. */
function expiryDrift({ expiresAt: given }: Values, found: string | undefined): Pick<Values, "expiresAt"> {
  if (given === undefined || (found !== undefined && Date.parse(given) === Date.parse(found))) return {};
  return { expiresAt: found };
}

/** A secret's properties without its value. */
function descriptionOf({ contentType, expiresAt, tags }: Values) {
  return {
    ...(tags && { tags }),
    properties: {
      ...(contentType && { contentType }),
      // Azure expects seconds since 1970.
      ...(expiresAt && { attributes: { exp: Math.floor(Date.parse(expiresAt) / 1000) } }),
    },
  };
}
