import { z } from "zod";
import { definitionProvider } from "../src/definition/definition-provider.ts";
import { defineResource, Unfinished } from "../src/definition/resource-definition.ts";
import { validate, withoutSecretValues } from "../src/definition/validate.ts";
import { importCommand } from "../src/engine/import-command.ts";
import { PartialFailure, type Provider, type ResourceCall } from "../src/engine/provider.ts";
import { type PropertyMap, Secret, Unknown } from "../src/engine/values.ts";

/** A shop with one kind of object, in memory. */
class Shop {
  readonly things = new Map<string, { name: string; tags: string[]; size: number; version: number }>();
  readonly pin: string;
  constructor(pin: string) {
    this.pin = pin;
  }
}

const thing = defineResource<Shop>()({
  type: "shop:index:Thing",
  description: "A thing of the shop.",
  inputs: z.object({
    name: z.string().min(1).meta({ description: "Its name.", replaces: true }),
    tags: z.array(z.string()).default([]).meta({ description: "Its tags, a set." }),
    size: z.int().optional().meta({ description: "Its size in cm." }),
    pin: z.string().optional().meta({ description: "What opens it.", secret: true }),
  }),
  outputs: z.object({
    serial: z.string().meta({ description: "Its number.", secret: true }),
    version: z.int().meta({ description: "Counts its changes.", volatile: true }),
  }),
  check: ({ size }) => (size === 13 ? [{ property: "size", reason: "13 is not made." }] : []),
  normalize: (inputs) => ({ ...inputs, tags: [...inputs.tags].sort() }),
  async create({ client }, { name, tags, size = 0 }) {
    client.things.set(name, { name, tags, size, version: 1 });
    if (size > 100) throw new Unfinished(name, { serial: "s", version: 1 }, "It does not fit the shelf.");
    return { id: name, outputs: { serial: `serial-of-${name}`, version: 1 } };
  },
  async read({ client }, id, inputs) {
    const found = client.things.get(id.toLowerCase());
    if (!found) return undefined;
    const { name, tags, size, version } = found;
    return {
      id: name,
      inputs: { name, tags, size, pin: inputs?.pin },
      outputs: { serial: `serial-of-${name}`, version },
    };
  },
  async update({ client }, id, { news, outputs }) {
    const { name, tags, size = 0 } = news;
    client.things.set(id, { name, tags, size, version: outputs.version + 1 });
    return { ...outputs, version: outputs.version + 1 };
  },
  async delete({ client }, id) {
    client.things.delete(id);
  },
});

let shop: Shop;
const provider = definitionProvider({
  name: "shop",
  version: "1.2.3",
  displayName: "Shop",
  description: "A shop.",
  config: z.object({ pin: z.string().meta({ description: "The pin.", secret: true }) }),
  connect: ({ pin }) => {
    shop = new Shop(pin);
    return shop;
  },
  resources: [thing],
  functions: [
    {
      token: "shop:index:getOpening",
      description: "When it opens.",
      args: z.object({ day: z.string().meta({ description: "The day." }) }),
      result: z.object({ hour: z.int().meta({ description: "The hour." }) }),
      call: async (_shop, { day }) => ({ hour: day === "sunday" ? 12 : 9 }),
    },
  ],
});

const call: ResourceCall = {
  type: "shop:index:Thing",
  urn: "urn:pulumi:dev::p::shop:index:Thing::t",
  name: "t",
  signal: new AbortController().signal,
  progress: () => undefined,
  warn: () => undefined,
};

beforeEach(() => provider.configure({ pin: new Secret("1234") }));

const check = (news: PropertyMap) => provider.check(call, { olds: {}, news });
const diff = (olds: PropertyMap, news: PropertyMap) => provider.diff(call, { id: "a", olds, state: olds, news });

test("the client gets the revealed settings", () => {
  expect(shop.pin).toBe("1234");
});

test("settings are accepted once: equal ones are fine, unknown ones wait, others are refused without effect", async () => {
  const client = shop;
  await provider.configure({ pin: "1234" });
  await provider.configure({ pin: Unknown.instance });
  await expect(provider.configure({ pin: "0000" })).rejects.toThrow("is already configured with other settings");
  expect(shop).toBe(client);
});

test("check applies defaults, keeps unknowns, and marks secrets of the definition and the program", async () => {
  const { inputs, failures } = await check({ name: new Secret("a"), size: Unknown.instance, pin: "0000" });
  expect(failures).toEqual([]);
  expect(inputs).toEqual({ name: new Secret("a"), tags: [], size: Unknown.instance, pin: new Secret("0000") });
});

