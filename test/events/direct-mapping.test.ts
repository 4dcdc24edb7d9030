import fc from "fast-check";
import { directMappings } from "../../events/direct-mapping.ts";
import { fieldGroupBody } from "../../events/field-group.ts";
import { eventFields } from "../../events/fields.ts";
import { compileMapping, mapRecord } from "../../packages/local-cloud/src/platform/data-prep/mapper.ts";
import { readMappingItem } from "../../packages/local-cloud/src/platform/data-prep/mapping-item.ts";
import { strictSwitches } from "../../packages/local-cloud/src/platform/state/options.ts";
import { type Sample, samples } from "../../packages/pulumi-customerio/src/events/samples.ts";

const fields = fieldGroupBody("acme").definitions.customFields.properties;
const schema = JSON.parse(
  JSON.stringify({
    type: "object",
    properties: { ...fields, _id: { type: "string" }, timestamp: { type: "string", format: "date-time" } },
  }),
);
const compiled = directMappings("acme").map((mapping) => compileMapping(readMappingItem(mapping), schema));

/** What the stand-in's Data Prep makes of an event as Customer.io sends it, where a missing attribute fails the record. */
function mapped(event: object) {
  const source = JSON.parse(JSON.stringify(event));
  return mapRecord(compiled, { source, now: Date.parse("2026-11-20T10:00:00Z") }, strictSwitches);
}

test("the tutorial's event becomes a row with its time in ISO 8601", () => {
  const tutorial = samples.find(({ name }) => name === "tutorial") as Sample;
  expect(mapped(tutorial.event)).toEqual({
    row: {
      _id: "01E4C4CT6YDC7Y5M7FE1GWWPQJ",
      timestamp: "2021-02-11T17:04:49.000Z",
      _acme: {
        customerio: {
          object_type: "customer",
          id: "42",
          email: "test@example.com",
          event_id: "01E4C4CT6YDC7Y5M7FE1GWWPQJ",
          cio_id: "d9c106000001",
          metric: "subscribed",
          timestamp: 1613063089,
          customer_id: "42",
          email_address: "test@example.com",
        },
      },
    },
    warnings: [],
    failures: [],
  });
});

test.each(samples)("the sample $name is mapped without an error, whatever it lacks", ({ event }) => {
  const { row, warnings, failures } = mapped(event);
  expect({ warnings, failures }).toEqual({ warnings: [], failures: [] });
  expect(row).toMatchObject({ _id: event.event_id, timestamp: new Date(event.timestamp * 1000).toISOString() });
});

test("any set of attributes may be missing", () => {
  const sources = eventFields.map(({ source }) => source).filter((source) => source.startsWith("data."));
  const identifier = fc.constantFrom("id", "email", "cio_id", "phone");
  const data = fc.record({
    identifiers: fc.option(fc.dictionary(identifier, fc.string()), { nil: undefined }),
    customer_id: fc.option(fc.string(), { nil: undefined }),
    campaign_id: fc.option(fc.maxSafeNat(), { nil: undefined }),
  });
  expect(sources).toEqual(expect.arrayContaining(["data.identifiers.id", "data.customer_id", "data.campaign_id"]));
  fc.assert(
    fc.property(fc.option(data, { nil: undefined }), (given) => {
      const { failures, warnings } = mapped({ event_id: "e1", timestamp: 1_613_063_089, data: given });
      expect({ failures, warnings }).toEqual({ failures: [], warnings: [] });
    }),
  );
});

test("what only the relay can fill is not mapped, and each expression is short enough for Data Prep", () => {
  const mappings = directMappings("acme");
  expect(mappings.filter(({ source }) => source.includes("relay."))).toEqual([]);
  expect(mappings).toHaveLength(2 + eventFields.filter(({ source }) => !source.startsWith("relay.")).length);
  expect(Math.max(...mappings.map(({ source }) => source.length))).toBeLessThanOrEqual(4096);
});

test.each([
  [5, "5"],
  ["receipt", "receipt"],
  [null, undefined],
  [undefined, undefined],
])("the transactional message %j becomes the text %j", (transactional_message_id, expected) => {
  const { row, failures } = mapped({ event_id: "e1", timestamp: 1_613_063_089, data: { transactional_message_id } });
  expect(failures).toEqual([]);
  expect(customerioOf(row).transactional_message_id).toBe(expected);
});

function customerioOf(row: object): Record<string, unknown> {
  return (row as { _acme: { customerio: Record<string, unknown> } })._acme.customerio;
}
