import { jsonMistakes } from "./json.ts";

// That of commands that ran is checked wherever a test runs one: see cli.ts.
const finding = { part: "relay", verdict: "fine", found: "It is healthy." };
const document = (part: object) =>
  JSON.stringify({ stack: "dev", sources: [{ source: "events", ending: "well", result: { parts: [part] } }] });

test("JSON as it is documented is taken", () => {
  expect(jsonMistakes("status", document(finding))).toEqual([]);
  expect(jsonMistakes("status", '{"error":"no stack"}')).toEqual([]);
});

test.each([
  ["a field more", { ...finding, swatch: "green" }, "swatch"],
  ["another verdict", { ...finding, verdict: "odd" }, "/verdict"],
  ["a field less", { part: "relay", verdict: "fine" }, "found"],
])("%s is found", (_, part, said) => expect(jsonMistakes("status", document(part)).join()).toContain(said));
