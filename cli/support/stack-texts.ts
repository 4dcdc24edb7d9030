import { showStack } from "../stack/show-stack.ts";
import type { StackSource } from "../stack/source.ts";
import type { StackResource } from "../stack/state.ts";
import { secretTextsIn } from "./hidden-settings.ts";
import { textsIn } from "./scrub.ts";

/** A stack as Pulumi shows it without its secrets, and these apart. */
export interface StackTexts {
  readonly resources: readonly StackResource[];
  /** The stack's settings; a secret's value is left out. */
  readonly settings: Readonly<Record<string, string>>;
  /** Values that Pulumi shows only with its secrets. */
  readonly secrets: readonly string[];
}

/** Reads the stack twice: what appears only with secrets is a secret. So is the value of a setting with such a name, wherever it appears. */
export async function readStackTexts({ target }: StackSource): Promise<StackTexts> {
  const [plain, whole] = await Promise.all([
    showStack(target, { secrets: false }),
    showStack(target, { secrets: true }),
  ]);
  const open = Object.entries(plain.settings).map(([key, { value = "", secret }]) => {
    const isHidden = secret || secretTextsIn(key, value).length > 0;
    return [key, isHidden ? undefined : value] as const;
  });
  const known = new Set(textsIn([plain.resources, Object.fromEntries(open)]));
  const secrets = [
    ...textsIn([whole.resources, whole.settings]).filter((text) => !known.has(text)),
    ...Object.entries(whole.settings).flatMap(([key, { value = "", secret }]) =>
      secret ? textsIn(value) : secretTextsIn(key, value),
    ),
    ...providerSecrets(whole.resources),
  ];
  return {
    resources: plain.resources,
    settings: Object.fromEntries(open.map(([key, value]) => [key, value ?? "[secret]"])),
    secrets: [...new Set(secrets)],
  };
}

/** A program may pass a provider its credential in plain text. */
function providerSecrets(resources: readonly StackResource[]): string[] {
  return resources
    .filter(({ type }) => type.startsWith("pulumi:providers:"))
    .flatMap(({ inputs }) => Object.entries(inputs))
    .flatMap(([name, value]) => (typeof value === "string" ? secretTextsIn(name, value) : []));
}

/** A resource by its name and shape: which inputs it has, and of what type, but none of their values. */
export function describeShape({
  urn,
  type,
  id,
  parent,
  dependencies,
  delete: isReplaced,
  modifiedAt,
  inputs,
}: StackResource) {
  return {
    urn,
    type,
    id,
    parent,
    dependencies: dependencies.length,
    replaced: isReplaced,
    modifiedAt: modifiedAt?.toISOString(),
    inputs: shapeOf(inputs),
  };
}

function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (value === undefined) return "[secret]";
  if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]));
}
