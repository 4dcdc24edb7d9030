import type { JsonObject } from "../../src/platform/web/json.ts";
import { contentType, conversion, mappingSetBody, Platform, type Wiring, wire } from "./harness.ts";

const sets = `${conversion}/mappingSets`;
let platform: Platform;
let wiring: Wiring;

async function start(options: Parameters<typeof Platform.start>[0] = {}): Promise<void> {
  platform = await Platform.start(options);
  wiring = await wire(platform);
}

beforeEach(() => start());
afterEach(() => platform.close());

const attribute = (source: string, destination: string) => ({ sourceType: "ATTRIBUTE", source, destination });
const expression = (source: string, destination: string) => ({ sourceType: "EXPRESSION", source, destination });

async function newSet(mappings: JsonObject[], changes: JsonObject = {}): Promise<string> {
  const body = { ...mappingSetBody(wiring.schema, mappings), ...changes };
  return String((await platform.call("POST", sets, { body })).body.id);
}

test("creating a set returns its id with 200; reading it returns both spellings", async () => {
  const mappings = [
    { sourceAttribute: "event_id", destinationXdmPath: "_id", identity: false, version: 0 },
    { ...expression("lower(email)", "_acme.email"), name: "email", description: "Lower case" },
  ];
  const created = await platform.call("POST", sets, {
    body: { ...mappingSetBody(wiring.schema, mappings), name: "Mine" },
  });
  expect(created.status).toBe(200);
  expect(created.json).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    version: 0,
    createdDate: platform.now,
    modifiedDate: platform.now,
    createdBy: "client",
    modifiedBy: "client",
  });
  const { body } = await platform.call("GET", `${sets}/${String(created.body.id)}`);
  expect(body).toMatchObject({
    id: created.body.id,
    version: 0,
    name: "Mine",
    status: "PUBLISHED",
    outputSchema: { schemaRef: { id: wiring.schema, contentType } },
    mappings: [
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        sourceType: "text/x.schema-path",
        source: "event_id",
        sourceAttribute: "event_id",
        destination: "_id",
        destinationXdmPath: "_id",
        identity: false,
        functionVersion: 1,
      },
      {
        sourceType: "text/x.aep-xl",
        source: "lower(email)",
        sourceExpression: "lower(email)",
        destination: "_acme.email",
        destinationXdmPath: "_acme.email",
        name: "email",
        description: "Lower case",
      },
    ],
  });
  const again = await platform.call("POST", sets, { body });
  expect(again.status).toBe(200);
});

test("its mappings can be read by themselves", async () => {
  const id = await newSet([attribute("event_id", "_id")]);
  const list = await platform.call("GET", `${sets}/${id}/mappings`);
  expect(list.json).toEqual([expect.objectContaining({ source: "event_id" })]);
  const [first] = list.json as JsonObject[];
  expect((await platform.call("GET", `${sets}/${id}/mappings/${String(first?.id)}`)).json).toEqual(first);
  expect((await platform.call("GET", `${sets}/${id}/mappings/none`)).status).toBe(404);
});

test.each([
  [expression("unheard_of(1)", "_id"), "Mapping 0: There is no function unheard_of"],
  [expression("lower(", "_id"), "Mapping 0: Unexpected the end"],
  [attribute("a..b", "_id"), 'Mapping 0: "a..b" is not a path'],
  [attribute("a", "_acme.none"), "Mapping 0: The schema has no field _acme.none"],
  [{ sourceType: "FORMULA", source: "a", destination: "_id" }, "Mapping 0: The sourceType FORMULA is not known"],
])("%j is refused", async (mapping, detail) => {
  const answer = await platform.call("POST", sets, { body: mappingSetBody(wiring.schema, [mapping]) });
  expect(answer.status).toBe(400);
  expect(answer.body.detail).toBe(detail);
});

test.each([
  [{ mappings: [] }, /mappings are missing/],
  [{ outputSchema: { schemaRef: { id: "https://ns.adobe.com/acme/schemas/1", contentType } } }, /does not exist/],
])("a set with %j is refused", async (changes, detail) => {
  const body = { ...mappingSetBody(wiring.schema, [attribute("a", "_id")]), ...changes };
  const answer = await platform.call("POST", sets, { body });
  expect(answer.status).toBe(400);
  expect(answer.body.detail).toMatch(detail);
});

