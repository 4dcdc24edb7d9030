import type { PolicyResourceOptions } from "@pulumi/policy";

/** A resource as rules get it: with the inputs that are known in a preview, before anything is changed. */
export interface CheckedResource {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: as the SDK has them
  readonly props: Record<string, any>;
  readonly opts: Pick<PolicyResourceOptions, "protect">;
}

export const accountType = "azure-native:storage:StorageAccount";
export const vaultType = "azure-native:keyvault:Vault";
const siteTypes = ["azure-native:web:WebApp", "customerio-aep:index:FunctionApp"];

/** The properties of a function app, whichever provider makes it; undefined for other resources. */
export function siteProperties({ type, props }: CheckedResource): CheckedResource["props"] | undefined {
  if (!siteTypes.includes(type)) return undefined;
  return type.startsWith("azure-native:") ? props : (props.body?.properties ?? {});
}

/** The part of a URN that names the stack. */
export function stackInUrn(urn: string): string {
  return urn.split(":")[2] ?? "";
}
