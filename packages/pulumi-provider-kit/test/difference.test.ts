import fc from "fast-check";
import { differences } from "../src/engine/difference.ts";
import { Archive, type PropertyValue, Secret, Unknown } from "../src/engine/values.ts";

test("names each place that differs by its property path", () => {
  const before = { title: "a", mappings: [{ source: "x" }, { source: "y" }], gone: 1, tags: { "a b": 1 } };
  const after = { title: "b", mappings: [{ source: "x" }, { source: "z" }], tags: { "a b": 2 }, added: true };
  expect(differences(before, after, "")).toEqual([
    { path: "title", kind: "update" },
    { path: "mappings[1].source", kind: "update" },
    { path: "gone", kind: "delete" },
    { path: 'tags["a b"]', kind: "update" },
    { path: "added", kind: "add" },
  ]);
});

test("a secret is compared by what is in it, an archive by its content, an unknown counts as changed", () => {
  expect(differences({ key: new Secret("k") }, { key: "k" }, "")).toEqual([]);
  expect(differences({ code: new Archive("/a", "h") }, { code: new Archive("/b", "h") }, "")).toEqual([]);
  expect(differences({ code: new Archive("/a", "h") }, { code: new Archive("/a", "i") }, "")).toEqual([
    { path: "code", kind: "update" },
  ]);
  expect(differences({ id: "1" }, { id: Unknown.instance }, "")).toEqual([{ path: "id", kind: "update" }]);
});

test("any value equals itself and its copy", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (json) => {
      const copy = JSON.parse(JSON.stringify(json)) as PropertyValue;
      expect(differences({ value: copy }, { value: JSON.parse(JSON.stringify(json)) as PropertyValue }, "")).toEqual(
        [],
      );
    }),
  );
});
