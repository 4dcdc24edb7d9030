import fc from "fast-check";
import {
  addFailure,
  claimBody,
  decodeEnvelope,
  EnvelopeWriter,
  encodeEnvelopes,
  fitsInline,
  maxEnvelopeBytes,
  maxEnvelopeEvents,
  newEvent,
  type QueuedEvent,
  requeueEvent,
  waitingSince,
} from "../../relay/core/event/envelope.ts";

const receivedAt = "2026-11-20T10:00:00.000Z";
const event = (body: string, id = "01J9ZK3M5X8QW2R7T4V6B1N0CA") => newEvent({ id, receivedAt, body });
const read = (message: string) => decodeEnvelope(JSON.parse(Buffer.from(message, "base64").toString("utf8")));
const eventsOf = (messages: string[]): QueuedEvent[] =>
  messages.flatMap((message) => {
    const decoded = read(message);
    return decoded.readable ? [...decoded.events] : [];
  });

/** Text of every kind that JSON escapes or UTF-8 widens. */
const unit = fc.constantFrom("a", '"', "\\", "\n", "\u0000", "é", "✓", "😀", "\ud800");
const anyText = fc.string({ unit, maxLength: 30_000 });
const anyEvent = fc
  .record({ id: fc.string({ maxLength: 300, unit: "binary" }), body: anyText })
  .map(({ id, body }) => event(body, id));

/** The longest body of the repeated unit that still fits inline. */
function longestInline(unit: string): number {
  let low = 0;
  let high = maxEnvelopeBytes;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fitsInline(event(unit.repeat(middle)))) low = middle;
    else high = middle - 1;
  }
  return low;
}

test("a message is base64 of a versioned envelope", () => {
  const [message, ...more] = encodeEnvelopes([event('{"a":"ë"}'), claimBody(event("large"), "2026/11/20/x.json")]);
  expect(more).toEqual([]);
  expect(JSON.parse(Buffer.from(message ?? "", "base64").toString("utf8"))).toEqual({
    version: 1,
    events: [
      { id: "01J9ZK3M5X8QW2R7T4V6B1N0CA", receivedAt, attempts: 0, body: '{"a":"ë"}' },
      { id: "01J9ZK3M5X8QW2R7T4V6B1N0CA", receivedAt, attempts: 0, claim: "2026/11/20/x.json", claimBytes: 5 },
    ],
  });
});

describe("the limit of a message", () => {
  test.each(["a", '"', "\u0000", "é", "😀"])("is 64 KiB of text, however %j is encoded", (unit) => {
    const length = longestInline(unit);
    const [message] = encodeEnvelopes([event(unit.repeat(length))]);
    expect(message?.length).toBeLessThanOrEqual(65_536);
    expect(fitsInline(event(unit.repeat(length + 1)))).toBe(false);
  });

  test("leaves no byte unused: an envelope of exactly 49,152 bytes is accepted, one of 49,153 is not", () => {
    const empty = Buffer.byteLength(JSON.stringify({ version: 1, events: [event("")] }));
    const fits = event("a".repeat(maxEnvelopeBytes - empty));
    const writer = new EnvelopeWriter();
    expect(writer.add(fits)).toBe(true);
    expect(writer.encode()).toHaveLength(65_536);
    expect(new EnvelopeWriter().add(event(`${"a".repeat(maxEnvelopeBytes - empty)}a`))).toBe(false);
  });

  test("still holds for an event after any failures", () => {
    fc.assert(
      fc.property(
        anyEvent,
        fc.array(fc.string({ unit: "binary", maxLength: 400 }), { maxLength: 5 }),
        (fresh, errors) => {
          fc.pre(fitsInline(fresh));
          const failed = errors.reduce(
            (before: QueuedEvent, error) => addFailure(before, { at: receivedAt, error }),
            fresh,
          );
          expect(encodeEnvelopes([failed])).toHaveLength(1);
        },
      ),
    );
    for (const unit of ["a", '"', "✓"]) {
      const fullest = event(unit.repeat(longestInline(unit)));
      const failed = addFailure(fullest, { at: receivedAt, error: '"\\\n✓'.repeat(1000) });
      expect(new EnvelopeWriter().add(failed)).toBe(true);
    }
  });

  test("is exact to the byte around 48 KiB for any body: one byte more becomes a claim", () => {
    const grown = {
      putBack: true,
      attempts: Number.MAX_SAFE_INTEGER,
      firstAttemptAt: receivedAt,
      lastError: "x".repeat(120),
    };
    const bytes = (body: string) =>
      Buffer.byteLength(JSON.stringify({ version: 1, events: [{ ...event(body), ...grown }] }));
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 500 }), fc.integer({ min: -400, max: 400 }), (text, beyond) => {
        const body = text + "a".repeat(maxEnvelopeBytes - bytes(text) + beyond);
        const fits = fitsInline(event(body));
        expect([bytes(body), fits]).toEqual([maxEnvelopeBytes + beyond, beyond <= 0]);
        const queued = fits ? event(body) : claimBody(event(body), "2026/11/20/claim.json");
        const [message = "", ...more] = encodeEnvelopes([queued]);
        expect([message.length <= 65_536, more, eventsOf([message])]).toEqual([true, [], [queued]]);
      }),
    );
  });

  test("never holds more than 64 events", () => {
    const messages = encodeEnvelopes(
      Array.from({ length: 2 * maxEnvelopeEvents + 1 }, (_, at) => event("{}", `e${at}`)),
    );
    expect(messages.map((message) => eventsOf([message]).length)).toEqual([64, 64, 1]);
  });

  test("refuses an event that no message can hold", () => {
    expect(() => encodeEnvelopes([event("a".repeat(maxEnvelopeBytes))])).toThrow(
      new RangeError("Event 01J9ZK3M5X8QW2R7T4V6B1N0CA is too large for a queue message."),
    );
  });
});