test("a target schema needs its version", async () => {
  const body = {
    outputSchema: { schemaRef: { id: wiring.schema, contentType: "application/vnd.adobe.xed-full+json" } },
    mappings: [attribute("a", "_id")],
  };
  expect((await platform.call("POST", sets, { body })).body.detail).toMatch(/must name its version/);
});

describe("versions", () => {
  const change = async (id: string) =>
    platform.call("PUT", `${sets}/${id}`, { body: mappingSetBody(wiring.schema, [attribute("id", "_id")]) });
  const sourceOf = async (path: string) => {
    const { mappings, version } = (await platform.call("GET", path)).body;
    return [version, (mappings as JsonObject[])[0]?.source];
  };

  test("PUT creates a new one, and the old one stays readable", async () => {
    const id = await newSet([attribute("event_id", "_id")]);
    platform.pass(1);
    const put = await change(id);
    expect(put.status).toBe(200);
    expect(put.body).toMatchObject({ id, version: 1, createdDate: platform.now - 1000, modifiedDate: platform.now });
    expect(await sourceOf(`${sets}/${id}?version=1`)).toEqual([1, "id"]);
    expect(await sourceOf(`${sets}/${id}?version=0`)).toEqual([0, "event_id"]);
    expect(await sourceOf(`${sets}/${id}`)).toEqual([0, "event_id"]);
    await platform.plain("POST", "/__local/switches", {}, JSON.stringify({ mappingSetLookup: "latest" }));
    expect(await sourceOf(`${sets}/${id}`)).toEqual([1, "id"]);
    expect((await platform.call("GET", `${sets}/${id}?version=2`)).status).toBe(404);
  });

  test("with a switch the version stays", async () => {
    await platform.close();
    await start({ switches: { mappingSetPutVersion: "stays" } });
    const id = await newSet([attribute("event_id", "_id")]);
    expect((await change(id)).body.version).toBe(0);
    expect(await sourceOf(`${sets}/${id}?version=0`)).toEqual([0, "id"]);
  });
});

describe("a list of sets", () => {
  // The oldest set is that of the wiring, without a name.
  const namesIn = async (query: string) => {
    const { body } = await platform.call("GET", `${sets}?${query}`);
    return (body.data as JsonObject[]).flatMap(({ name }) => name ?? []);
  };

  async function makeThree(): Promise<void> {
    for (const name of ["A", "B", "C"]) {
      platform.pass(1);
      await newSet([attribute("a", "_id")], { name });
    }
    platform.pass(1);
    const { body } = await platform.call("GET", `${sets}?limit=10&start=0&name=B`);
    const [found] = body.data as JsonObject[];
    await platform.call("PUT", `${sets}/${String(found?.id)}`, { body: found ?? {} });
  }

  test.each([
    ["createdDate", ["A", "B", "C"]],
    ["+createdDate", ["A", "B", "C"]],
    ["-createdDate", ["C", "B", "A"]],
    ["updatedDate", ["A", "C", "B"]],
    ["-updatedDate", ["B", "C", "A"]],
  ])("has the order %s", async (orderBy, names) => {
    await makeThree();
    expect(await namesIn(`limit=10&start=0&orderBy=${orderBy}`)).toEqual(names);
  });

  test("has the order of changes by default, and none by another field", async () => {
    await makeThree();
    expect(await namesIn("limit=10&start=0")).toEqual(["A", "C", "B"]);
    expect((await platform.call("GET", `${sets}?limit=10&start=0&orderBy=name`)).status).toBe(400);
  });

  test.each([
    ["sets", ["B", "A"]],
    ["pages", ["A"]],
  ] as const)("begins after as many %s as start says", async (mappingSetStart, names) => {
    await platform.close();
    await start({ switches: { mappingSetStart } });
    await makeThree();
    expect(await namesIn("limit=2&start=1&orderBy=-createdDate")).toEqual(names);
  });
});

test("lists need limit and start", async () => {
  const first = await newSet([attribute("a", "_id")], { name: "First" });
  expect((await platform.call("GET", sets)).status).toBe(400);
  const { body } = await platform.call("GET", `${sets}?limit=10&start=0&name=First`);
  expect(body).toMatchObject({ data: [{ id: first }], _page: { count: 1, limit: 10 } });
  expect((await platform.call("GET", `${sets}?limit=1&start=1`)).body.data).toHaveLength(1);
});

