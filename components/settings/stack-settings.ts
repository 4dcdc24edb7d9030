import * as pulumi from "@pulumi/pulumi";

/** The stack's settings of one package, such as `aep`, by their names without the package's. */
export function stackSettings(packageName: string): Record<string, string> {
  const prefix = `${packageName}:`;
  return Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig()).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
    ),
  );
}
