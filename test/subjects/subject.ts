import { type Declared, type Input, Reference } from "../engine/engine.ts";

export type Inputs = { readonly [key: string]: Input };

/** A list of the vendor's API. */
export interface VendorList {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The objects in an answer, by their ids. */
  items(answer: Record<string, unknown>): readonly (readonly [id: string, item: Record<string, unknown>])[];
}

/**
 * A resource type for the tests that are the same for all: kill points, single faults, the permission matrix, fuzzing, conformance
 * and imports. Its page in docs/reference shows the same inputs.
 */
export interface Subject {
  readonly type: string;
  /** Its name in a program, for references of other subjects. */
  readonly name: string;
  /** The minimal inputs; they refer to earlier subjects. */
  readonly inputs: Inputs;
  /** Changed inputs, applied in place or by a replacement. */
  change(inputs: Inputs): Inputs;
  /** What only the changed inputs refer to. */
  readonly changeNeeds?: readonly Declared[];
  /** Whether each change replaces the object. */
  readonly replaces?: boolean;
  /** Where the vendor lists its objects; absent if it has no object of its own there. */
  readonly list?: VendorList;
  /** Whether the vendor never deletes its object, by type and content. */
  lasts?(object: string): boolean;
  /** Which test kills its provider and fails its calls, if the kill points and single faults in test/crash-safety don't. */
  readonly unswept?: string;
  /** The kind of id that `pulumi import` takes, and where to copy it; absent: it can't be imported. */
  readonly imported?: { readonly id: string; readonly where: string };
}

/** Everything that a subject's inputs and changed inputs need, directly or indirectly, in dependency order. */
export function needsOf(subject: Subject, all: readonly Subject[]): Declared[] {
  const needed = new Set<string>();
  const follow = (inputs: Inputs) => {
    for (const name of referencesIn(inputs)) {
      needed.add(name);
      follow(all.find((other) => other.name === name)?.inputs ?? {});
    }
  };
  follow(subject.inputs);
  for (const { inputs } of subject.changeNeeds ?? []) follow(inputs);
  return [
    ...all.filter(({ name }) => needed.has(name)).map(({ name, type, inputs }) => ({ name, type, inputs })),
    ...(subject.changeNeeds ?? []),
  ];
}

function referencesIn(input: Input): string[] {
  if (input instanceof Reference) return [input.name];
  if (input === null || typeof input !== "object") return [];
  return Object.values(input as Inputs).flatMap(referencesIn);
}

/** Inputs with each reference replaced. */
export function resolveReferences<Other>(inputs: Inputs, of: (reference: Reference) => Other): Record<string, unknown> {
  const resolve = (input: Input): unknown => {
    if (input instanceof Reference) return of(input);
    if (Array.isArray(input)) return input.map(resolve);
    if (input === null || typeof input !== "object" || Object.getPrototypeOf(input) !== Object.prototype) return input;
    return Object.fromEntries(Object.entries(input as Inputs).map(([key, value]) => [key, resolve(value)]));
  };
  return resolve(inputs as Input) as Record<string, unknown>;
}