test("DELETE exists only with a switch", async () => {
  const id = await newSet([attribute("a", "_id")]);
  const refused = await platform.call("DELETE", `${sets}/${id}`);
  expect(refused.status).toBe(405);
  expect(refused.body.detail).toBe("Request method 'DELETE' not supported");
  await platform.close();
  await start({ switches: { deleteMappingSet: "204" } });
  const other = await newSet([attribute("a", "_id")]);
  expect((await platform.call("DELETE", `${sets}/${other}`)).status).toBe(204);
  expect((await platform.call("GET", `${sets}/${other}`)).status).toBe(404);
  expect((await platform.call("DELETE", `${sets}/${other}`)).status).toBe(404);
});

test("validate returns each mapping's result, in order", async () => {
  const body = mappingSetBody(wiring.schema, [
    attribute("event_id", "_id"),
    expression("nope()", "_acme.email"),
    { sourceAttribute: "x", destinationXdmPath: "_acme.none" },
  ]);
  const answer = await platform.call("POST", `${sets}/validate`, { body });
  expect(answer.json).toEqual({
    validationResponse: [
      { status: "SUCCESS", errors: null },
      {
        status: "FAILED",
        errors: [
          {
            source: "nope()",
            destination: "_acme.email",
            exception: "There is no function nope",
            columnName: "_acme.email",
            sourceType: "EXPRESSION",
          },
        ],
      },
      {
        status: "FAILED",
        errors: [
          {
            source: "x",
            destination: "_acme.none",
            exception: "The schema has no field _acme.none",
            columnName: "_acme.none",
          },
        ],
      },
    ],
  });
});

test("preview maps without a flow", async () => {
  const mappings = [
    attribute("event_id", "_id"),
    attribute("email", "_acme.email"),
    expression("to_integer(count)", "_acme.count"),
  ];
  const preview = async (data: unknown) =>
    (
      await platform.call("POST", `${sets}/preview`, {
        body: { data, mappingSet: mappingSetBody(wiring.schema, mappings) } as JsonObject,
      })
    ).json;
  expect(
    await preview([
      { event_id: "1", email: null, count: "2" },
      { event_id: "b", count: "x" },
    ]),
  ).toEqual([
    { data: { _id: "1", _acme: { count: 2 } }, errors: null },
    {
      data: { _id: "b" },
      errors: [
        {
          source: "email",
          destination: "_acme.email",
          exception: "The attribute email does not exist in the source data",
          columnName: "_acme.email",
          sourceType: "ATTRIBUTE",
        },
        {
          source: "to_integer(count)",
          destination: "_acme.count",
          exception: '"x" is not a number',
          columnName: "_acme.count",
          sourceType: "EXPRESSION",
        },
      ],
    },
  ]);
  expect(await preview({ event_id: "c", email: "e", count: "3" })).toHaveLength(1);
});

describe("the expression language", () => {
  const path = `${conversion}/languages/el`;

  test.each([
    [{ expression: 'concat("Hi", ",", "there", "!")' }, true],
    [{ expression: { expression: 'concat("Hi")' } }, true],
    [{ expression: "unheard_of()" }, false],
    [{ expression: "lower(name)", sampleData: '{"name":"A"}' }, true],
    [{ expression: "lower(name)", sampleData: "{}" }, false],
  ])("%j: %s", async (body, isValid) => {
    const answer = await platform.call("POST", `${path}/validate`, { body });
    expect(answer.status).toBe(200);
    expect(answer.json).toBe(isValid);
  });

  test("an expression must be given", async () => {
    expect((await platform.call("POST", `${path}/validate`, { body: {} })).status).toBe(400);
  });

  test("functions and operators are listed", async () => {
    const functions = await platform.call("GET", `${path}/functions`);
    expect(functions.json).toContainEqual({
      category: "Date / Time",
      function: "dformat",
      syntax: "dformat(TIMESTAMP, FORMAT)",
      since: 1,
    });
    const operators = await platform.call("GET", `${path}/operators`);
    expect(operators.json).toContainEqual(expect.objectContaining({ operatorSymbol: "!", methodName: "not" }));
  });
});
