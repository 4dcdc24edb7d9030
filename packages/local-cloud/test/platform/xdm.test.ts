import fc from "fast-check";
import { breakingChanges } from "../../src/platform/schema-registry/rules.ts";
import type { Json, JsonObject } from "../../src/platform/web/json.ts";
import { applyPatch, PatchError, readPatch } from "../../src/platform/web/json-patch.ts";
import { compose, fieldAt, MergeConflict, mergeFields } from "../../src/platform/xdm/compose.ts";
import { rowViolations } from "../../src/platform/xdm/validate-row.ts";

const rules = { primaryIdentity: undefined, timeSeries: false, usableIdentities: true, now: 0 };

function violations(field: JsonObject, value: Json): string[] {
  return rowViolations({ type: "object", properties: { x: field }, required: [] }, { x: value }, rules);
}

describe("identity maps", () => {
  const identity = { type: "object", properties: { id: { type: "string" }, primary: { type: "boolean" } } };
  const anyObject = { type: "object", additionalProperties: { type: "array", items: identity } };
  const schema = { type: "object" as const, properties: { identityMap: anyObject }, required: [] };
  const violationsOf = (id: string, more = {}) =>
    rowViolations(schema, { identityMap: { Email: [{ id, primary: true }] } }, { ...rules, ...more });

  test.each(["", " ", "null", "Anonymous", "invalid", "x".repeat(1025)])(
    "an identity that identifies nobody keeps the row out",
    (id) => {
      expect(violationsOf(id)).toEqual([
        expect.stringMatching(/^#\/identityMap\/Email\/0\/id: \[.{0,40}\] identifies nobody$/),
      ]);
      expect(violationsOf(id, { usableIdentities: false })).toEqual([]);
    },
  );

  test("any other value is valid", () => {
    expect(violationsOf("ada@example.org")).toEqual([]);
  });
});

describe("rows", () => {
  test.each<[JsonObject, Json, string]>([
    [{ type: "string", enum: ["a"] }, "b", "#/x: [b] is not a valid enum value"],
    [{ type: "integer", minimum: 1 }, 0, "#/x: 0 is not greater or equal to 1"],
    [{ type: "integer", maximum: 1 }, 2, "#/x: 2 is not less or equal to 1"],
    [{ type: "string", pattern: "^a$" }, "b", "#/x: string [b] does not match pattern ^a$"],
    [{ type: "string", minLength: 2 }, "a", "#/x: expected minLength: 2, actual: 1"],
    [{ type: "string", maxLength: 1 }, "ab", "#/x: expected maxLength: 1, actual: 2"],
    [{ type: "string", format: "date" }, "2024-13-01", "#/x: [2024-13-01] is not a valid date"],
    [
      { type: "string", format: "date-time" },
      "today",
      "#/x: [today] is not a valid date-time. Expected [yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}Z]",
    ],
    [{ type: "string" }, 1, "#/x: expected type: String, found: Long"],
    [{ type: "integer" }, 1.5, "#/x: expected type: Long, found: Number"],
    [{ type: "array", items: { type: "string" } }, ["a", true], "#/x/1: expected type: String, found: Boolean"],
    [{ type: "object", properties: {}, required: ["y"] }, {}, "#/x: required key [y] not found"],
    [{ type: "object", properties: {} }, { y: 1 }, "#/x: extraneous key [y] is not permitted"],
    [{ type: "string" }, [], "#/x: expected type: String, found: JSONArray"],
    [{ properties: {} }, "a", "#/x: expected type: JSONObject, found: String"],
  ])("%j with %j", (field, value, violation) => {
    expect(violations(field, value)).toEqual([violation]);
  });

  test.each<[JsonObject, Json]>([
    [{ type: "number" }, 1],
    [{ type: "string", enum: ["a"] }, "a"],
    [{ type: "string" }, null],
    [{ type: "object", additionalProperties: { type: "integer" } }, { anything: 1 }],
  ])("%j accepts %j", (field, value) => {
    expect(violations(field, value)).toEqual([]);
  });
});

describe("composition", () => {
  test("follows references to references, but not to themselves", () => {
    const body: JsonObject = {
      definitions: {
        outer: { properties: { a: { $ref: "#/definitions/inner" } } },
        inner: { type: "object", properties: { b: { type: "string" } }, required: ["b"] },
        loop: { properties: { again: { $ref: "#/definitions/loop" } } },
      },
    };
    const composed = compose({ ...body, allOf: [{ $ref: "#/definitions/outer" }] }, () => undefined);
    expect(fieldAt(composed, ["a", "b"])).toEqual({ type: "string" });
    expect(fieldAt(composed, ["a", "c"])).toBeUndefined();
    expect(() => compose({ ...body, allOf: [{ $ref: "#/definitions/loop" }] }, () => undefined)).toThrow(
      "Nothing is known by the reference #/definitions/loop",
    );
  });

  test("reports a conflict with path and types", () => {
    const field = (type: string): JsonObject => ({ properties: { a: { properties: { b: { type } } } } });
    expect(() => mergeFields(field("string"), field("integer"))).toThrow(
      new MergeConflict("/a/b", ["string", "integer"]),
    );
    const date: JsonObject = { type: "string", format: "date-time" };
    expect(() => mergeFields({ type: "string" }, date)).toThrow(MergeConflict);
    const array = (items: JsonObject): JsonObject => ({ type: "array", items });
    expect(() => mergeFields(array({ type: "string" }), array(date), "/a")).toThrow(
      new MergeConflict("/a[]", ["string", "date-time"]),
    );
  });
});

describe("evolution", () => {
  const leaf = fc.constantFrom<JsonObject>(
    { type: "string" },
    { type: "integer" },
    { type: "string", format: "date-time" },
    { type: "array", items: { type: "string" } },
  );
  const { fields } = fc.letrec<{ field: JsonObject; fields: JsonObject }>((tie) => ({
    field: fc.oneof({ maxDepth: 3 }, leaf, tie("fields")),
    fields: fc
      .dictionary(fc.constantFrom("a", "b", "c", "d"), tie("field"), { maxKeys: 3 })
      .map((properties) => ({ type: "object", properties })),
  }));

  test("merging fields into a schema is never a breaking change", () => {
    fc.assert(
      fc.property(fields, fields, (before, addition) => {
        let after: JsonObject;
        try {
          after = mergeFields(before, addition);
        } catch (error) {
          expect(error).toBeInstanceOf(MergeConflict);
          return;
        }
        expect(breakingChanges(before, after)).toEqual([]);
      }),
    );
  });

  test("removing fields always is", () => {
    fc.assert(
      fc.property(fields, fc.constantFrom("a", "b", "c", "d"), ({ properties }, name) => {
        const all = properties as JsonObject;
        fc.pre(all[name] !== undefined);
        const { [name]: _, ...rest } = all;
        const after = { type: "object", properties: rest };
        expect(breakingChanges({ type: "object", properties: all }, after)).toEqual([`/${name} was removed`]);
      }),
    );
  });

  test("fewer values are breaking changes, more values and required fields are not", () => {
    const values = (...allowed: string[]): JsonObject => ({ type: "string", enum: allowed });
    expect(breakingChanges(values("a", "b"), values("a"), "/x")).toEqual(["/x allows fewer values"]);
    expect(breakingChanges(values("a"), values("a", "b"))).toEqual([]);
    expect(breakingChanges({ type: "string" }, values("a"), "/x")).toEqual(["/x allows fewer values"]);
    expect(breakingChanges(values("a"), { type: "string" })).toEqual([]);
    expect(breakingChanges({ type: "object" }, { type: "object", required: ["y"] })).toEqual([]);
    const array = (type: string): JsonObject => ({ type: "array", items: { type } });
    expect(breakingChanges(array("string"), array("integer"), "/x")).toEqual(["/x[] has another type"]);
  });

  test.each([
    [{ minimum: 1 }, { minimum: 2 }],
    [{}, { minLength: 1 }],
    [{ maxLength: 9 }, { maxLength: 8 }],
    [{}, { maximum: 0 }],
    [{}, { pattern: "^a" }],
  ])("a limit may be loosened from %j to %j only in reverse", (loose, strict) => {
    expect(breakingChanges(loose, strict, "/x")).toEqual(["/x allows fewer values"]);
    expect(breakingChanges(strict, loose)).toEqual([]);
  });
});

describe("JSON Patch", () => {
  const apply = (document: JsonObject, ...operations: JsonObject[]) => applyPatch(document, readPatch(operations));

  test("adds, replaces and removes, in objects and arrays, without touching the original", () => {
    const document: JsonObject = { a: [1, 2], b: { "c/d": 1 } };
    expect(
      apply(
        document,
        { op: "add", path: "/a/-", value: 3 },
        { op: "add", path: "/a/0", value: 0 },
        { op: "replace", path: "/a/1", value: "one" },
        { op: "remove", path: "/a/2" },
        { op: "replace", path: "/b/c~1d", value: 2 },
      ),
    ).toEqual({ a: [0, "one", 3], b: { "c/d": 2 } });
    expect(document).toEqual({ a: [1, 2], b: { "c/d": 1 } });
  });

  test.each([
    { op: "remove", path: "/none" },
    { op: "replace", path: "/a/2", value: 1 },
    { op: "remove", path: "/a/-" },
    { op: "add", path: "/a/x", value: 1 },
    { op: "add", path: "/b/deeper", value: 1 },
    { op: "add", path: "a", value: 1 },
    { op: "test", path: "/a", value: 1 },
  ])("%j doesn't fit", (operation) => {
    expect(() => apply({ a: [1, 2], b: 1 }, operation)).toThrow(PatchError);
  });
});
