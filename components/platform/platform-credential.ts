import * as pulumi from "@pulumi/pulumi";
import { config } from "pulumi-aep/settings";
import { ConfigError, readConfig } from "pulumi-provider-kit/settings";
import type { z } from "zod";
import { stackSettings } from "../settings/stack-settings.ts";

const credential = config.pick({ clientId: true, clientSecret: true, orgId: true, scopes: true, imsUrl: true });

/** A credential for an organization's access tokens from Adobe IMS. */
export type PlatformCredential = {
  readonly [Setting in keyof z.output<typeof credential>]: pulumi.Input<z.output<typeof credential>[Setting]>;
};

/** A credential as an argument: `scopes` and `imsUrl` have the defaults of the provider `aep`. */
export type CredentialArgument = pulumi.Input<{
  readonly [Setting in keyof z.input<typeof credential>]: pulumi.Input<z.input<typeof credential>[Setting]>;
}>;

/** A credential that a program gives, with its defaults. The client secret is a secret. */
export function completeCredential(given: CredentialArgument): PlatformCredential {
  const known = pulumi.output(given).apply((value) => credential.parse(value));
  const { clientId, orgId, scopes, imsUrl } = known;
  return { clientId, orgId, scopes, imsUrl, clientSecret: pulumi.secret(known.clientSecret) };
}

/**
 * The credential of the stack's settings `aep:*`, read as the provider `aep` reads them: with its defaults and environment variables.
 * The client secret is a secret.
 * @throws pulumi.RunError naming what is missing
 */
export function readPlatformCredential(): PlatformCredential {
  const stack = stackSettings("aep");
  const given = Object.fromEntries(Object.entries(stack).filter(([name]) => Object.hasOwn(credential.shape, name)));
  try {
    const read = readConfig("aep", credential, given) as z.output<typeof credential>;
    return { ...read, clientSecret: pulumi.secret(read.clientSecret) };
  } catch (error) {
    if (error instanceof ConfigError) throw new pulumi.RunError(error.message);
    throw error;
  }
}
