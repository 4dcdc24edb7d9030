import * as pulumi from "@pulumi/pulumi";
import { withoutNulls } from "./without-nulls.ts";

/**
 * A component's inputs as a program in TypeScript would have given them. A component must know at once which arguments it has, and their
 * values. Programs in other languages can't always leave an argument out, or give a plain value:
 *
 * - A property that is null was not given: Python's `None` in a dictionary.
 * - Nor was a secret that is an empty text: YAML's host marks what the schema calls a secret, and has no other way to leave it out.
 * - An output that is known, not secret and of no resource is its value: SDKs make such outputs of plain values.
 */
export async function readGivenInputs(inputs: pulumi.Inputs): Promise<pulumi.Inputs> {
  const entries = Object.entries(inputs).map(async ([name, value]) =>
    (await isEmptySecret(value)) ? [] : [[name, await withPlainValues(value)] as const],
  );
  return withoutNulls(Object.fromEntries((await Promise.all(entries)).flat())) as pulumi.Inputs;
}

/** Parts of an output that the SDK does not declare. The promise of an unknown output has no value. */
type Inside = Record<"isKnown" | "isSecret", Promise<boolean>> & {
  promise(): Promise<unknown>;
  allResources(): Promise<Set<pulumi.Resource>>;
};

async function isEmptySecret(value: unknown): Promise<boolean> {
  if (!pulumi.Output.isInstance(value) || !(await pulumi.isSecret(value))) return false;
  return (await (value as unknown as Inside).promise()) === "";
}

async function withPlainValues(value: unknown): Promise<unknown> {
  if (pulumi.Output.isInstance(value)) {
    const { isKnown, isSecret } = value as unknown as Inside;
    const isPlain =
      (await isKnown) && !(await isSecret) && (await (value as unknown as Inside).allResources()).size === 0;
    return isPlain ? withPlainValues(await (value as unknown as Inside).promise()) : value;
  }
  if (Array.isArray(value)) return Promise.all(value.map(withPlainValues));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(async ([name, item]) => [name, await withPlainValues(item)]);
  return Object.fromEntries(await Promise.all(entries));
}
