import fc from "fast-check";
import type { CustomerIoEvent } from "../../events/event.ts";
import { eventFields } from "../../events/fields.ts";
import { largeEmail, samples } from "../../events/samples.ts";
import { classifyText } from "../../relay/core/classify.ts";
import { enrich } from "../../relay/core/enrich.ts";
import type { JsonObject } from "../../relay/core/json.ts";

const receivedAt = "2026-11-20T10:00:00.000Z";
const read = (event: unknown): CustomerIoEvent => {
  const classified = classifyText(JSON.stringify(event));
  if (classified.kind === "malformed") throw new Error(classified.reason);
  return classified.event;
};
const enriched = (event: unknown): JsonObject & { data: JsonObject; relay: JsonObject } =>
  JSON.parse(enrich(read(event), receivedAt));
const minimal = { event_id: "01J9ZK3M5X8QW2R7T4V6B1N0CA", timestamp: 1_727_953_200 };

/** The value at a dot path, or undefined if the path is not there. */
const at = (body: unknown, path: string) =>
  path.split(".").reduce<unknown>((value, key) => (value as JsonObject | null | undefined)?.[key], body);

const xdmTypes: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === "string",
  long: (value) => Number.isSafeInteger(value),
  boolean: (value) => typeof value === "boolean",
  "date-time": (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value),
  "string[]": (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
};

test("an event gains the relay's times and lists, and null for every mapped attribute that it lacks", () => {
  expect(enriched({ ...minimal, data: { identifiers: { id: "u-9002" }, new_thing: [1] } })).toEqual({
    ...minimal,
    object_type: null,
    metric: null,
    data: {
      new_thing: [1],
      identifiers: { id: "u-9002", email: null, cio_id: null, phone: null },
      ...Object.fromEntries(
        eventFields
          .filter(({ source }) => /^data\.[a-z_]+$/.test(source))
          .map(({ source }) => [source.slice("data.".length), null]),
      ),
    },
    relay: {
      occurred_at: "2024-10-03T11:00:00.000Z",
      received_at: receivedAt,
      device_ids: [],
      device_platforms: [],
      device_failures: [],
      topics: [],
      unmapped: [],
    },
  });
});

test.each(samples)("every value of the sample $name stays as it is, and nothing is unmapped", ({ event }) => {
  const body = enriched(event);
  expect(body).toMatchObject({
    ...event,
    data: { ...event.data, transactional_message_id: body.data.transactional_message_id },
  });
  expect(body.relay.unmapped).toEqual([]);
});

describe("occurred_at", () => {
  test.each([
    ["the event's time", 1_727_953_200, "2024-10-03T11:00:00.000Z"],
    ["the time of receipt for an event of the future", 4_102_444_800, receivedAt],
    ["1970 for zero", 0, "1970-01-01T00:00:00.000Z"],
  ])("is %s", (_, timestamp, occurredAt) => {
    expect(enriched({ ...minimal, timestamp }).relay.occurred_at).toBe(occurredAt);
  });

  test("a timestamp that comes as text is a number in the row", () => {
    expect(enriched({ ...minimal, timestamp: "1727953200" })).toMatchObject({
      timestamp: 1_727_953_200,
      relay: { occurred_at: "2024-10-03T11:00:00.000Z" },
    });
  });
});

describe("values of another type", () => {
  test("are converted where that changes nothing else", () => {
    const data = {
      campaign_id: "12",
      machine: "true",
      recipient: 15_550_100,
      transactional_message_id: 44,
      identifiers: { id: 7 },
    };
    expect(enriched({ ...minimal, object_type: true, data })).toMatchObject({
      object_type: "true",
      data: {
        campaign_id: 12,
        machine: true,
        recipient: "15550100",
        transactional_message_id: "44",
        identifiers: { id: "7" },
      },
      relay: { unmapped: [] },
    });
  });

  test("are left out and listed where they can't be", () => {
    const data = {
      campaign_id: 1.5,
      link_id: "12a",
      machine: 1,
      recipient: ["a"],
      subject: { en: "Hi" },
      identifiers: "u-1",
    };
    const body = enriched({ ...minimal, data });
    expect(body.data).toMatchObject({
      campaign_id: null,
      link_id: null,
      machine: null,
      recipient: null,
      subject: null,
      identifiers: { id: null, email: null, cio_id: null, phone: null },
    });
    expect(body.relay.unmapped).toEqual([
      "data.identifiers",
      "data.campaign_id",
      "data.recipient",
      "data.subject",
      "data.link_id",
      "data.machine",
    ]);
  });

  test("a number that JSON could not carry exactly is left out", () => {
    const text = `{"event_id":"a","timestamp":1,"data":{"campaign_id":9007199254740993,"delivery_id":9007199254740993}}`;
    const classified = classifyText(text);
    const body = JSON.parse(classified.kind === "event" ? enrich(classified.event, receivedAt) : "");
    expect(body.data).toMatchObject({ campaign_id: null, delivery_id: null });
    expect(body.relay.unmapped).toEqual(["data.delivery_id", "data.campaign_id"]);
  });
});

