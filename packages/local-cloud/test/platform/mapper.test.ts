import { coerceToField } from "../../src/platform/data-prep/coerce.ts";
import { readPath, showPath } from "../../src/platform/data-prep/language/path.ts";
import { compileMapping, mapRecord } from "../../src/platform/data-prep/mapper.ts";
import { readMappingItem } from "../../src/platform/data-prep/mapping-item.ts";
import { strictSwitches } from "../../src/platform/state/options.ts";
import type { Json, JsonObject } from "../../src/platform/web/json.ts";

const schema: JsonObject = {
  type: "object",
  properties: {
    _id: { type: "string" },
    addr: {
      type: "object",
      properties: { addrLine1: { type: "string" }, city: { type: "string" }, state: { type: "string" } },
    },
    items: {
      type: "array",
      items: { type: "object", properties: { SKU: { type: "string" }, quantity: { type: "integer" } } },
    },
    names: { type: "array", items: { type: "string" } },
    identityMap: {
      type: "object",
      additionalProperties: { type: "array", items: { type: "object", properties: { id: { type: "string" } } } },
    },
  },
};

function map(source: JsonObject, mappings: Readonly<Record<string, string>>, sourceType = "ATTRIBUTE") {
  const compiled = Object.entries(mappings).map(([destination, from]) =>
    compileMapping(readMappingItem({ sourceType, source: from, destination }), schema),
  );
  return mapRecord(compiled, { source, now: 0 }, strictSwitches);
}

describe("what goes where", () => {
  test("copying an object copies attributes of the same name; others need mappings of their own", () => {
    const address = { line1: "4191 Ridgebrook Way", city: "San Jose", state: "California", zip: "95129" };
    const expected = { addr: { addrLine1: "4191 Ridgebrook Way", city: "San Jose", state: "California" } };
    expect(map({ address }, { addr: "address", "addr.addrLine1": "address.line1" }).row).toEqual(expected);
    expect(map({ address }, { "addr.addrLine1": "address.line1", addr: "address" }).row).toEqual(expected);
  });

  test("arrays are mapped item by item, as a whole, or as one item", () => {
    const products = [{ sku: "a", n: 1 }, { sku: "b" }];
    expect(map({ products }, { "items[*].SKU": "products[*].sku", "items[*].quantity": "products[*].n" }).row).toEqual({
      items: [{ SKU: "a", quantity: 1 }, { SKU: "b" }],
    });
    expect(map({ products }, { names: "products[*].sku" }).row).toEqual({ names: ["a", "b"] });
    expect(map({ products }, { "items[0].SKU": "products[1].sku" }).row).toEqual({ items: [{ SKU: "b" }] });
    const failed = map({ products }, { "items[*].SKU": "products[0].sku" });
    expect(failed.failures).toEqual([expect.objectContaining({ columnName: "items[*].SKU" })]);
  });

  test("maps accept any key", () => {
    const expression = 'to_map("Email", to_array(false, to_object("id", email)))';
    expect(map({ email: "a@b.c" }, { identityMap: expression }, "EXPRESSION").row).toEqual({
      identityMap: { Email: [{ id: "a@b.c" }] },
    });
    expect(map({ email: "a@b.c" }, { "identityMap.Email[0].id": "email" }).row).toEqual({
      identityMap: { Email: [{ id: "a@b.c" }] },
    });
  });

  test("static values are used unchanged", () => {
    expect(map({}, { _id: "event_id", "items[0].quantity": "7" }, "STATIC").row).toEqual({
      _id: "event_id",
      items: [{ quantity: 7 }],
    });
  });

  test("null leaves the target empty, without empty parent objects", () => {
    expect(map({ a: null, b: "x" }, { "addr.city": "a", "addr.state": "b" }).row).toEqual({ addr: { state: "x" } });
    expect(map({ a: null }, { "addr.city": "a" }).row).toEqual({});
  });

  test("an issue names source, destination and kind", () => {
    expect(map({}, { _id: "missing" }).failures).toEqual([
      {
        source: "missing",
        destination: "_id",
        exception: "The attribute missing does not exist in the source data",
        columnName: "_id",
        sourceType: "ATTRIBUTE",
      },
    ]);
  });

  test.each(["none", "addr.none", "items.SKU", "_id.deeper", "names[0].x", "addr[0]"])(
    "%s is not a field of the schema",
    (destination) => {
      expect(() => map({}, { [destination]: "a" })).toThrow(`The schema has no field ${destination}`);
    },
  );
});

