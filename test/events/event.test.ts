import fc from "fast-check";
import { type CustomerIoEvent, customerIoEvent } from "../../events/event.ts";

const required = { event_id: "01J9ZK3M5X8QW2R7T4V6B1N0CA", timestamp: 1727953200 };

// JSON.parse makes an own property of `__proto__`; zod drops that one key rather than let it reach a prototype.
const jsonObject = fc.dictionary(
  fc.string().filter((key) => key !== "__proto__"),
  fc.jsonValue(),
);

const reasons: Record<string, string> = {
  event_id: "event_id must be a text that is not empty",
  timestamp: "timestamp must be Unix seconds: a whole number from 0 to the end of the year 9999",
  data: "data must be an object",
};

describe("customerIoEvent", () => {
  test("parses any object that has an id and a time, and keeps all of it", () => {
    fc.assert(
      fc.property(
        jsonObject,
        fc.string({ minLength: 1 }),
        fc.integer({ min: 0, max: 253_402_300_799 }),
        fc.option(jsonObject),
        (others, event_id, timestamp, data) => {
          const event = JSON.parse(JSON.stringify({ ...others, event_id, timestamp, data }));
          expect(customerIoEvent.parse(event)).toEqual(event);
        },
      ),
    );
  });

  test("asks for nothing else", () => {
    expect(customerIoEvent.parse(required)).toEqual(required);
  });

  test.each([
    { object_type: 7, metric: ["sent"] },
    { object_type: null, metric: null, data: null },
    { data: { identifiers: "none", recipients: {}, campaign_id: "12", machine: "yes" } },
    { object_type: "hologram", metric: "beamed", data: { brightness: 3 } },
  ])("keeps unexpected types as they came: %j", (unexpected) => {
    expect(customerIoEvent.parse({ ...required, ...unexpected })).toEqual({ ...required, ...unexpected });
  });

  test("reads a time written as text", () => {
    expect(customerIoEvent.parse({ ...required, timestamp: "1613063089" }).timestamp).toBe(1613063089);
  });

  test("takes every time that ISO 8601 can write with a year of four digits", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (timestamp) => {
        const event: CustomerIoEvent = customerIoEvent.parse({ ...required, timestamp });
        expect(new Date(event.timestamp * 1000).toISOString()).toMatch(/^\d{4}-/);
      }),
    );
  });

  test.each<[string, unknown]>([
    ["event_id", undefined],
    ["event_id", null],
    ["event_id", ""],
    ["event_id", 42],
    ["timestamp", undefined],
    ["timestamp", null],
    ["timestamp", ""],
    ["timestamp", "soon"],
    ["timestamp", "1613063089.5"],
    ["timestamp", "-1"],
    ["timestamp", 1613063089.5],
    ["timestamp", -1],
    ["timestamp", 1_613_063_089_000],
    ["timestamp", "999999999999"],
    ["data", "text"],
    ["data", []],
  ])("refuses %s %j and says what it must be", (key, value) => {
    const issues = customerIoEvent.safeParse({ ...required, [key]: value }).error?.issues;
    expect(issues?.map(({ path, message }) => [...path, message].join(" "))).toEqual([reasons[key]]);
  });

  test("refuses an empty object for both", () => {
    const issues = customerIoEvent.safeParse({}).error?.issues;
    expect(issues?.map(({ path, message }) => [...path, message].join(" "))).toEqual([
      reasons.event_id,
      reasons.timestamp,
    ]);
  });

  test.each([null, [], "text", 1, true])("refuses %j in place of an event", (body) => {
    expect(customerIoEvent.safeParse(body).success).toBe(false);
  });
});
