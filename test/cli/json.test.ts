import { jsonMistakes } from "./json.ts";

// The output of real commands is checked by every test that runs one: see cli.ts.
const finding = { part: "relay", verdict: "fine", found: "It is healthy." };
const document = (part: object) =>
  JSON.stringify({ stack: "dev", sources: [{ source: "events", ending: "well", result: { parts: [part] } }] });

test("documented JSON is accepted", () => {
  expect(jsonMistakes("status", document(finding))).toEqual([]);
  expect(jsonMistakes("status", '{"error":"no stack"}')).toEqual([]);
});

test.each([
  ["a field more", { ...finding, swatch: "green" }, "swatch"],
  ["another verdict", { ...finding, verdict: "odd" }, "/verdict"],
  ["a field less", { part: "relay", verdict: "fine" }, "found"],
])("%s is found", (_, part, said) => expect(jsonMistakes("status", document(part)).join()).toContain(said));
