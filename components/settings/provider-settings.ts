import { config as aep } from "pulumi-aep/settings";
import { config as customerio } from "pulumi-customerio/settings";
import { ConfigError, readConfig } from "pulumi-provider-kit/settings";
import type { z } from "zod";
import { stackSettings } from "./stack-settings.ts";

/** Settings of the providers that must be stored as secrets, by their full keys. */
export const providerSecrets: readonly string[] = [...secretsOf("aep", aep), ...secretsOf("customerio", customerio)];

/**
 * Mistakes in the stack's settings of the providers, with the providers' own messages. The engine reports them as well,
 * but only for one provider, and before the program can report other mistakes.
 */
export function providerMistakes(): { readonly platform: string[]; readonly workspace: string[] } {
  return { platform: mistakesIn("aep", aep), workspace: mistakesIn("customerio", customerio) };
}

function mistakesIn(packageName: string, schema: z.ZodObject): string[] {
  try {
    readConfig(packageName, schema, stackSettings(packageName));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.failures.map(({ reason }) => reason);
    throw error;
  }
}

function secretsOf(packageName: string, schema: z.ZodObject): string[] {
  const secrets = Object.entries(schema.shape).filter(
    ([, property]) => (property as z.ZodType).meta()?.secret === true,
  );
  return secrets.map(([name]) => `${packageName}:${name}`);
}
