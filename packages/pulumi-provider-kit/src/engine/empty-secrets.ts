import * as pulumi from "@pulumi/pulumi";

/**
 * A component's inputs without secrets that are an empty text. A program in YAML can't leave an argument out, and its host marks what the
 * schema calls a secret, even an empty text. A component must know at once whether it has such an argument.
 */
export async function dropEmptySecrets(inputs: pulumi.Inputs): Promise<pulumi.Inputs> {
  const entries = Object.entries(inputs).map(async ([name, value]) =>
    (await isEmptySecret(value)) ? [] : [[name, value] as const],
  );
  return Object.fromEntries((await Promise.all(entries)).flat());
}

async function isEmptySecret(value: unknown): Promise<boolean> {
  if (!pulumi.Output.isInstance(value) || !(await pulumi.isSecret(value))) return false;
  // The promise of an unknown output has no value.
  return (await (value as unknown as { promise(): Promise<unknown> }).promise()) === "";
}
