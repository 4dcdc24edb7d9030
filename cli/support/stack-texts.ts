import { showStack } from "../stack/show-stack.ts";
import type { StackSource } from "../stack/source.ts";
import type { StackResource } from "../stack/state.ts";
import { textsIn } from "./scrub.ts";

/** A stack as Pulumi shows it without its secrets, and these apart. */
export interface StackTexts {
  readonly resources: readonly StackResource[];
  /** The stack's settings; a secret's value is left out. */
  readonly settings: Readonly<Record<string, string>>;
  /** Values that Pulumi shows only with its secrets. */
  readonly secrets: readonly string[];
}

/** Reads the stack twice: what appears only with secrets is one. */
export async function readStackTexts({ target }: StackSource): Promise<StackTexts> {
  const [plain, whole] = await Promise.all([showStack(target, false), showStack(target, true)]);
  const known = new Set(textsIn([plain.resources, plain.settings]));
  const marked = Object.values(whole.settings).flatMap(({ secret, value }) =>
    secret && value !== undefined ? [value] : [],
  );
  const secrets = [
    ...textsIn([whole.resources, whole.settings]).filter((text) => !known.has(text)),
    ...marked.flatMap(textsIn),
  ];
  const settings = Object.entries(plain.settings).map(([key, { value, secret }]) => [
    key,
    secret ? "[secret]" : (value ?? ""),
  ]);
  return { resources: plain.resources, settings: Object.fromEntries(settings), secrets: [...new Set(secrets)] };
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
