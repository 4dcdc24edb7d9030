import fc from "fast-check";
import { eventFields } from "../../events/fields.ts";
import { largeEmail, samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { classifyText } from "../../relay/core/event/classify.ts";
import { enrich } from "../../relay/core/event/enrich.ts";
import { rebuiltEventId } from "../../relay/core/event/event-id.ts";
import type { JsonObject } from "../../relay/core/event/json.ts";
import { enrichEvent, minimal, read, receivedAt } from "./support/enriched.ts";

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

test("ids that could not be read are empty, and listed as unmapped", () => {
  const unread = "[too many escapes to look for personal data]";
  const data = {
    delivery_id: unread,
    customer_id: unread,
    subject: unread,
    identifiers: { id: unread, phone: unread },
  };
  const body = enrichEvent({ ...minimal, event_id: unread, data });
  expect(body.data).toMatchObject({
    delivery_id: null,
    customer_id: null,
    subject: unread,
    identifiers: { id: null, phone: null },
  });
  expect(body.event_id).toMatch(/^customerio-aep-body-/);
  const paths = ["event_id", "data.identifiers.id", "data.customer_id", "data.identifiers.phone", "data.delivery_id"];
  expect(body.relay.unmapped).toEqual(paths);
});

test("an event gains the relay's times and lists, and null for every mapped attribute that it lacks", () => {
  expect(enrichEvent({ ...minimal, data: { identifiers: { id: "u-9002" }, new_thing: [1] } })).toEqual({
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
      origin: null,
      device_ids: [],
      device_platforms: [],
      device_failures: [],
      headers: [],
      topics: null,
      topics_off: null,
      channels: null,
      channels_off: null,
      unmapped: [],
      unknown: ["data.new_thing"],
    },
  });
});

test.each(samples)(
  "every value of the sample $name is not changed, and nothing is unmapped or unknown",
  ({ event }) => {
    const body = enrichEvent(event);
    const converted = {
      transactional_message_id: body.data.transactional_message_id,
      // Customer.io writes a blank for the id that a person lacks.
      customer_id: event.data?.customer_id || null,
    };
    expect(body).toMatchObject({ ...event, data: { ...event.data, ...converted } });
    expect(body.relay).toMatchObject({ unmapped: [], unknown: [] });
  },
);

test("identifiers that are blank are absent", () => {
  const identifiers = { id: "u-1", email: "", cio_id: " ", phone: "null" };
  const body = enrichEvent({ ...minimal, data: { customer_id: "", email_address: "NULL", identifiers } });
  expect(body.data).toMatchObject({
    customer_id: null,
    email_address: null,
    identifiers: { id: "u-1", email: null, cio_id: null, phone: null },
  });
  expect(body.relay.unmapped).toEqual([]);
});

test("identifiers that Platform treats as nobody's are empty, and listed as unmapped", () => {
  const identifiers = { id: "Anonymous", email: "invalid", cio_id: "x".repeat(1025) };
  const body = enrichEvent({ ...minimal, data: { identifiers } });
  expect(body.data).toMatchObject({ identifiers: { id: null, email: null, cio_id: null } });
  expect(body.relay.unmapped).toEqual(["id", "email", "cio_id"].map((name) => `data.identifiers.${name}`));
});

test("the misspelled object type of Customer.io's description of changed preferences is read", () => {
  const body = enrichEvent({ ...minimal, object_type_type: "email", metric: "cio_subscription_preferences_changed" });
  expect(body).toMatchObject({ object_type: "email", relay: { unknown: [] } });
});

describe("an event without a usable id or time", () => {
  test("gets an id made of its content, and the time of its receipt", () => {
    const body = enrichEvent({ object_type: "email", data: {} });
    expect(body).toMatchObject({
      event_id: expect.stringMatching(/^customerio-aep-body-/),
      timestamp: Date.parse(receivedAt) / 1000,
      relay: { occurred_at: receivedAt, unmapped: ["event_id", "timestamp"] },
    });
    expect(enrichEvent({ object_type: "email", data: {} })).toEqual(body);
  });

  test.each<[unknown, number, string]>([
    [1_727_953_200.25, 1_727_953_200, "2024-10-03T11:00:00.250Z"],
    ["2024-10-03T11:00:00Z", 1_727_953_200, "2024-10-03T11:00:00.000Z"],
    [1_727_953_200_123, 1_727_953_200, "2024-10-03T11:00:00.123Z"],
    ["soon", 1_795_168_800, receivedAt],
    [null, 1_795_168_800, receivedAt],
  ])("the timestamp %j becomes %d, and is listed as unmapped", (timestamp, seconds, occurredAt) => {
    expect(enrichEvent({ ...minimal, timestamp })).toMatchObject({
      timestamp: seconds,
      relay: { occurred_at: occurredAt, unmapped: ["timestamp"] },
    });
  });

  test("data that is not an object is unmapped", () => {
    expect(enrichEvent({ ...minimal, data: "text" })).toMatchObject({
      data: { recipient: null, identifiers: { id: null } },
      relay: { unmapped: ["data"] },
    });
  });
});

