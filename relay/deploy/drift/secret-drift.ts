import { z } from "zod";
import { vaultApiVersion } from "../api-versions.ts";
import type { AzureClient } from "../client/client.ts";

const secret = z.object({
  properties: z.object({
    secretUriWithVersion: z.string(),
    attributes: z.object({ enabled: z.boolean().nullish(), exp: z.number().nullish() }).nullish(),
  }),
});

/** A vault's secret in Azure Resource Manager: its present version, and whether that can be read. */
export interface SecretVersion {
  readonly uriWithVersion: string;
  readonly isEnabled: boolean;
  /** ISO 8601 time after which the vault may refuse it; undefined: never. */
  readonly expiresAt: string | undefined;
}

/** Azure's answer about a secret, never its value. */
export function versionOf(answer: unknown): SecretVersion {
  const { secretUriWithVersion, attributes } = secret.parse(answer).properties;
  const expiresAt = attributes?.exp ? new Date(attributes.exp * 1000).toISOString() : undefined;
  return { uriWithVersion: secretUriWithVersion, isEnabled: attributes?.enabled !== false, expiresAt };
}

/** How a secret differs from what the stack wrote; undefined if it does not. */
export async function findSecretDrift(
  client: AzureClient,
  { id, uriWithVersion }: { readonly id: string; readonly uriWithVersion: string },
  signal: AbortSignal,
): Promise<{ readonly change: "changed" | "removed"; readonly found: string } | undefined> {
  const answer = await client.armGet(id, vaultApiVersion, signal);
  if (answer === undefined) return { change: "removed", found: "the vault no longer has this secret" };
  const now = versionOf(answer);
  if (!now.isEnabled) return { change: "changed", found: "its present version is disabled" };
  if (now.uriWithVersion === uriWithVersion) return undefined;
  const [present, written] = [now.uriWithVersion, uriWithVersion].map((uri) => uri.split("/").at(-1));
  return { change: "changed", found: `the vault has the version ${present}, and the stack wrote ${written}` };
}
