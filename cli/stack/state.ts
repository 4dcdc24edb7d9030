import { z } from "zod";

/** A resource in the stack's state. */
export interface StackResource {
  readonly type: string;
  readonly id: string;
  readonly urn: string;
  /** Its name in the program. */
  readonly name: string;
  /** URN of its parent component. */
  readonly parent: string | undefined;
  /** URN and id of its provider, with `::` between. */
  readonly provider: string | undefined;
  /** URNs of the resources that it depends on. */
  readonly dependencies: readonly string[];
  /** Whether it was replaced and its deletion is pending. */
  readonly delete: boolean;
  /** When the engine last created or changed it; undefined if the state doesn't say. */
  readonly modifiedAt: Date | undefined;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

const properties = z
  .record(z.string(), z.unknown())
  .default({})
  .transform((values) => decodeSecrets(values) as Record<string, unknown>);

const exported = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          type: z.string(),
          urn: z.string(),
          id: z.string().default(""),
          parent: z.string().optional(),
          provider: z.string().optional(),
          dependencies: z.array(z.string()).nullish(),
          delete: z.boolean().default(false),
          modified: z.string().optional(),
          inputs: properties,
          outputs: properties,
        }),
      )
      .nullish(),
  }),
});

/** What the state says of a resource: its outputs do not repeat every input. */
export function valuesOf({ inputs, outputs }: StackResource): Readonly<Record<string, unknown>> {
  return { ...inputs, ...outputs };
}

/** @param text what `pulumi stack export` prints */
export function readState(text: string): StackResource[] {
  const { resources } = exported.parse(JSON.parse(text)).deployment;
  return (resources ?? []).map(({ modified, parent, provider, dependencies, ...resource }) => ({
    ...resource,
    parent,
    provider,
    dependencies: dependencies ?? [],
    name: resource.urn.split("::").slice(3).join("::"),
    modifiedAt: modified ? new Date(modified) : undefined,
  }));
}

/** The key and the value with which Pulumi's state marks a secret (pulumi/pulumi, sdk/go/common/resource/sig). */
const signature = { key: "4dabf18193072939515e22adb298388d", secret: "1b47061264138c4ac30d75fd1eb44270" };

/** A value with its secrets in plain text if they were exported so; other secrets become undefined. */
function decodeSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeSecrets);
  if (value === null || typeof value !== "object") return value;
  const object = value as Record<string, unknown>;
  if (object[signature.key] === signature.secret) {
    return typeof object.plaintext === "string" ? decodeSecrets(JSON.parse(object.plaintext)) : undefined;
  }
  return Object.fromEntries(Object.entries(object).map(([key, part]) => [key, decodeSecrets(part)]));
}
