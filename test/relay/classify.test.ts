import fc from "fast-check";
import { samples } from "../../events/samples.ts";
import { classify, classifyText } from "../../relay/core/classify.ts";

const minimal = { event_id: "01J9ZK3M5X8QW2R7T4V6B1N0CA", timestamp: 1_727_953_200 };

describe("classify", () => {
  test.each(samples)("takes the sample $name as it is", ({ event }) => {
    const text = JSON.stringify(event);
    expect(classify(Buffer.from(text))).toEqual({ kind: "event", event, text });
  });

  test("keeps what it doesn't know", () => {
    const event = { ...minimal, object_type: "fax", metric: "shredded", data: { pages: [1, { x: null }] }, more: true };
    expect(classifyText(JSON.stringify(event))).toMatchObject({ kind: "event", event });
  });

  test("leaves out a byte order mark", () => {
    expect(classify(Buffer.from(`\ufeff${JSON.stringify(minimal)}`))).toMatchObject({ text: JSON.stringify(minimal) });
  });

  test.each([
    ["nothing", "", "The body is empty."],
    ["blanks", " \n", "The body is empty."],
    ["text", "hello", "The body is not JSON."],
    ["JSON cut off", '{"event_id":"a"', "The body is not JSON."],
    ["a list", `[${JSON.stringify(minimal)}]`, "The body is not a JSON object."],
    ["null", "null", "The body is not a JSON object."],
    ["a number", "42", "The body is not a JSON object."],
    ["no id", '{"timestamp":1}', "The event has no event_id."],
    [
      "an empty id",
      '{"event_id":"","timestamp":1}',
      "The event's event_id can't be used: it must be text that isn't empty.",
    ],
    [
      "a number for an id",
      '{"event_id":7,"timestamp":1}',
      "The event's event_id can't be used: it must be text that isn't empty.",
    ],
    ["no timestamp", '{"event_id":"a"}', "The event has no timestamp."],
    [
      "milliseconds",
      '{"event_id":"a","timestamp":1727953200000}',
      "The event's timestamp can't be used: it must be a time in Unix seconds.",
    ],
    ["neither id nor timestamp", "{}", "The event has no event_id. The event has no timestamp."],
    [
      "text for data",
      '{"event_id":"a","timestamp":1,"data":"x"}',
      "The event's data can't be used: it must be an object.",
    ],
  ])("calls %s malformed", (_, body, reason) => {
    expect(classify(Buffer.from(body))).toEqual({ kind: "malformed", reason });
  });

  test("calls bytes that aren't UTF-8 malformed", () => {
    const body = Buffer.concat([
      Buffer.from('{"event_id":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('","timestamp":1}'),
    ]);
    expect(classify(body)).toEqual({ kind: "malformed", reason: "The body is not UTF-8 text." });
  });

  test("never throws, and a reason never repeats the body", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), (json) => {
        const classified = classifyText(json);
        if (classified.kind === "malformed") expect(classified.reason).toMatch(/^The (body|event)/);
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => expect(classify(bytes)).toHaveProperty("kind")));
  });
});