test("a push message's devices become lists", () => {
  const recipients = [
    { device_id: "one", device_platform: "ios" },
    { device_id: "two", device_platform: "android", failure_message: "NotRegistered" },
    { device_id: "three", device_platform: "ios" },
    { device_id: 4, failure_message: "BadDeviceToken" },
    { device_id: "three", failure_message: "" },
    "five",
    null,
  ];
  expect(enriched({ ...minimal, data: { recipients } }).relay).toMatchObject({
    device_ids: ["one", "two", "three", "three"],
    device_platforms: ["ios", "android"],
    device_failures: ["two: NotRegistered", "BadDeviceToken"],
  });
});

describe("topics", () => {
  const change = (content: unknown, metric = "cio_subscription_preferences_changed") =>
    enriched({ ...minimal, metric, data: { content } }).relay.topics;
  test.each([
    ["those that are on now", '{"topics":{"topic_1":true,"topic_4":false,"topic_7":true}}', ["topic_1", "topic_7"]],
    ["none without topics", '{"channels":{"email":true}}', []],
    ["none in a list", '{"topics":["topic_1"]}', []],
    ["none in text that isn't JSON", "<p>", []],
    ["none in JSON that isn't an object", "null", []],
    ["none where content isn't text", { topics: { topic_1: true } }, []],
  ])("%s", (_, content, topics) => {
    expect(change(content)).toEqual(topics);
  });
  test("none in the content of a message", () => {
    expect(change('{"topics":{"topic_1":true}}', "sent")).toEqual([]);
  });
});

describe("a record of more than 1 MB, which Platform would refuse", () => {
  test("loses its content and says so", () => {
    const body = enriched(largeEmail(1_200_000));
    expect(body.data.content).toBeNull();
    expect(body.relay.unmapped).toEqual(["data.content"]);
  });
  test("a smaller one loses nothing", () => {
    const event = largeEmail(900_000);
    const body = enriched(event);
    expect(body.data.content).toBe(event.data?.content);
    expect(body.relay.unmapped).toEqual([]);
  });
});

test("for any event: every mapped attribute is there and null or of its type, _id and the rest are kept, and it is the same each time", () => {
  const json = fc.jsonValue({ maxDepth: 2 });
  const data = fc.dictionary(
    fc.oneof(
      fc.constantFrom(...eventFields.map(({ source }) => source.split(".").at(-1) ?? ""), "identifiers", "recipients"),
      fc.string(),
    ),
    json,
    { maxKeys: 12 },
  );
  const anyEvent = fc.record(
    {
      event_id: fc.string({ minLength: 1 }),
      timestamp: fc.integer({ min: 0, max: 4_000_000_000 }),
      object_type: json,
      metric: fc.oneof(fc.constant("cio_subscription_preferences_changed"), json),
      relay: json,
      data: fc.option(data),
    },
    { requiredKeys: ["event_id", "timestamp"] },
  );
  fc.assert(
    fc.property(anyEvent, (event) => {
      const body = enriched(event);
      expect(enriched(event)).toEqual(body);
      expect(body.event_id).toBe(event.event_id);
      expect(Date.parse(String(body.relay.occurred_at))).toBeLessThanOrEqual(Date.parse(receivedAt));
      for (const { source, type } of eventFields) {
        const value = at(body, source);
        expect([source, value === null || xdmTypes[type]?.(value)]).toEqual([source, true]);
      }
    }),
  );
});
