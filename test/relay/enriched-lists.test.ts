import { enrichEvent, minimal } from "./support/enriched.ts";

test("a push message's devices become lists", () => {
  const recipients = [
    { device_id: "one", device_platform: "ios" },
    { device_id: "two", device_platform: "android", failure_message: "NotRegistered" },
    { device_id: "three", device_platform: "ios" },
    { device_id: 4, failure_message: "BadDeviceToken" },
    { device_id: "three", failure_message: "" },
    { failure_message: "Unregistered" },
    "five",
    null,
  ];
  expect(enrichEvent({ ...minimal, data: { recipients } }).relay).toMatchObject({
    device_ids: ["one", "two", "three", "4", "three"],
    device_platforms: ["ios", "android"],
    device_failures: ["two: NotRegistered", "4: BadDeviceToken", "Unregistered"],
    unmapped: ["data.recipients"],
  });
});

test.each([
  ["a list without odd values", [{ device_id: 1, device_platform: null }, null], []],
  ["no list", { device_id: "one" }, ["data.recipients"]],
  ["an odd device", ["one"], ["data.recipients"]],
  ["an odd value of a device", [{ device_id: { id: "one" } }], ["data.recipients"]],
])("of a push message's devices, what was left out is named: %s", (_, recipients, unmapped) => {
  expect(enrichEvent({ ...minimal, data: { recipients } }).relay.unmapped).toEqual(unmapped);
});

test("an e-mail's headers become a list", () => {
  const headers = {
    "X-Letter": ["long", "dear"],
    "List-Unsubscribe": "<https://shop.example.org>",
    Odd: [7, null],
    Odder: [{}, true],
  };
  expect(enrichEvent({ ...minimal, data: { headers } }).relay).toMatchObject({
    headers: [
      "X-Letter: long",
      "X-Letter: dear",
      "List-Unsubscribe: <https://shop.example.org>",
      "Odd: 7",
      "Odder: true",
    ],
    unmapped: ["data.headers"],
  });
  expect(enrichEvent({ ...minimal, data: { headers: "none" } }).relay).toMatchObject({
    headers: [],
    unmapped: ["data.headers"],
  });
});

describe("preferences", () => {
  const absent = { topics: null, topics_off: null, channels: null, channels_off: null };
  const change = (content: unknown, more: object = {}) => {
    const event = { ...minimal, metric: "cio_subscription_preferences_changed", ...more, data: { content } };
    const { topics, topics_off, channels, channels_off } = enrichEvent(event).relay;
    return { topics, topics_off, channels, channels_off };
  };
  const topics = '{"topics":{"topic_1":true,"topic_4":false,"topic_7":true}}';
  const ofTopics = { ...absent, topics: ["topic_1", "topic_7"], topics_off: ["topic_4"] };

  test.each([
    ["topics that are on and off", topics, ofTopics],
    [
      "topics and channels",
      '{"topics":{"topic_3":false,"topic_4":true},"channels":{"sms":false,"email":true}}',
      { topics: ["topic_4"], topics_off: ["topic_3"], channels: ["email"], channels_off: ["sms"] },
    ],
    ["no topics without any", '{"channels":{"email":true}}', { ...absent, channels: ["email"], channels_off: [] }],
    [
      "on and off as text",
      '{"topics":{"a":"true","b":"false","c":null}}',
      { ...absent, topics: ["a"], topics_off: ["b"] },
    ],
    [
      "on and off as text in any case and as 1 and 0",
      '{"topics":{"a":"True","b":" FALSE "},"channels":{"sms":0,"email":1,"push":2}}',
      { topics: ["a"], topics_off: ["b"], channels: ["email"], channels_off: ["sms"] },
    ],
    ["content that is an object already", { topics: { a: false } }, { ...absent, topics: [], topics_off: ["a"] }],
    ["none in a list", '{"topics":["topic_1"]}', absent],
    ["none in text that isn't JSON", "<p>", absent],
    ["none in JSON that isn't an object", "null", absent],
    ["none where there is no content", null, absent],
  ])("%s", (_, content, expected) => {
    expect(change(content)).toEqual(expected);
  });

  test("are not read from the content of a message", () => {
    expect(change(topics, { object_type: "webhook", metric: "sent" })).toEqual(absent);
  });

  test.each(["subscription_preferences_changed", "preferences_updated"])(
    "are known by what they are where the metric is %s",
    (metric) => {
      expect(change(topics, { object_type: "customer", metric })).toEqual(ofTopics);
    },
  );
});
