import { getClientConfig } from "@pulumi/azure-native/authorization/index.js";
import type * as pulumi from "@pulumi/pulumi";
import { getAzureLogin } from "../relay/deploy/sdk.ts";
import { refusalOf } from "./refusal.ts";

/**
 * Logs in to Azure with both providers that make the relay, in a preview too.
 *
 * @returns what stands in the way: a login that fails, or two that are not the same
 */
export async function findAzureProblems(ask: pulumi.InvokeOptions | undefined): Promise<string[]> {
  const ours = getAzureLogin(ask);
  const native = getClientConfig(ask);
  const [refused, nativeRefused] = await Promise.all([refusalOf(ours), refusalOf(native)]);
  if (refused !== undefined || nativeRefused !== undefined) {
    return [refused ?? [], nativeRefused === undefined ? [] : `The provider azure-native: ${nativeRefused}`].flat();
  }
  const [{ objectId }, { objectId: nativeObjectId }] = await Promise.all([ours, native]);
  if (!objectId || !nativeObjectId || objectId.toLowerCase() === nativeObjectId.toLowerCase()) return [];
  return [
    `Two identities would make this stack: the provider azure-native logs in with the object id ${nativeObjectId}, and the provider ` +
      `customerio-aep with ${objectId}. Choose the login by the variables ARM_*, which both read, not by settings such as ` +
      "azure-native:clientId; or log in again with az login, as the one that is meant.",
  ];
}
