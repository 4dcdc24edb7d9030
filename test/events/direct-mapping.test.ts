import fc from "fast-check";
import { directMappings } from "../../events/direct-mapping.ts";
import { fieldGroupBody } from "../../events/field-group.ts";
import { eventFields } from "../../events/fields.ts";
import { eventMappings } from "../../events/mapping.ts";
import { compileMapping, mapRecord } from "../../packages/local-cloud/src/platform/data-prep/mapper.ts";
import { readMappingItem } from "../../packages/local-cloud/src/platform/data-prep/mapping-item.ts";
import { strictSwitches } from "../../packages/local-cloud/src/platform/state/options.ts";
import { type Sample, samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { classifyText } from "../../relay/core/event/classify.ts";
import { enrich } from "../../relay/core/event/enrich.ts";

const fields = fieldGroupBody("acme").definitions.customFields.properties;
const schema = JSON.parse(
  JSON.stringify({
    type: "object",
    properties: { ...fields, _id: { type: "string" }, timestamp: { type: "string", format: "date-time" } },
  }),
);
const compiled = directMappings("acme").map((mapping) => compileMapping(readMappingItem(mapping), schema));

const relayCompiled = eventMappings({ tenantId: "acme", testMode: false }).map((mapping) =>
  compileMapping(readMappingItem(mapping), schema),
);
const now = Date.parse("2026-11-20T10:00:00Z");

/** The stand-in's row for an event as Customer.io sends it, with missing attributes failing the record. */
function mapEvent(event: object) {
  const source = JSON.parse(JSON.stringify(event));
  return mapRecord(compiled, { source, now }, strictSwitches);
}

test("the tutorial's event becomes a row with its time in ISO 8601", () => {
  const tutorial = samples.find(({ name }) => name === "tutorial") as Sample;
  expect(mapEvent(tutorial.event)).toEqual({
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
          unmapped: [],
        },
      },
    },
    warnings: [],
    failures: [],
  });
});

test.each(samples)("the sample $name is mapped without an error", ({ event }) => {
  const { row, warnings, failures } = mapEvent(event);
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
      const { failures, warnings } = mapEvent({ event_id: "e1", timestamp: 1_613_063_089, data: given });
      expect({ failures, warnings }).toEqual({ failures: [], warnings: [] });
    }),
  );
});

test("fields that only the relay can fill are not mapped except for unmapped, and each expression is short enough for Data Prep", () => {
  const mappings = directMappings("acme");
  expect(mappings.filter(({ source }) => source.includes("relay."))).toEqual([]);
  expect(mappings).toHaveLength(2 + eventFields.filter(({ source }) => !source.startsWith("relay.")).length + 1);
  expect(Math.max(...mappings.map(({ source }) => source.length))).toBeLessThanOrEqual(4096);
});

test.each([
  [5, "5"],
  ["receipt", "receipt"],
  [null, undefined],
  [undefined, undefined],
])("the transactional message %j becomes the text %j", (transactional_message_id, expected) => {
  const { row, failures } = mapEvent({ event_id: "e1", timestamp: 1_613_063_089, data: { transactional_message_id } });
  expect(failures).toEqual([]);
  expect(customerioOf(row).transactional_message_id).toBe(expected);
});

/** The fields of a row, with the row's own time as `time`. */
function fieldsOf(row: object): Record<string, unknown> {
  const { timestamp, _id } = row as { timestamp: string; _id: string };
  return { time: timestamp, _id, ...customerioOf(row) };
}

/** The row from relay and stand-in for an event that the relay has just received. */
function byRelay(event: object) {
  const classified = classifyText(JSON.stringify(event));
  if (classified.kind === "malformed") throw new Error(classified.reason);
  const source = JSON.parse(enrich(classified, new Date(now).toISOString()));
  const { row, failures } = mapRecord(relayCompiled, { source, now }, strictSwitches);
  expect(failures).toEqual([]);
  return fieldsOf(row);
}