test("check reports all mistakes at once, each with its path", async () => {
  const { failures } = await check({ tags: ["x", 5], size: 1.5, cotton: "red" });
  expect(failures).toEqual([
    { property: "", reason: expect.stringMatching(/^There is no property "cotton"\./) },
    { property: "name", reason: '"name" is required.' },
    { property: "", reason: '"tags[1]": it must be text.' },
    { property: "size", reason: expect.stringMatching(/^"size": /) },
  ]);
  // Also while something else is wrong or not known yet, as most ids are in the first preview.
  expect((await check({ name: Unknown.instance, size: 13 })).failures).toEqual([
    { property: "size", reason: "13 is not made." },
  ]);
  expect((await check({ name: "a", size: 13 })).failures).toEqual([{ property: "size", reason: "13 is not made." }]);
});

test("a failure does not name a secret property, since the engine would print its value", async () => {
  const { failures } = await check({ name: new Secret(5), pin: ["0000"] });
  expect(failures.map(({ property }) => property)).toEqual(["", ""]);
  expect(failures.map(({ reason }) => reason).join()).not.toMatch(/0000|5/);
  expect(withoutSecretValues(z.object({}), {}, [{ property: "tags[1]", reason: "It is reserved." }])).toEqual([
    { property: "", reason: "tags[1]: It is reserved." },
  ]);
  const config = provider.checkConfig({ pin: ["0000"] });
  expect(config.failures).toEqual([{ property: "", reason: expect.stringContaining("shop:pin is invalid") }]);
});

test("an input that is null counts as absent, at every depth, unless null is a value of its own", () => {
  const label = z.object({ text: z.string(), color: z.string().optional(), font: z.string().nullable() });
  const inputs = z.object({ size: z.int().optional(), label, content: z.unknown() });
  const given = { size: null, label: { text: "x", color: null, font: "a" }, content: { a: null } };
  expect(validate(inputs, given)).toEqual({
    failures: [],
    values: { label: { text: "x", font: "a" }, content: { a: null } },
  });
});

test("diff compares the normal form, replaces as the definition says, and names the paths", async () => {
  expect((await diff({ name: "a", tags: ["x", "y"] }, { name: "a", tags: ["y", "x"] })).detailed).toEqual({});
  expect((await diff({ name: "a", tags: [] }, { name: "b", tags: ["x"], size: 3 })).detailed).toEqual({
    name: "update-replace",
    "tags[0]": "add",
    size: "add",
  });
  expect((await diff({ name: "a", tags: [] }, { name: Unknown.instance, tags: [] })).detailed).toEqual({
    name: "update-replace",
  });
});

test("what is pending shows as an update, unless inputs have changed or it can't be determined", async () => {
  let pending = async (): Promise<string | undefined> => "polish";
  const shelf = definitionProvider({
    name: "shop",
    version: "1.2.3",
    displayName: "Shop",
    description: "A shop.",
    config: z.object({}),
    connect: () => ({}),
    resources: [
      defineResource<object>()({
        type: "shop:index:Shelf",
        description: "A shelf.",
        inputs: z.object({ size: z.int().meta({ description: "Its size." }) }),
        outputs: z.object({}),
        findPending: () => pending(),
        create: async () => ({ id: "s", outputs: {} }),
        read: async () => undefined,
        update: async () => ({}),
        delete: async () => undefined,
      }),
    ],
  });
  await shelf.configure({});
  const compare = async (size: number) => {
    const olds = { size: 1 };
    return (await shelf.diff({ ...call, type: "shop:index:Shelf" }, { id: "s", olds, state: olds, news: { size } }))
      .detailed;
  };
  expect(await compare(1)).toEqual({ polish: "update" });
  expect(await compare(2)).toEqual({ size: "update" });
  pending = async () => undefined;
  expect(await compare(1)).toEqual({});
  pending = () => Promise.reject(new Error("closed on Sundays"));
  expect(await compare(1)).toEqual({});
});

