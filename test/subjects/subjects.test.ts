import * as aepClasses from "../../packages/pulumi-aep/src/index.ts";
import { provider as aep } from "../../packages/pulumi-aep/src/provider.ts";
import * as customerioClasses from "../../packages/pulumi-customerio/src/index.ts";
import { provider as customerio } from "../../packages/pulumi-customerio/src/provider.ts";
import { Reference } from "../engine/engine.ts";
import { customerioSubjects } from "./customerio.ts";
import { platformSubjects } from "./platform.ts";
import { needsOf, resolved, type Subject } from "./subject.ts";

const packages = [
  { file: "test/subjects/platform.ts", provider: aep, classes: aepClasses, subjects: platformSubjects("acme") },
  {
    file: "test/subjects/customerio.ts",
    provider: customerio,
    classes: customerioClasses,
    subjects: customerioSubjects,
  },
];

test.each(packages)("$file has one entry for each resource type, and no other", ({ file, provider, subjects }) => {
  const { resources } = provider.schema() as { resources: Record<string, unknown> };
  const types = subjects.map(({ type }) => type);
  const missing = Object.keys(resources).filter((type) => !types.includes(type));
  expect(missing.map((type) => `${file} has no entry for ${type}`)).toEqual([]);
  expect(types.filter((type) => !(type in resources))).toEqual([]);
  expect(new Set(types).size).toBe(types.length);
});

test.each(packages)("each resource type of $file has a class for programs", ({ provider, classes }) => {
  const { name, resources } = provider.schema() as { name: string; resources: Record<string, unknown> };
  const missing = Object.keys(resources).filter((type) => !((type.split(":")[2] ?? "") in classes));
  expect(missing.map((type) => `packages/pulumi-${name}/src/index.ts has no class for ${type}`)).toEqual([]);
});

test.each(packages)("an entry of $file refers only to entries before it", ({ subjects }) => {
  for (const [index, { inputs }] of subjects.entries()) {
    const before = subjects.slice(0, index).map(({ name }) => name);
    resolved(inputs, ({ name }) => expect(before).toContain(name));
  }
});

test("a subject needs what its inputs refer to, and so on, each after what it needs", () => {
  const of = (name: string, ...references: string[]): Subject => ({
    type: `t:index:${name}`,
    name,
    inputs: { of: references.map((reference) => new Reference(reference)) },
    change: (inputs) => inputs,
  });
  const all = [of("a"), of("b", "a"), of("other"), of("c", "b")];
  expect(needsOf(of("d", "c"), all).map(({ name }) => name)).toEqual(["a", "b", "c"]);
});
