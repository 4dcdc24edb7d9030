import { z } from "zod";
import { definitionProvider } from "../src/definition/definition-provider.ts";
import { defineResource } from "../src/definition/resource-definition.ts";
import type { Provider, ResourceCall } from "../src/engine/provider.ts";
import { Unknown } from "../src/engine/values.ts";

/** Rooms by id. A room without a user is adopted. */
let rooms: Map<string, { readonly door: string }>;
let warnings: string[];
let run: Provider;

const common = {
  description: "A room of a hotel.",
  inputs: z.object({
    door: z.string().meta({ description: "Its door.", replaces: true }),
    light: z.string().default("on").meta({ description: "Its light." }),
  }),
  outputs: z.object({}),
};

const room = defineResource<object>()({
  ...common,
  type: "hotel:index:Room",
  leftovers: async () =>
    Array.from(rooms, ([id, { door }], index) => ({ id, createdAt: index, inputs: { door, light: "on" } })),
  async create(_operation, { door }) {
    const id = `room ${rooms.size + 1}`;
    rooms.set(id, { door });
    return { id, outputs: {} };
  },
  read: async (_operation, id) => {
    const found = rooms.get(id);
    return found && { inputs: { ...found, light: "on" }, outputs: {} };
  },
  update: async () => ({}),
  async delete(_operation, id) {
    rooms.delete(id);
  },
});

const rule = defineResource<object>()({
  ...common,
  type: "hotel:index:Rule",
  onlyInState: true,
  create: async () => ({ id: "rule", outputs: {} }),
  read: async () => undefined,
  update: async () => ({}),
  async delete(_operation, id) {
    warnings.push(`deleted ${id}`);
  },
});

async function startRun(): Promise<void> {
  run = definitionProvider({
    name: "hotel",
    version: "1.0.0",
    displayName: "Hotel",
    description: "A hotel.",
    config: z.object({}),
    connect: () => ({}),
    resources: [room, rule],
  });
  await run.configure({});
}

const callFor = (type: string, name: string): ResourceCall => ({
  type,
  urn: `urn:pulumi:dev::p::${type}::${name}`,
  name,
  signal: new AbortController().signal,
  progress: () => undefined,
  warn: (message) => warnings.push(message),
});
const mine = callFor(room.type, "mine");
const inputs = { door: "oak", light: "on" };

beforeEach(async () => {
  rooms = new Map([["room 1", { door: "oak" }]]);
  warnings = [];
  await startRun();
});

const compare = (news = inputs, id = "room 1") => run.diff(mine, { id, olds: inputs, state: inputs, news });
const remove = (id = "room 1", call = mine) => run.delete(call, { id, state: inputs });
const create = (news = inputs) => run.create(mine, { inputs: news, preview: false });
const there = () => [...rooms.keys()];
const kept = "keeps room 1: the state had it twice, and the program still declares it";

test("what a replacement adopts stays, however often the engine asks to delete a former entry", async () => {
  expect((await create()).id).toBe("room 1");
  await remove();
  await remove();
  expect(there()).toEqual(["room 1"]);
  expect(warnings).toEqual([expect.stringContaining("adopts room 1"), kept, kept]);
});

test("after a run that was killed between adopting and deleting, the next up keeps the object and a destroy deletes it", async () => {
  await compare();
  await remove();
  expect([there(), warnings]).toEqual([["room 1"], [kept]]);
  await startRun();
  await compare({ ...inputs, light: "off" });
  await remove();
  expect(there()).toEqual(["room 1"]);
  await startRun();
  await remove();
  await remove();
  expect(there()).toEqual([]);
});

/** As the engine refreshes an entry of the state: it reads the object, and compares what it finds with the state. */
async function refresh(id = "room 1"): Promise<void> {
  await run.read(mine, { id, inputs, state: inputs });
  await compare(inputs, id);
}

test("a destroy with a refresh deletes what the refresh has found", async () => {
  await refresh();
  await remove();
  expect([there(), warnings]).toEqual([[], []]);
});

test("an up with a refresh deletes the former object of a replacement that was interrupted, and keeps the new one", async () => {
  rooms.set("room 2", { door: "oak" });
  await refresh("room 2");
  await refresh("room 1");
  await run.check(mine, { olds: inputs, news: inputs });
  await compare(inputs, "room 2");
  await remove("room 1");
  expect([there(), warnings]).toEqual([["room 2"], []]);
});

test("after a refresh, a former entry of what the program declares is still kept", async () => {
  await refresh();
  await refresh();
  await run.check(mine, { olds: inputs, news: inputs });
  await compare();
  await remove();
  expect([there(), warnings]).toEqual([["room 1"], [kept]]);
});

test("another entry of the resource is deleted, as is one that the program has no longer", async () => {
  rooms.set("room 2", { door: "oak" });
  await compare(inputs, "room 2");
  await remove("room 1");
  expect(there()).toEqual(["room 2"]);
  await remove("room 2", callFor(room.type, "other"));
  expect(there()).toEqual(["room 2"]);
  await startRun();
  await remove("room 2", callFor(room.type, "other"));
  expect(there()).toEqual([]);
});

test("a resource that the program has no longer is deleted, although the engine asked whether another's replacement replaces it", async () => {
  const guessed = { ...inputs, light: Unknown.instance };
  await run.diff(mine, { id: "room 1", olds: inputs, state: inputs, news: guessed });
  await remove();
  expect([there(), warnings]).toEqual([[], []]);
});

test("a replacement by another object deletes the former one, before or after it", async () => {
  await compare({ ...inputs, door: "pine" });
  await remove();
  expect(there()).toEqual([]);
  expect((await create({ ...inputs, door: "pine" })).id).toBe("room 1");
  await startRun();
  rooms.set("used", { door: "glass" });
  await compare({ ...inputs, door: "elm" });
  const { id } = await create({ ...inputs, door: "elm" });
  await remove();
  expect(there()).toEqual(["used", id]);
});

test("a replacement that no comparison announced deletes the former one first, or after it", async () => {
  await compare();
  await remove();
  const { id } = await create({ ...inputs, door: "pine" });
  expect(rooms.get(id)).toEqual({ door: "pine" });
  expect(rooms.size).toBe(1);
  await startRun();
  await compare();
  rooms.set("room 5", { door: "elm" });
  await create({ ...inputs, door: "ash" });
  await remove();
  expect(rooms.has("room 1")).toBe(false);
});

test("objects that exist only in the state are not the same because of their id", async () => {
  const [here, elsewhere] = [callFor(rule.type, "here"), callFor(rule.type, "elsewhere")];
  await run.create(here, { inputs, preview: false });
  await run.delete(here, { id: "rule", state: inputs });
  expect(warnings).toEqual([]);
  await run.delete(elsewhere, { id: "rule", state: inputs });
  expect(warnings).toEqual(["deleted rule"]);
});

test("a command that is stopped leaves such an object as it was, since its checks may have been cut short", async () => {
  const stop = new AbortController();
  const call = { ...callFor(rule.type, "guard"), signal: stop.signal };
  stop.abort(new Error("stopped by the user"));
  await expect(run.create(call, { inputs, preview: false })).rejects.toThrow("stopped by the user");
  await expect(run.delete(call, { id: "rule", state: inputs })).rejects.toThrow("stopped by the user");
});

test("an engine that attaches to the process again begins a new run", async () => {
  await compare();
  await run.configure({});
  await remove();
  expect(there()).toEqual([]);
});