describe("checks before a change", () => {
  const inputs = z.object({
    size: z.number().meta({ description: "Its size." }),
    drawers: z
      .record(z.string(), z.object({ id: z.string() }))
      .optional()
      .meta({ description: "Its drawers.", creation: true, packed: true }),
    ownership: z.string().optional().meta({ description: "Its owner.", creation: true }),
  });
  /** The checks that were made, with what each got. */
  let asked: [check: string, ...values: unknown[]][];
  const cupboard = defineResource<object>()({
    type: "shop:index:Cupboard",
    description: "A cupboard.",
    inputs,
    inputOnly: ["drawers"],
    outputs: z.object({}),
    leftovers: async () => [{ id: "left", createdAt: 1, inputs: { size: 9 }, inUse: true }],
    permitCreation: async (_operation, known, leftovers) => {
      asked.push(["permitCreation", known, leftovers.length]);
    },
    foreseeCreation: async (_operation, known, leftovers) => {
      asked.push(["foreseeCreation", known, leftovers.length]);
    },
    permit: async (_operation, id, { olds, news, replaces }) => {
      asked.push(["permit", id, olds.size, news.size, replaces]);
    },
    create: async () => ({ id: "c", outputs: {} }),
    read: async () => undefined,
    update: async () => ({}),
    delete: async () => undefined,
  });
  const cupboardCall = { ...call, type: cupboard.type };
  let cupboards: Provider;
  beforeEach(async () => {
    asked = [];
    const about = { name: "shop", version: "1.2.3", displayName: "Shop", description: "A shop.", config: z.object({}) };
    cupboards = definitionProvider({ ...about, connect: () => ({}), resources: [cupboard] });
    await cupboards.configure({});
  });
  const preview = async (news: PropertyMap, olds: PropertyMap = {}) => {
    const { inputs: checked } = await cupboards.check(cupboardCall, { olds, news });
    await cupboards.create(cupboardCall, { inputs: checked, preview: true });
  };

  test("the preview of a creation checks the known values: of a record, entry by entry", async () => {
    const drawers = { top: { id: "1" }, bottom: { id: Unknown.instance } };
    await preview({ size: Unknown.instance, drawers });
    const known = { drawers: { top: { id: "1" } } };
    expect(asked).toEqual([
      ["permitCreation", known, 1],
      ["foreseeCreation", known, 1],
    ]);
  });

  test("while the ownership is unknown, there are no leftovers to judge", async () => {
    await preview({ size: 1, ownership: Unknown.instance });
    expect(asked).toEqual([["foreseeCreation", { size: 1 }, 0]]);
  });

  test("what the state has is not foreseen as a creation, although an up --replace creates it", async () => {
    await preview({ size: 1 }, { size: 1 });
    expect(asked).toEqual([["permitCreation", { size: 1 }, 1]]);
  });

  test.each([true, false])(
    "a replacement that an option causes is checked like any other; preview: %p",
    async (isPreview) => {
      const [olds, news] = [{ size: 1 }, { size: 2 }];
      await cupboards.check(cupboardCall, { olds, news });
      await cupboards.diff(cupboardCall, { id: "c1", olds, state: olds, news });
      await cupboards.create(cupboardCall, { inputs: news, preview: isPreview });
      expect(asked).toEqual([
        ["permit", "c1", 1, 2, false],
        ["permit", "c1", 1, 2, true],
      ]);
    },
  );
});

test("the command for an import names the parent of a resource in a component", () => {
  expect(importCommand("urn:pulumi:dev::lives::aep:index:Schema::events", "s1")).toBe(
    "npx pulumi import aep:index:Schema events s1",
  );
  expect(importCommand("urn:pulumi:dev::lives::a:b:Source$a:b:Flow$aep:index:Schema::events", "s1")).toBe(
    "npx pulumi import aep:index:Schema events s1 --parent 'parent=urn:pulumi:dev::lives::a:b:Source$a:b:Flow::<component>', " +
      "with the name of the component as in: npx pulumi stack --show-urns",
  );
});

test("a preview changes nothing; outputs that an update may change are unknown, the rest stays known", async () => {
  const created = await provider.create(call, { inputs: { name: "a", tags: [] }, preview: true });
  expect(created.properties).toEqual({ name: "a", tags: [], serial: Unknown.instance, version: Unknown.instance });
  const state = { name: "a", tags: [], serial: new Secret("s1"), version: 4 };
  const request = { id: "a", olds: { name: "a", tags: [] }, state, news: { name: "a", tags: ["x"] }, preview: true };
  expect(await provider.update(call, request)).toEqual({
    name: "a",
    tags: ["x"],
    serial: new Secret("s1"),
    version: Unknown.instance,
  });
  expect(shop.things.size).toBe(0);
});

