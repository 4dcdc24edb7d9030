import { parseSamples } from "../../cli/preview/sample-events.ts";
import { commonPrefix, showEvent, showInvalid, valueAtDotPath } from "../../cli/preview/side-by-side.ts";
import type { MappingItem } from "../../packages/pulumi-aep/src/client/mapping-preview.ts";

const attribute = (source: string, destination: string): MappingItem => ({
  sourceType: "ATTRIBUTE",
  source,
  destination,
});
const mappings: MappingItem[] = [
  attribute("event_id", "_id"),
  attribute("data.identifiers.id", "_acme.customerio.id"),
  attribute("data.campaign_id", "_acme.customerio.campaign_id"),
  attribute("data.subject", "_acme.customerio.subject"),
  { sourceType: "EXPRESSION", source: 'concat(metric, "!")', destination: "_acme.customerio.shout" },
];
const sample = { name: "email", text: "" };
const prefix = "_acme.customerio.";

test.each([
  ['[{"a":1},{"a":2}]', ["event 1", "event 2"]],
  ['{"a":1}', ["event 1"]],
  ['{"a":1}\n\n {"a":2}\r\n', ["line 1", "line 3"]],
  ["[]", []],
  ["", []],
  ['{"a":1}\nnot JSON', ["line 1", "line 2"]],
])("samples are a JSON array, one object, or lines: %j", (text, names) => {
  expect(parseSamples(text).map(({ name }) => name)).toEqual(names);
});

test("the common path of most targets is left out", () => {
  expect(commonPrefix(mappings)).toBe(prefix);
  expect(commonPrefix([])).toBe("");
});

test("a value is found by Data Prep's paths", () => {
  expect(valueAtDotPath({ a: { b: [{ c: 1 }] } }, "a.b[0].c")).toBe(1);
  expect(valueAtDotPath({ a: null }, "a.b")).toBeUndefined();
});

test("source and row are shown side by side, within 100 columns; fields that are empty on both sides are counted", () => {
  const record = {
    event_id: "01J9",
    object_type: "email",
    metric: "sent",
    data: { identifiers: { id: "u-9001" }, campaign_id: 12, subject: null },
  };
  const row = { _id: "01J9", _acme: { customerio: { id: "u-9001", campaign_id: 12, shout: "sent!" } } };
  const mapped = { record, row, errors: [] };
  expect(showEvent({ fate: "mapped", sample, mapped, unknown: [] }, mappings, prefix)).toEqual([
    "email: email sent, 01J9",
    '  event_id = "01J9"                              → _id = "01J9"',
    '  data.identifiers.id = "u-9001"                 → id = "u-9001"',
    "  data.campaign_id = 12                          → campaign_id = 12",
    '  concat(metric, "!")                            → shout = "sent!"',
    "  empty on both sides: 1",
  ]);
  const long = { ...record, data: { ...record.data, subject: "x".repeat(200) } };
  const lines = showEvent(
    { fate: "mapped", sample, mapped: { record: long, row: long, errors: [] }, unknown: [] },
    mappings,
    prefix,
  );
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
});

test("an error is shown below its row, and a value that did not arrive as empty", () => {
  const error = { source: "data.campaign_id", destination: "_acme.customerio.campaign_id", message: "not a number" };
  const mapped = { record: { event_id: "a", data: { campaign_id: "x" } }, row: {}, errors: [error] };
  expect(showEvent({ fate: "mapped", sample, mapped, unknown: [] }, mappings, prefix)).toEqual([
    "email: an event without a type, a",
    '  event_id = "a"                                 → _id = (empty)',
    '  data.campaign_id = "x"                         → campaign_id = (empty)',
    "  empty on both sides: 3",
    "  ERROR data.campaign_id → _acme.customerio.campaign_id: not a number",
  ]);
});

test("an event that never reaches Platform is shown with the reason", () => {
  expect(showEvent({ fate: "filtered", sample, rule: "except.metrics" }, mappings, prefix)).toEqual([
    "email: left out by the stack's filters (except.metrics)",
  ]);
  expect(showEvent({ fate: "malformed", sample, reason: "The event has no event_id." }, mappings, prefix)).toEqual([
    "email: ERROR, it would be a dead letter: The event has no event_id.",
  ]);
});

test("a refused mapping is named, even if Data Prep does not name it", () => {
  const [mapping] = mappings;
  const errors = [{ source: undefined, destination: undefined, message: "no such field" }];
  expect(mapping && showInvalid({ mapping, errors })).toEqual(["  ERROR event_id → _id: no such field"]);
});

test("an attribute that the catalogue lacks is marked, with a note if the mapping reads it", () => {
  const record = {
    event_id: "a",
    swatch: "red",
    "list-id": 7,
    data: { taste: { sweet: true }, "odd.name": 1, recipients: [{ os: "x" }] },
  };
  const taste = { sourceType: "EXPRESSION", source: 'iif(contains_key("data.taste.sweet"), "yes", null)' } as const;
  const list = { sourceType: "EXPRESSION", source: 'iif(contains_key("list-id"), ${list-id}, null)' } as const;
  const lines = showEvent(
    {
      fate: "mapped",
      sample,
      mapped: { record, row: {}, errors: [] },
      unknown: ["swatch", "data.taste", "data.odd.name", "data.recipients.os", "list-id"],
    },
    [{ ...taste, destination: "producedBy" }, { ...list, destination: "eventType" }, attribute("swatchs", "x")],
    "",
  );
  expect(lines.slice(1)).toEqual([
    '  swatch = "red"                                 → (unknown attribute, not mapped)',
    '  data.taste = {"sweet":true}                    → (unknown attribute, mapped above)',
    "  data.odd.name                                  → (unknown attribute, not mapped)",
    "  data.recipients.os                             → (unknown attribute, not mapped)",
    "  list-id = 7                                    → (unknown attribute, mapped above)",
    "  empty on both sides: 3",
  ]);
});
