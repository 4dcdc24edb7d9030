import { Front, type PassingCall } from "./front.ts";

// Answers in other forms than the stand-in's, which Platform's descriptions and examples allow as well.

type Json = Record<string, unknown>;

let front: Front | undefined;
afterEach(async () => {
  await front?.close();
  front = undefined;
});

/** Changes every object in a JSON value, the innermost first. */
function mapObjects(value: unknown, change: (object: Json) => Json): unknown {
  if (Array.isArray(value)) return value.map((item) => mapObjects(item, change));
  if (value === null || typeof value !== "object") return value;
  return change(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapObjects(item, change)])));
}

type Answering = (call: PassingCall) => Promise<Response>;

/** Platform's answers, with something else in place of their content. */
function rewrite(change: (content: unknown, call: PassingCall) => unknown): Answering {
  return async (call) => {
    const response = await call.pass();
    const text = await response.text();
    const { status, headers } = response;
    if (!text.startsWith("{") && !text.startsWith("[")) return new Response(text || null, { status, headers });
    return Response.json(change(JSON.parse(text), call), { status });
  };
}

/** The named properties of every object, each with another value. */
const each = (names: readonly string[], change: (value: unknown) => unknown) =>
  rewrite((content) =>
    mapObjects(content, (object) =>
      Object.fromEntries(
        Object.entries(object).flatMap(([name, value]) => {
          const changed = names.includes(name) && value !== null ? change(value) : value;
          return changed === undefined ? [] : [[name, changed]];
        }),
      ),
    ),
  );

/** Answers without a body to successful calls of some methods, except for questions. */
const silent =
  (isSilent: (call: PassingCall) => boolean): Answering =>
  async (call) => {
    const response = await call.pass();
    const isQuestion = /\/(ims|validate|preview|metrics)\b/.test(call.url);
    return response.ok && call.method !== "GET" && !isQuestion && isSilent(call)
      ? new Response(null, { status: 204 })
      : response;
  };

const times = ["createdAt", "updatedAt", "created", "updated", "createdDate", "modifiedDate"];
const toText = (time: unknown) => new Date(Number(time)).toISOString();

/** An object of others, without what ours have. */
function addForeign(content: unknown, { method, url }: PassingCall): unknown {
  if (method !== "GET" || typeof content !== "object" || content === null) return content;
  const lists = ["items", "results", "data", "xdm:descriptorIdentity"] as const;
  const isOne = /\/(flows|\w*[cC]onnections|schemas|fieldgroups|descriptors|mappingSets)\/[^?]/.test(url);
  const added = Object.fromEntries(
    lists.flatMap((name) => {
      const list = (content as Json)[name];
      return Array.isArray(list) && !isOne ? [[name, [{ id: "foreign", $id: "foreign" }, {}, ...list]]] : [];
    }),
  );
  return { ...content, ...added };
}

const forms: readonly (readonly [name: string, answer: Answering])[] = [
  [
    "properties that nobody knows, some of them null",
    rewrite((content, { url }) =>
      url.includes("/dataSets") || url.includes("/batches") || url.includes("/schemaregistry/")
        ? content
        : mapObjects(content, (object) => ({ ...object, "x:new": null, later: { more: [1] } })),
    ),
  ],
  ["no etag, but a version", each(["etag"], () => undefined)],
  ["no times", each(["createdAt", "updatedAt", "created", "createdDate"], () => undefined)],
  ["times as text", each(times, toText)],
  ["times as text with milliseconds", each(times, String)],
  ["versions of mappings and descriptors as text", each(["mappingVersion", "xdm:sourceVersion"], String)],
  [
    "versions in the registry as numbers",
    async (call) => (call.url.includes("/schemaregistry/") ? each(["version"], Number)(call) : call.pass()),
  ],
  ["changes answered without a body", silent(({ method, url }) => method !== "POST" || url.includes("/action"))],
  ["creations answered without a body", silent(({ method, url }) => method === "POST" && !url.includes("/action"))],
  ["objects of others in every list", rewrite(addForeign)],
  ["a token without its life", each(["expires_in"], () => undefined)],
  ["a token with its life as text", each(["expires_in"], String)],
  ["a token with its life in milliseconds", each(["expires_in"], (seconds) => Number(seconds) * 1000)],
];

test.each(forms)("objects live and die with %s", async (_name, answer) => {
  front = await Front.open((call) => answer(call));
  const { aep } = front;
  const made = await front.makeAll(["profile"]);
  const expectSame = async ({ type, id, inputs, properties }: (typeof made)[number]) => {
    const found = await aep.read(type, id, inputs, properties);
    expect({ type, inputs: found?.inputs }).toEqual({ type, inputs });
  };
  for (const one of made) await expectSame(one);
  const changed = [];
  for (const one of made) changed.push(await front.change(one, made));
  for (const one of changed) await expectSame(one);
  for (const { type, id, properties } of changed.toReversed()) {
    await aep.delete(type, id, { ...properties, forceDestroy: true });
  }
  const { mappingSets: _, ...census } = (await (await fetch(`${front.platform.url}/__local/census`)).json()) as Json;
  expect(Object.entries(census).filter(([, count]) => Number(count) > 0)).toEqual([]);
});

test("a dataset's tag for Profile is found beside tags of another form", async () => {
  front = await Front.open(each(["tags"], (tags) => ({ ...(tags as Json), other: "text", third: null })));
  const made = await front.makeAll();
  const { id, inputs, type } = made.find(({ name }) => name === "dataset") ?? { id: "", inputs: {}, type: "" };
  await front.aep.update(type, id, inputs, { ...inputs, profile: true });
  expect(await front.aep.provider.invoke("aep:index:getDataset", { dataset: id })).toMatchObject({
    profileEnabled: true,
  });
});
