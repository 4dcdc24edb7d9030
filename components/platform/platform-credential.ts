import * as pulumi from "@pulumi/pulumi";
import { config } from "pulumi-aep/settings";
import { ConfigError, plainWords, readConfig } from "pulumi-provider-kit/settings";
import type { z } from "zod";
import { holdsOutput } from "../settings/inputs.ts";
import { configPathOf, describeMistake, mistakesOf, refuseArguments } from "../settings/setting-mistakes.ts";
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

/**
 * The argument `credential` of a program, with its defaults. The client secret is a secret. What is known is checked at once, so that a
 * mistake is reported before anything is declared.
 *
 * @throws pulumi.RunError that lists what is wrong
 */
export function completeCredential(given: CredentialArgument): PlatformCredential {
  if (isKnownOutside(given)) {
    const late = Object.entries(given).flatMap(([name, value]) => (holdsOutput(value) ? [name] : []));
    parseCredential(given, late);
  }
  const known = pulumi.output(given).apply((value) => parseCredential(value, []) as z.output<typeof credential>);
  const { clientId, orgId, scopes, imsUrl } = known;
  return { clientId, orgId, scopes, imsUrl, clientSecret: pulumi.secret(known.clientSecret) };
}

/** Whether only properties are outputs, not the whole argument. */
function isKnownOutside(
  given: CredentialArgument,
): given is Exclude<CredentialArgument, pulumi.Output<unknown> | Promise<unknown>> {
  return !pulumi.Output.isInstance(given) && !(given instanceof Promise);
}

/** @param late properties that are not known yet */
function parseCredential(given: unknown, late: readonly PropertyKey[]): z.output<typeof credential> | undefined {
  const parsed = credential.strict().safeParse(given, { error: plainWords });
  const issues = (parsed.error?.issues ?? []).filter(({ path: [name] }) => name === undefined || !late.includes(name));
  const mistakes = mistakesOf(issues);
  refuseArguments(mistakes.map(({ path, reason }) => describeMistake(configPathOf(["credential", ...path]), reason)));
  return parsed.data;
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
