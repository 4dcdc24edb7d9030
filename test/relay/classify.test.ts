import fc from "fast-check";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { classify, classifyText } from "../../relay/core/event/classify.ts";

const minimal = { event_id: "01J9ZK3M5X8QW2R7T4V6B1N0CA", timestamp: 1_727_953_200 };

describe("classify", () => {
  test.each(samples)("accepts the sample $name unchanged", ({ event }) => {
    const text = JSON.stringify(event);
    expect(classify(Buffer.from(text))).toEqual({ kind: "event", event, id: event.event_id, text });
  });

  test("keeps attributes that it does not know", () => {
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
  ])("calls %s malformed", (_, body, reason) => {
    expect(classify(Buffer.from(body))).toEqual({ kind: "malformed", reason });
  });

  test.each<[string, string, string | RegExp]>([
    ["its own id", '{"event_id":" 01J9 "}', " 01J9 "],
    ["a number", '{"event_id":7,"timestamp":1}', "7"],
    ["one made of the body if there is none", "{}", /^customerio-aep-body-[0-9a-f]{32}$/],
    ["one made of the body if it is blank", '{"event_id":" "}', /^customerio-aep-body-[0-9a-f]{32}$/],
    ["one made of the body if it is the word null", '{"event_id":"null"}', /^customerio-aep-body-[0-9a-f]{32}$/],
    ["one made of the body if it is invisible", '{"event_id":"\u200b"}', /^customerio-aep-body-[0-9a-f]{32}$/],
    ["one made of the body if it is not text", '{"event_id":{"a":1}}', /^customerio-aep-body-[0-9a-f]{32}$/],
  ])("gives an event %s a new id", (_, body, id) => {
    const classified = classify(Buffer.from(body));
    expect(classified).toEqual({ kind: "event", event: JSON.parse(body), id: expect.stringMatching(id), text: body });
    // The same each time.
    expect(classify(Buffer.from(body))).toEqual(classified);
  });

  test("gives two events without an id two ids", () => {
    const ids = ['{"a":1}', '{"a":2}'].map((text) => classifyText(text)).map((one) => one.kind === "event" && one.id);
    expect(new Set(ids).size).toBe(2);
  });

  test("accepts every JSON object, whatever its time and data", () => {
    for (const body of ['{"event_id":"a"}', '{"event_id":"a","timestamp":"soon"}', '{"event_id":"a","data":"x"}']) {
      expect(classifyText(body)).toMatchObject({ kind: "event", id: "a" });
    }
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
        if (classified.kind === "malformed") expect(classified.reason).toMatch(/^The body/);
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => expect(classify(bytes)).toHaveProperty("kind")));
  });
});