function direct(event: object) {
  const { row, failures, warnings } = mapEvent(event);
  expect({ failures, warnings }).toEqual({ failures: [], warnings: [] });
  return fieldsOf(row);
}

describe("as the relay does", () => {
  const event = (timestamp: unknown) => ({
    event_id: "e1",
    object_type: "email",
    metric: "delivered",
    timestamp,
    data: {},
  });

  test.each([
    [1_727_953_200, "2024-10-03T11:00:00.000Z"],
    ["1727953200", "2024-10-03T11:00:00.000Z"],
    [1_727_953_200_123, "2024-10-03T11:00:00.123Z"],
    ["1727953200123", "2024-10-03T11:00:00.123Z"],
    [1_727_953_200_123_456, "2024-10-03T11:00:00.123Z"],
    ["1727953200123456768", "2024-10-03T11:00:00.123Z"],
    [0, "1970-01-01T00:00:00.000Z"],
    [253_402_300_800, "1978-01-11T21:31:40.800Z"],
    ["2024-10-03T11:00:00Z", "2024-10-03T11:00:00.000Z"],
    ["2024-10-03T11:00:00.125Z", "2024-10-03T11:00:00.125Z"],
    ["2024-10-03T13:00:00+02:00", "2024-10-03T11:00:00.000Z"],
    ["2024-10-03T06:30:00.250-04:30", "2024-10-03T11:00:00.250Z"],
    [1_727_953_200.25, "2024-10-03T11:00:00.250Z"],
    ["1727953200.5", "2024-10-03T11:00:00.500Z"],
  ])("the time %j is %s", (timestamp, expected) => {
    const [row, relayed] = [direct(event(timestamp)), byRelay(event(timestamp))];
    expect([row.time, relayed.time]).toEqual([expected, expected]);
    expect([row._id, row.unmapped]).toEqual([relayed._id, relayed.unmapped]);
    // Adobe's functions can't convert a date or a fraction to seconds.
    const isWhole = /^\d+$/.test(String(timestamp));
    expect(row.timestamp).toBe(isWhole ? relayed.timestamp : undefined);
  });

  test.each([["yesterday"], [null], [undefined], [true], [""], [-5], ["2024-10-03"], [4_000_000_000]])(
    "an event at %j, which can't be read or is still to come, counts as now",
    (timestamp) => {
      const { row, failures } = mapEvent(event(timestamp));
      expect(failures).toEqual([]);
      expect(row).toMatchObject({ timestamp: "2026-11-20T10:00:00.000Z" });
    },
  );

  test.each([
    [""],
    ["  "],
    ["null"],
    ["NULL"],
    ["anonymous"],
    [" Invalid "],
    ["x".repeat(1025)],
    ["x".repeat(1024)],
    [42],
    [true],
    ["u-1"],
    [null],
  ])("converts the identifier %j", (identifier) => {
    const given = {
      ...event(1_727_953_200),
      data: { customer_id: identifier, email_address: identifier, identifiers: { id: "u-1", email: identifier } },
    };
    const { received_at, ...relayed } = byRelay(given);
    expect(direct(given)).toEqual(withoutLists(relayed));
  });

  test.each([[undefined], [null], [""], [" null "]])(
    "an event with the id %j gets one, which is listed as unmapped",
    (event_id) => {
      const given = { ...event(1_727_953_200), event_id };
      const row = direct(given);
      expect(row._id).toMatch(/^[0-9a-f-]{36}$/);
      expect(row.unmapped).toEqual(byRelay(given).unmapped);
      expect(direct({ ...given, event_id: 7 })).toMatchObject({ _id: "7", event_id: "7", unmapped: [] });
    },
  );
});

/** Without the lists that only the relay fills. */
function withoutLists(row: Record<string, unknown>) {
  return Object.fromEntries(
    Object.entries(row).filter(([name, value]) => name === "unmapped" || !Array.isArray(value)),
  );
}

function customerioOf(row: object): Record<string, unknown> {
  return (row as { _acme: { customerio: Record<string, unknown> } })._acme.customerio;
}