describe("attributes that the catalogue has no field for", () => {
  const unknown = (event: object) => enrichEvent({ ...minimal, ...event }).relay.unknown;
  test("are listed by their paths, wherever they are", () => {
    const data = {
      campaign_name: "Autumn",
      identifiers: { id: "u-1", account: "a" },
      recipients: [{ device_id: "one", app: "x" }, { app: "y" }, "odd"],
      headers: { "X-Any": ["1"] },
    };
    expect(unknown({ trigger_event_id: "t", relay: { occurred_at: "never" }, data })).toEqual([
      "trigger_event_id",
      "relay",
      "data.campaign_name",
      "data.identifiers.account",
      "data.recipients.app",
    ]);
  });

  test("are at most twenty, each of at most a hundred characters", () => {
    const data = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`${at}${"x".repeat(500)}`, at]));
    const listed = unknown({ data }) as string[];
    expect(listed).toHaveLength(20);
    expect(new Set(listed.map(({ length }) => length))).toEqual(new Set([100]));
  });

  test("never end with half of a character", () => {
    for (const before of [93, 94, 95]) {
      const [path] = unknown({ data: { [`${"x".repeat(before)}😀😀`]: 1 } }) as string[];
      expect(path?.isWellFormed()).toBe(true);
    }
  });
});

describe("occurred_at", () => {
  test.each([
    ["the event's time", 1_727_953_200, "2024-10-03T11:00:00.000Z"],
    ["the time of receipt for an event of the future", 4_102_444_800, receivedAt],
    ["1970 for zero", 0, "1970-01-01T00:00:00.000Z"],
  ])("is %s", (_, timestamp, occurredAt) => {
    expect(enrichEvent({ ...minimal, timestamp }).relay.occurred_at).toBe(occurredAt);
  });

  test("a timestamp that comes as text is a number in the row", () => {
    expect(enrichEvent({ ...minimal, timestamp: "1727953200" })).toMatchObject({
      timestamp: 1_727_953_200,
      relay: { occurred_at: "2024-10-03T11:00:00.000Z" },
    });
  });
});

describe("values of another type", () => {
  test("are converted if that changes only the type", () => {
    const data = {
      campaign_id: "12",
      machine: "true",
      recipient: 15_550_100,
      transactional_message_id: 44,
      identifiers: { id: 7 },
    };
    expect(enrichEvent({ ...minimal, object_type: true, data })).toMatchObject({
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

  test("are left out and listed if they can't be converted", () => {
    const data = {
      campaign_id: 1.5,
      link_id: "12a",
      machine: 1,
      recipient: ["a"],
      subject: { en: "Hi" },
      identifiers: "u-1",
    };
    const body = enrichEvent({ ...minimal, data });
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
    const body = JSON.parse(classified.kind === "event" ? enrich(classified, receivedAt) : "");
    expect(body.data).toMatchObject({ campaign_id: null, delivery_id: null });
    expect(body.relay.unmapped).toEqual(["data.delivery_id", "data.campaign_id"]);
  });
});

describe("a record of more than 1 MB, which Platform would refuse", () => {
  test("loses its content, which is listed as unmapped", () => {
    const body = enrichEvent(largeEmail(1_200_000));
    expect(body.data.content).toBeNull();
    expect(body.relay.unmapped).toEqual(["data.content"]);
  });
  test("a smaller one keeps everything", () => {
    const event = largeEmail(900_000);
    const body = enrichEvent(event);
    expect(body.data.content).toBe(event.data?.content);
    expect(body.relay.unmapped).toEqual([]);
  });
});

test("the relay fills every source of its own", () => {
  const body = enrichEvent({ object_type: "email", metric: "sent", data: {} });
  const own = eventFields.map(({ source }) => source).filter((source) => source.startsWith("relay."));
  const missing = own.filter((source) => at(body, source) === undefined);
  expect(missing.map((source) => `relay/core/event/enrich.ts does not fill ${source}`)).toEqual([]);
});

test("for any event: every mapped attribute is there and null or of its type, _id and the rest are kept, and the result is deterministic", () => {
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
      event_id: fc.oneof(fc.string(), json),
      timestamp: fc.oneof(fc.integer({ min: 0, max: 4_000_000_000 }), fc.double(), json),
      object_type: json,
      metric: fc.oneof(fc.constant("cio_subscription_preferences_changed"), json),
      relay: json,
      data: fc.oneof(fc.option(data), json),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(anyEvent, (event) => {
      const body = enrichEvent(event);
      expect(enrichEvent(event)).toEqual(body);
      expect(body.event_id).toBe(read(event).id);
      expect(body.event_id).not.toBe("");
      expect(Date.parse(String(body.relay.occurred_at))).toBeLessThanOrEqual(Date.parse(receivedAt));
      for (const { source, type } of eventFields) {
        const value = at(body, source);
        expect([source, value === null || xdmTypes[type]?.(value)]).toEqual([source, true]);
      }
    }),
  );
});

test("an event that was rebuilt says so", () => {
  const id = rebuiltEventId({ delivery: "d-1", objectType: "email", metric: "opened" });
  expect(id).toBe("customerio-aep-rebuilt-d-1-email-opened");
  expect(enrichEvent({ ...minimal, event_id: id })).toMatchObject({ event_id: id, relay: { origin: "rebuilt" } });
  expect(enrichEvent(minimal)).toMatchObject({ relay: { origin: null } });
});
