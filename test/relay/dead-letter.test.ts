import fc from "fast-check";
import { blobName } from "../../relay/core/blob-name.ts";
import { deadBody, deadEvent, parseDeadLetter } from "../../relay/core/event/dead-letter.ts";
import { addFailure, newEvent } from "../../relay/core/event/envelope.ts";

const receivedAt = "2026-11-20T23:59:59.999Z";
const now = new Date("2026-11-21T10:00:00.000Z");
const id = "01J9ZK3M5X8QW2R7T4V6B1N0CA";
// sha256 of "{}", its first 32 digits
const hash = "44136fa355b3678a1146ad16f7e8649e";

describe("blobName", () => {
  test.each([
    ["the day of receipt, the id and a hash", id, `2026/11/20/${id}-${hash}.json`],
    ["no id", undefined, `2026/11/20/${hash}.json`],
    ["an id that would be a path", "../../x", `2026/11/20/${hash}.json`],
    ["an id that is too long", "x".repeat(65), `2026/11/20/${hash}.json`],
  ])("%s", (_, id, name) => {
    expect(blobName({ ...(id === undefined ? {} : { id }), receivedAt, body: "{}" })).toBe(name);
  });

  test("is a valid blob name for any id, and differs for another body", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), fc.string(), (id, one, other) => {
        fc.pre(one !== other);
        expect(blobName({ id, receivedAt, body: one })).toMatch(
          /^2026\/11\/20\/([A-Za-z0-9_-]{1,64}-)?[0-9a-f]{32}\.json$/,
        );
        expect(blobName({ id, receivedAt, body: one })).not.toBe(blobName({ id, receivedAt, body: other }));
      }),
    );
  });
});

test("an event's dead letter has everything known about it", () => {
  const failed = addFailure(newEvent({ id, receivedAt, body: "{}" }), {
    at: "2026-11-21T09:00:00.000Z",
    error: "HTTP 400",
  });
  expect(deadEvent(failed, "{}", { class: "refused", reason: "Platform refused the event: HTTP 400", now })).toEqual({
    name: `2026/11/20/${id}-${hash}.json`,
    document: {
      version: 1,
      class: "refused",
      reason: "Platform refused the event: HTTP 400",
      eventId: id,
      receivedAt,
      firstAttemptAt: "2026-11-21T09:00:00.000Z",
      deadAt: "2026-11-21T10:00:00.000Z",
      attempts: 1,
      encoding: "utf8",
      body: "{}",
    },
  });
});

test("a body that is not an event keeps its bytes, and is named by the day of receipt and a hash", () => {
  const dead = (body: Buffer) =>
    deadBody(body, { class: "malformed", reason: "The body is not JSON.", receivedAt, now });
  expect(dead(Buffer.from("{}"))).toEqual({
    name: `2026/11/20/${hash}.json`,
    document: {
      version: 1,
      class: "malformed",
      reason: "The body is not JSON.",
      receivedAt,
      deadAt: "2026-11-21T10:00:00.000Z",
      attempts: 0,
      encoding: "utf8",
      body: "{}",
    },
  });
  expect(dead(Buffer.from([0xff, 0x00])).document).toMatchObject({ encoding: "base64", body: "/wA=" });
});

test("any bytes can be read back from the dead letter", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.string({ unit: "grapheme" }).map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        const { document } = deadBody(bytes, { class: "unreadable", reason: "", receivedAt, now });
        const read = parseDeadLetter(JSON.stringify(document));
        expect(read).toEqual(document);
        expect([...Buffer.from(read.body, read.encoding)]).toEqual([...bytes]);
      },
    ),
  );
});

test("a dead letter of another version is refused", () => {
  const { document } = deadBody(Buffer.from("x"), { class: "malformed", reason: "", receivedAt, now });
  expect(() => parseDeadLetter(JSON.stringify({ ...document, version: 2 }))).toThrow("version");
});