test("create, read, update and delete pass inputs and outputs, and secrets stay secret", async () => {
  const inputs = { name: "a", tags: ["x"], pin: new Secret("0000") };
  const created = await provider.create(call, { inputs, preview: false });
  expect(created).toEqual({ id: "a", properties: { ...inputs, serial: new Secret("serial-of-a"), version: 1 } });
  const news = { name: "a", tags: ["x", "z"], pin: new Secret("0000") };
  const request = { id: "a", olds: inputs, state: created.properties, news, preview: false };
  expect(await provider.update(call, request)).toMatchObject({ tags: ["x", "z"], version: 2 });
  const read = await provider.read(call, { id: "a", inputs: news, state: {} });
  expect(read?.inputs).toEqual({ name: "a", tags: ["x", "z"], size: 0, pin: new Secret("0000") });
  // As a run of its own: a deletion in this one would be that of a former entry.
  await provider.configure({ pin: "1234" });
  await provider.delete(call, { id: "a", state: created.properties });
  expect(await provider.read(call, { id: "a", inputs: news, state: {} })).toBeUndefined();
});

test("an import has only an id, and returns it in its normal spelling", async () => {
  shop.things.set("a", { name: "a", tags: ["t"], size: 2, version: 9 });
  expect(await provider.read(call, { id: "A", inputs: {}, state: {} })).toEqual({
    id: "a",
    inputs: { name: "a", tags: ["t"], size: 2 },
    properties: { name: "a", tags: ["t"], size: 2, serial: new Secret("serial-of-a"), version: 9 },
  });
});

test("a partly created object is returned to the engine with its id and the reason", async () => {
  await expect(
    provider.create(call, { inputs: { name: "a", tags: [], size: 101 }, preview: false }),
  ).rejects.toMatchObject({
    name: "PartialFailure",
    id: "a",
    properties: { name: "a", size: 101, serial: new Secret("s"), version: 1 },
    reasons: ["It does not fit the shelf."],
  });
});

test("an unfinished object stays unfinished when it is read, until an update finishes it", async () => {
  const inputs = { name: "a", tags: [], size: 101 };
  const failureOf = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(PartialFailure);
    return error as PartialFailure;
  };
  const { properties: made } = await failureOf(provider.create(call, { inputs, preview: false }));
  shop.things.set("a", { name: "a", tags: ["by hand"], size: 101, version: 1 });
  const read = await failureOf(provider.read(call, { id: "a", inputs, state: made }));
  expect(read).toMatchObject({ id: "a", inputs: { tags: ["by hand"] }, reasons: ["It does not fit the shelf."] });
  const again = await failureOf(provider.read(call, { id: "a", inputs: read.inputs, state: read.properties }));
  const request = { id: "a", olds: again.inputs, state: again.properties, news: inputs, preview: false };
  const finished = await provider.update(call, request);
  expect(finished).toEqual({ ...inputs, serial: new Secret("serial-of-a"), version: 2 });
  expect(await provider.read(call, { id: "a", inputs, state: finished })).toMatchObject({ properties: finished });
});

test("functions accept and return plain values", async () => {
  expect(await provider.invoke("shop:index:getOpening", { day: new Secret("sunday") })).toEqual({ hour: 12 });
});

test("the package schema has every property with its description, type and flags", async () => {
  const schema = (await provider.schema()) as { resources: Record<string, object>; config: object; functions: object };
  expect(schema.config).toEqual({
    variables: { pin: { type: "string", description: "The pin.", secret: true } },
    defaults: ["pin"],
  });
  expect(schema.resources["shop:index:Thing"]).toEqual({
    description: "A thing of the shop.",
    inputProperties: {
      name: { type: "string", description: "Its name.", willReplaceOnChanges: true },
      tags: { type: "array", items: { type: "string" }, description: "Its tags, a set." },
      size: { type: "integer", description: "Its size in cm." },
      pin: { type: "string", description: "What opens it.", secret: true },
    },
    requiredInputs: ["name"],
    properties: {
      name: { type: "string", description: "Its name.", willReplaceOnChanges: true },
      tags: { type: "array", items: { type: "string" }, description: "Its tags, a set." },
      size: { type: "integer", description: "Its size in cm." },
      pin: { type: "string", description: "What opens it.", secret: true },
      serial: { type: "string", description: "Its number.", secret: true },
      version: { type: "integer", description: "Counts its changes." },
    },
    required: ["name", "tags", "serial", "version"],
  });
});
