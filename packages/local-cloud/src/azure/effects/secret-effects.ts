import { randomBytes } from "node:crypto";
import { isMap, type PropertyMap } from "pulumi-provider-kit";
import type { ResourceRequest } from "../arm/resource-request.ts";
import { plainValueAt, type Resource, type StoredSecret, textAt } from "../arm/subscription.ts";
import type { AzureParts, Effects } from "./effects.ts";

/** Secrets of vaults, as Azure Resource Manager writes them. */
export const secretEffects: Record<string, Effects> = {
  "azure-native:keyvault:Secret": {
    create: newVersion,
    update: newVersion,
    patch: changeVersion,
    delete: ({ id }, { subscription }) => {
      subscription.deletedSecrets.add(id.toLowerCase());
    },
  },
};

/** Every PUT of a secret creates a new version; the former ones stay. */
function newVersion({ id, name, inputs }: ResourceRequest, { subscription }: AzureParts): PropertyMap {
  const version = randomBytes(16).toString("hex");
  const secretVersion = { value: textAt(inputs, "properties.value"), createdAt: Date.now(), ...attributesOf(inputs) };
  subscription.secretVersions.set(`${id}/${version}`.toLowerCase(), secretVersion);
  const secretUri = `https://${textAt(inputs, "vaultName").toLowerCase()}.vault.azure.net/secrets/${name}`;
  return { properties: { secretUri, secretUriWithVersion: `${secretUri}/${version}` } };
}

/** A PATCH without a value changes the attributes of the current version. */
function changeVersion(resource: Resource, properties: PropertyMap, { subscription }: AzureParts): void {
  const current = textAt(resource.outputs, "properties.secretUriWithVersion").split("/").at(-1) ?? "";
  const key = `${resource.id}/${current}`.toLowerCase();
  const version = subscription.secretVersions.get(key);
  if (version === undefined) return;
  subscription.secretVersions.set(key, { ...version, ...attributesOf({ properties }) });
  const known = plainValueAt(resource.outputs, "properties");
  const outputs = { ...resource.outputs, properties: { ...(isMap(known) ? known : {}), ...properties } };
  subscription.put({ ...resource, outputs });
}

function attributesOf(inputs: PropertyMap): Pick<StoredSecret, "isEnabled" | "expires"> {
  const expires = plainValueAt(inputs, "properties.attributes.exp");
  return {
    isEnabled: plainValueAt(inputs, "properties.attributes.enabled") !== false,
    ...(typeof expires === "number" && { expires }),
  };
}