test("events are read from messages unchanged and in order, each message within the limit", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 20 }), (events) => {
      const inline = events.map((each) => (fitsInline(each) ? each : claimBody(each, "2026/11/20/claim.json")));
      const messages = encodeEnvelopes(inline);
      for (const message of messages) expect(message.length).toBeLessThanOrEqual(65_536);
      // JSON writes half a surrogate pair as an escape, which is read as the same half.
      expect(eventsOf(messages)).toEqual(inline);
    }),
    { numRuns: 50 },
  );
});

test("an event id is a label of 128 characters at most", () => {
  expect(newEvent({ id: "x".repeat(500), receivedAt, body: "{}" }).id).toBe("x".repeat(128));
});

test("a failure counts, keeps the first time and the last error, and leaves out what JSON would escape", () => {
  const once = addFailure(event("{}"), { at: "2026-11-20T10:01:00.000Z", error: "HTTP 503" });
  const twice = addFailure(once, { at: "2026-11-20T10:02:00.000Z", error: 'said "no"\n' });
  expect(once).toEqual({
    ...event("{}"),
    attempts: 1,
    firstAttemptAt: "2026-11-20T10:01:00.000Z",
    lastError: "HTTP 503",
  });
  expect(twice).toEqual({
    ...event("{}"),
    attempts: 2,
    firstAttemptAt: "2026-11-20T10:01:00.000Z",
    lastError: "said ?no??",
  });
});

describe("an event with parts of a newer relay", () => {
  const newer = { ...event("{}"), priority: 3, more: { of: "them" } };

  test("is read, and put back with them", () => {
    const decoded = decodeEnvelope({ version: 1, events: [newer] });
    if (!decoded.readable) throw new Error(decoded.reason);
    const failed = decoded.events.map((each) => addFailure(each, { at: receivedAt, error: "HTTP 503" }));
    expect(eventsOf(encodeEnvelopes(failed))).toMatchObject([{ ...newer, attempts: 1 }]);
  });
});

describe("an event that was replayed", () => {
  const failed = addFailure(event("{}"), { at: "2026-11-21T10:00:00.000Z", error: "HTTP 500" });
  const replayed = requeueEvent(failed, new Date("2026-12-31T10:00:00.000Z"));

  test("keeps its age, but waits again, with its attempts counted from zero", () => {
    expect(replayed).toEqual({ ...event("{}"), queuedAt: "2026-12-31T10:00:00.000Z" });
    expect(waitingSince(replayed)).toBe(Date.parse("2026-12-31T10:00:00.000Z"));
    expect(waitingSince(failed)).toBe(Date.parse(receivedAt));
  });

  test("keeps the time of its replay when it fails and is put back", () => {
    const again = addFailure(replayed, { at: "2027-01-01T10:00:00.000Z", error: "HTTP 503" });
    expect(eventsOf(encodeEnvelopes([again]))).toEqual([again]);
    expect(again.queuedAt).toBe("2026-12-31T10:00:00.000Z");
  });
});

test("an event from Customer.io is written in the format that the first version reads", () => {
  const [message = ""] = encodeEnvelopes([addFailure(event("{}"), { at: receivedAt, error: "HTTP 503" })]);
  const { events } = JSON.parse(Buffer.from(message, "base64").toString("utf8"));
  expect(Object.keys(events[0])).toEqual(["id", "receivedAt", "attempts", "body", "firstAttemptAt", "lastError"]);
});

describe("decodeEnvelope refuses", () => {
  const good = { version: 1, events: [event("{}")] };
  test.each([
    ["text", "hello", "The queue message is not an envelope of events.", "hello"],
    ["null", null, "The queue message is not an envelope of events.", "null"],
    ["a number", 7, "The queue message is not an envelope of events.", "7"],
    [
      "a later version",
      { ...good, version: 2 },
      "The queue message's envelope has version 2; this relay reads version 1.",
      undefined,
    ],
    [
      "no version",
      { events: good.events },
      "The queue message's envelope has version undefined; this relay reads version 1.",
      undefined,
    ],
    [
      "no events",
      { version: 1, events: [] },
      "The queue message's envelope has parts that this relay does not know.",
      undefined,
    ],
    [
      "an unknown part",
      { ...good, more: 1 },
      "The queue message's envelope has parts that this relay does not know.",
      undefined,
    ],
    [
      "an event with neither body nor claim",
      { version: 1, events: [{ id: "a", receivedAt, attempts: 0 }] },
      "The queue message's envelope has parts that this relay does not know.",
      undefined,
    ],
    [
      "an event with both",
      { version: 1, events: [{ ...event("{}"), claim: "x" }] },
      "The queue message's envelope has parts that this relay does not know.",
      undefined,
    ],
  ])("%s", (_, message, reason, text) => {
    expect(decodeEnvelope(message)).toEqual({ readable: false, reason, text: text ?? JSON.stringify(message) });
  });
});
