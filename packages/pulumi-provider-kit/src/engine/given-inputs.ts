import * as pulumi from "@pulumi/pulumi";
import { isPlainObject, withoutNulls } from "./without-nulls.ts";

/**
 * A component's inputs as a program in TypeScript would have given them. A component must know at once which arguments it has, and their
 * values. Programs in other languages can't always leave an argument out, or give a plain value:
 *
 * - A property that is null was not given: Python's `None` in a dictionary.
 * - Nor was a secret that is an empty text: YAML's host marks what the schema calls a secret, and has no other way to leave it out.
 * - An output that is known, not secret and of no resource is its value: SDKs make such outputs of plain values. Java's makes one of an
 *   object too, which then is of the resources of the outputs in it.
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
    const inside = value as unknown as Inside;
    if (!(await inside.isKnown) || (await inside.isSecret)) return value;
    const plain = await withPlainValues(await inside.promise());
    const later = await urnsIn(plain);
    return (await urnsOf(inside)).every((urn) => later.has(urn)) ? plain : value;
  }
  if (Array.isArray(value)) return Promise.all(value.map(withPlainValues));
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value).map(async ([name, item]) => [name, await withPlainValues(item)]);
  return Object.fromEntries(await Promise.all(entries));
}

/** URNs of the resources on which a value's outputs depend. */
async function urnsIn(value: unknown): Promise<Set<unknown>> {
  if (pulumi.Output.isInstance(value)) return new Set(await urnsOf(value as unknown as Inside));
  const items = Array.isArray(value) || isPlainObject(value) ? Object.values(value) : [];
  return new Set((await Promise.all(items.map(urnsIn))).flatMap((urns) => [...urns]));
}

async function urnsOf(output: Inside): Promise<unknown[]> {
  const urns = [...(await output.allResources())].map(({ urn }) => (urn as unknown as Inside).promise());
  return Promise.all(urns);
}
