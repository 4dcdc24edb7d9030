import { z } from "zod";
import { definitionProvider } from "../src/definition/definition-provider.ts";
import { defineResource } from "../src/definition/resource-definition.ts";
import type { ResourceCall } from "../src/engine/provider.ts";
import { type PropertyMap, Secret, Unknown } from "../src/engine/values.ts";

/** Calls of the vendor, with what each got. */
let calls: { readonly call: string; readonly values: Record<string, unknown> }[] = [];

const note = defineResource<object>()({
  type: "desk:index:Note",
  description: "A note with a long text.",
  inputs: z.object({
    title: z.string().meta({ description: "Its title." }),
    text: z.string().meta({ description: "Its text." }),
    drafts: z
      .array(z.string())
      .optional()
      .meta({ description: "What is tried before it is written.", creation: true, packed: true }),
  }),
  inputOnly: ["text", "drafts"],
  outputs: z.object({ pages: z.int().meta({ description: "Its pages.", volatile: true }) }),
  async permitCreation(_operation, values) {
    calls.push({ call: "permitCreation", values });
  },
  async create(_operation, values) {
    calls.push({ call: "create", values });
    return { id: values.title, outputs: { pages: 1 } };
  },
  read: async (_operation, _id, known) => known && { inputs: { ...known, text: "foreign" }, outputs: { pages: 2 } },
  async update(_operation, _id, { news, olds }) {
    calls.push({ call: "update", values: { from: olds.text, to: news.text } });
    return { pages: 1 };
  },
  async delete(_operation, _id, values) {
    calls.push({ call: "delete", values });
  },
});

const provider = definitionProvider({
  name: "desk",
  version: "1.2.3",
  displayName: "Desk",
  description: "A desk.",
  config: z.object({}),
  connect: () => ({}),
  resources: [note],
});

const call: ResourceCall = {
  type: "desk:index:Note",
  urn: "urn:pulumi:dev::p::desk:index:Note::n",
  name: "n",
  signal: new AbortController().signal,
  progress: () => undefined,
  warn: () => undefined,
};

const drafts = ["once upon a time ".repeat(100)];
const given = { title: "a", text: "once", drafts };

beforeEach(async () => {
  calls = [];
  await provider.configure({});
});

async function check(news: PropertyMap): Promise<PropertyMap> {
  const { inputs, failures } = await provider.check(call, { olds: {}, news });
  expect(failures).toEqual([]);
  return inputs;
}

/** Deletes as a destroy does, which is a run of its own. */
async function remove(object: { id: string; olds: PropertyMap; state: PropertyMap }): Promise<void> {
  await provider.configure({});
  await provider.delete(call, object);
}

test("the outputs of every operation repeat no input that is only an input, and the vendor gets all of them", async () => {
  const inputs = await check(given);
  const planned = await provider.create(call, { inputs, preview: true });
  expect(planned.properties).toEqual({ title: "a", pages: Unknown.instance });
  expect(calls).toEqual([{ call: "permitCreation", values: given }]);

  const { id, properties } = await provider.create(call, { inputs, preview: false });
  expect(properties).toEqual({ title: "a", pages: 1 });
  const news = await check({ ...given, text: "twice" });
  const change = { id, olds: inputs, state: properties, news };
  expect((await provider.diff(call, change)).detailed).toEqual({ text: "update" });
  expect(await provider.update(call, { ...change, preview: true })).toEqual({ title: "a", pages: Unknown.instance });
  expect(await provider.update(call, { ...change, preview: false })).toEqual({ title: "a", pages: 1 });

  await remove({ id, olds: news, state: properties });
  expect(calls.filter((entry) => entry.call !== "permitCreation")).toEqual([
    { call: "create", values: given },
    { call: "update", values: { from: "once", to: "twice" } },
    { call: "delete", values: { ...given, text: "twice", pages: 1 } },
  ]);
});

test("a refresh finds a changed input that the outputs do not repeat, and leaves packed ones as they are", async () => {
  const inputs = await check(given);
  const { id, properties } = await provider.create(call, { inputs, preview: false });
  const read = await provider.read(call, { id, inputs, state: properties });
  expect(read).toEqual({ id, inputs: { ...inputs, text: "foreign" }, properties: { title: "a", pages: 2 } });
  const drift = { id, olds: read?.inputs ?? {}, state: read?.properties ?? {}, news: inputs };
  expect((await provider.diff(call, drift)).detailed).toEqual({ text: "update" });
});

test("a packed input is short in the state, and a state that has it unpacked does not differ", async () => {
  const inputs = await check(given);
  expect(JSON.stringify(inputs.drafts).length).toBeLessThan(100);
  const former = { id: "a", olds: given, state: { ...given, pages: 1 }, news: inputs };
  expect((await provider.diff(call, former)).detailed).toEqual({});
  await remove({ id: "a", olds: given, state: { ...given, pages: 1 } });
  expect(calls).toEqual([{ call: "delete", values: { ...given, pages: 1 } }]);
});

test("with ignoreChanges, the engine gives a packed input as the state has it", async () => {
  const inputs = await check(given);
  expect(await check({ ...given, title: "b", drafts: inputs.drafts ?? null })).toEqual({ ...inputs, title: "b" });
});

test("a packed input is unknown to the engine as long as a part of it is, and hidden while it is secret", async () => {
  const inputs = await check({ ...given, drafts: [Unknown.instance, "b"] });
  // The engine would refuse the text in an `up` if the plan had something else.
  expect(inputs.drafts).toBe(Unknown.instance);
  expect((await check({ ...given, drafts: new Secret(drafts) })).drafts).toEqual(new Secret(drafts));
});

test("the package schema has them as inputs only", async () => {
  const { resources } = (await provider.schema()) as {
    resources: Record<string, { inputProperties: object; properties: object; required: string[] }>;
  };
  const described = resources["desk:index:Note"];
  expect(Object.keys(described?.inputProperties ?? {})).toEqual(["title", "text", "drafts"]);
  expect(Object.keys(described?.properties ?? {})).toEqual(["title", "pages"]);
  expect(described?.required).toEqual(["title", "pages"]);
});
