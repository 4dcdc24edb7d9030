import * as aepClasses from "../../packages/pulumi-aep/src/index.ts";
import { provider as aep } from "../../packages/pulumi-aep/src/provider.ts";
import * as customerioClasses from "../../packages/pulumi-customerio/src/index.ts";
import { provider as customerio } from "../../packages/pulumi-customerio/src/provider.ts";
import { provider as customerioAep } from "../../relay/deploy/provider.ts";
import * as relayClasses from "../../relay/deploy/sdk.ts";
import { sweeps } from "../crash-safety/sweeps.ts";
import { Reference } from "../engine/engine.ts";
import { customerioSubjects } from "./customerio.ts";
import { platformSubjects } from "./platform.ts";
import { azureParts, relaySubjects } from "./relay.ts";
import { needsOf, resolveReferences, type Subject } from "./subject.ts";

const packages = [
  {
    file: "test/subjects/platform.ts",
    provider: aep,
    classFile: "packages/pulumi-aep/src/index.ts",
    classes: aepClasses,
    subjects: platformSubjects("acme"),
  },
  {
    file: "test/subjects/customerio.ts",
    provider: customerio,
    classFile: "packages/pulumi-customerio/src/index.ts",
    classes: customerioClasses,
    subjects: customerioSubjects,
  },
  {
    file: "test/subjects/relay.ts",
    provider: customerioAep,
    classFile: "relay/deploy/sdk.ts",
    classes: relayClasses,
    subjects: relaySubjects,
  },
];

/** The types that a provider declares, without components. */
async function declaredTypes(provider: { schema(): Promise<unknown> }): Promise<string[]> {
  const { resources } = (await provider.schema()) as { resources: Record<string, { isComponent?: boolean }> };
  return Object.keys(resources).filter((type) => !resources[type]?.isComponent);
}

test.each(packages)(
  "$file has one entry for each resource type, and no other",
  async ({ file, provider, subjects }) => {
    const types = subjects.map(({ type }) => type);
    const declared = await declaredTypes(provider);
    const missing = declared.filter((type) => !types.includes(type));
    expect(missing.map((type) => `${file} has no entry for ${type}`)).toEqual([]);
    expect(types.filter((type) => !declared.includes(type))).toEqual([]);
    expect(new Set(types).size).toBe(types.length);
  },
);

test.each(packages)(
  "each resource type of $file has a class for programs",
  async ({ classFile, provider, classes }) => {
    const missing = (await declaredTypes(provider)).filter((type) => !((type.split(":")[2] ?? "") in classes));
    expect(missing.map((type) => `${classFile} has no class for ${type}`)).toEqual([]);
  },
);

test.each(packages)("an entry of $file refers only to entries before it", ({ subjects }) => {
  for (const [index, { inputs }] of subjects.entries()) {
    const before = subjects.slice(0, index).map(({ name }) => name);
    resolveReferences(inputs, ({ name }) => expect([...before, ...azureParts]).toContain(name));
  }
});

test.each(packages)(
  "kill points and single faults read each entry of $file, or it says which test does it",
  ({ subjects }) => {
    const swept = sweeps.map(({ type }) => type);
    for (const { type, unswept } of subjects) {
      expect([type, unswept === undefined]).toEqual([type, swept.includes(type)]);
    }
  },
);

test("a subject needs everything to which its inputs refer, in dependency order", () => {
  const of = (name: string, ...references: string[]): Subject => ({
    type: `t:index:${name}`,
    name,
    inputs: { of: references.map((reference) => new Reference(reference)) },
    change: (inputs) => inputs,
  });
  const all = [of("a"), of("b", "a"), of("other"), of("c", "b")];
  expect(needsOf(of("d", "c"), all).map(({ name }) => name)).toEqual(["a", "b", "c"]);
});