describe("both spellings of a mapping", () => {
  const normalizeItem = (item: JsonObject) => {
    const { sourceType, source, destination } = readMappingItem(item);
    return { sourceType, source, destination };
  };

  test.each([
    [{ sourceAttribute: "a", destinationXdmPath: "b", identity: false, version: 0 }, "ATTRIBUTE"],
    [{ sourceType: "ATTRIBUTE", source: "a", destination: "b" }, "ATTRIBUTE"],
    [{ sourceType: "text/x.schema-path", source: "a", sourceAttribute: "a", destination: "b" }, "ATTRIBUTE"],
    [{ sourceExpression: "a", destinationXdmPath: "b" }, "EXPRESSION"],
    [{ sourceType: "EXPRESSION", sourceExpression: "a", destinationXdmPath: "b" }, "EXPRESSION"],
    [{ sourceType: "text/x.aep-xl", source: "a", destination: "b" }, "EXPRESSION"],
    [{ sourceType: "STATIC", source: "a", destination: "b" }, "STATIC"],
  ])("%j", (item, sourceType) => {
    expect(normalizeItem(item)).toEqual({ sourceType, source: "a", destination: "b" });
  });

  test.each([
    [{ sourceType: "attribute", source: "a", destination: "b" }, "The sourceType attribute is not known"],
    [{ destination: "b" }, "The source of a mapping is missing"],
    [{ source: "a" }, "The destination of a mapping is missing"],
  ])("%j is refused", (item, message) => {
    expect(() => readMappingItem(item)).toThrow(message);
  });
});

describe("types", () => {
  const integer = { type: "integer" };
  const boolean = { type: "boolean" };
  const dateTime = { type: "string", format: "date-time" };

  test.each<[Json, JsonObject, Json]>([
    [1234, { type: "string" }, "1234"],
    [true, { type: "string" }, "true"],
    ["12", integer, 12],
    ["1.5", { type: "number" }, 1.5],
    ["YES", boolean, true],
    ["on", boolean, true],
    ["n", boolean, false],
    ["OFF", boolean, false],
    ["2020-12-31", dateTime, "2020-12-31T00:00:00.000Z"],
    ["2020-12-31T10:00:00+01:00", dateTime, "2020-12-31T09:00:00.000Z"],
    ["12/31/2020", { type: "string", format: "date" }, "2020-12-31"],
    [["1", 2], { type: "array", items: integer }, [1, 2]],
    [null, integer, null],
  ])("%j becomes %j: %j", (value, field, expected) => {
    expect(coerceToField(value, field, "x", { numberInTextField: "converts" })).toEqual(expected);
  });

  test.each<[Json, JsonObject]>([
    [{}, { type: "string" }],
    [1234, { type: "string" }],
    [true, { type: "string" }],
    [[1], { type: "string" }],
    [1.5, integer],
    ["many", integer],
    ["", integer],
    [2 ** 53, integer],
    [true, integer],
    ["Yes", boolean],
    [1, boolean],
    [1571829875, dateTime],
    ["yesterday", dateTime],
    ["a", { type: "array", items: { type: "string" } }],
    ["a", { type: "object", properties: {} }],
    [["a", "b"], { type: "array", items: integer }],
  ])("%j doesn't fit %j", (value, field) => {
    expect(() => coerceToField(value, field, "x", strictSwitches)).toThrow(/does not fit the XDM type/);
  });
});

describe("paths", () => {
  test.each([
    ["a.b.c", "a.b.c"],
    ["a[0].b[*]", "a[0].b[*]"],
    ["${First Name}.x", "First Name.x"],
    ["street\\.name", "street.name"],
    ["_acme.customerio.event-id", "_acme.customerio.event-id"],
    ["timestamp", "timestamp"],
  ])("%s", (text, shown) => {
    expect(showPath(readPath(text))).toBe(shown);
  });

  test.each(["", ".", "a.", ".a", "a..b", "a[x]", "a[", "${}", "${a", "First Name", "a]"])("%j is none", (text) => {
    expect(() => readPath(text)).toThrow(/is not a path/);
  });
});
