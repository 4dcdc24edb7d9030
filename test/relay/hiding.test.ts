import fc from "fast-check";
import { personalData } from "../../relay/core/policy/policy.ts";
import { redact } from "../../relay/core/policy/redact.ts";
import { encodings, inShortLines } from "./support/encodings.ts";

/** A person's event after its personal data is dropped, with the text anywhere in it. */
function hideIn(value: string, text: string, more: object = {}) {
  const data = { recipient: value, failure_message: text, list: [[text]], [text]: true };
  const event = { event_id: "a", timestamp: 1, object_type: "push", data: { ...data, ...more } };
  const { event: safe } = redact(event, personalData.parse({ recipient: "drop" }));
  const { recipient, failure_message, list, ...keys } = safe.data as Record<string, unknown>;
  const [key] = Object.keys(keys);
  expect([recipient, list, key]).toEqual([null, [[failure_message]], failure_message]);
  return failure_message;
}

const mark = (value: string) => (value.includes("@") ? "[e-mail]" : "[recipient]");

/** Values of a recipient that are too long to occur by chance. */
const value = fc.oneof(
  fc.stringMatching(/^[a-z0-9]{1,8}[._+-]?[a-z0-9]{1,8}@[a-z0-9]{2,10}\.[a-z]{2,4}$/),
  fc.stringMatching(/^\+[1-9][0-9]{7,12}$/),
  fc.stringMatching(/^[A-Za-z0-9]{4}[A-Za-z0-9:_-]{4,60}[A-Za-z0-9]$/),
  fc.stringMatching(/^"[a-z]{2,6} [&a-z%=\\]{1,6}"@intranet$/),
  fc.stringMatching(/^[a-z]{3}é[a-zü]{2,5}@exämple\.org$/),
  fc.constantFrom("राम@example.org", "jose\u0301@example.org", "ada😀lovelace", "\\u0040%40&commat;=40x"),
);

/** Up to three encodings, the first one innermost. */
const composition = fc
  .array(fc.constantFrom(...Object.keys(encodings)), { maxLength: 3 })
  .map((names) => (text: string) => names.reduce((encoded, name) => encodings[name]?.(encoded) ?? "", text));

const before = fc.constantFrom(
  "",
  "to ",
  "550 5.1.1 <",
  'https://x.example/?id=7&who="',
  "a\n",
  "{",
  "é ",
  "😀(",
  "x%",
);
const after = fc.constantFrom("", " now", ">: no", '"&x=1', "\nb", "}", " é", ")😀", "%");

test.each([
  ["doubly percent encoded", "ada%2540example.org"],
  ["in JSON", "ada\\u0040example.org"],
  ["as a number in HTML", "ada&#64;example.org"],
  ["by name in HTML", "ada&commat;example.org"],
  ["in quoted-printable", "ada=40example.org"],
  ["in JSON within JSON", "ada\\\\u0040example.org"],
  ["in HTML in a URL", "ada%26%2364%3Bexample.org"],
  ["beside what looks like another encoding", "?e=ada%40example.org"],
  ["behind a space that is encoded", "to%20ada@example.org"],
])("a value is hidden %s", (_, spelling) => {
  const hidden = hideIn("ada@example.org", `x ${spelling} y`);
  expect(hidden).toMatch(/^x .*\[e-mail\] y$/);
  expect(hidden).not.toMatch(/ada|example/);
});

test.each([
  ["an address by its domain in ASCII", "ada@exämple.org", "550 ada@xn--exmple-cua.org", "550 [e-mail]"],
  ["an address by its domain in another script", "ada@xn--exmple-cua.org", "550 ada@exämple.org", "550 [e-mail]"],
  ["a phone number without its plus sign", "+15550100199", "30003: 15550100199", "30003: [recipient]"],
  ["a phone number without its punctuation", "+1 (555) 010-0199", "30003: +15550100199", "30003: +[recipient]"],
])("%s is the same value", (_, value, text, expected) => {
  expect(hideIn(value, text)).toBe(expected);
});

test("a value is hidden in any composition of up to three encodings, and the text around it is unchanged", () => {
  fc.assert(
    fc.property(value, composition, before, after, (value, encode, before, after) => {
      const text = `${encode(before)}${encode(value)}${encode(after)}`;
      // A text that is only the value is dropped as a whole.
      const expected = encode("") === text ? null : `${encode(before)}${mark(value)}${encode(after)}`;
      if (text.normalize("NFC").trim().toLowerCase() === value.normalize("NFC").toLowerCase()) return;
      expect(hideIn(value, text)).toBe(expected);
    }),
    { numRuns: 1_000 },
  );
});

test("a value is hidden if only it is encoded, and if lines are broken within it", () => {
  fc.assert(
    fc.property(value, composition, (value, encode) => {
      expect(hideIn(value, `see ${encode(value)}.`)).toBe(`see ${mark(value)}.`);
      expect(hideIn(value, `see ${encode(inShortLines(value))}.`)).toBe(`see ${mark(value)}.`);
    }),
    { numRuns: 500 },
  );
});

test("a text without the value is unchanged, byte by byte", () => {
  const piece = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 5 }),
    fc.constantFrom("%40", "%2540", "\\u0040", "&#64;", "&commat;", "=40", "=\r\n", "\\n", "%C3%A9", "%E9", "&eacute;"),
    fc.constantFrom("ada", "example", "org", "lovelace", "@", ".", "+1555010", "token-"),
  );
  const values = ["ada.lovelace@example.org", "+15550100", "token-one"];
  const recipients = values.map((device_id) => ({ device_id }));
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      const event = { event_id: "a", data: { recipients, failure_message: text } };
      const { event: safe } = redact(event as never, personalData.parse({ recipient: "drop" }));
      expect(safe.data).toMatchObject({ failure_message: text });
    }),
    { numRuns: 1_000 },
  );
});

test("the end or beginning of a longer word is another word, in any encoding", () => {
  for (const text of ["+155501001", "x%2B155501009", "5&#43;15550100a", "+15550100\u0301"]) {
    expect(hideIn("+15550100", text)).toBe(text);
  }
  for (const text of ["atoken-one", "token-ones", "token-one\u0301", "1token-one", "étoken-one"]) {
    expect(hideIn("token-one", text)).toBe(text);
  }
  // A plus is never part of a word. Where it is unclear whether a word ends, as before an escape, it does.
  expect(hideIn("+15550100", "é+15550100, x%2B15550100")).toBe("é[recipient], x[recipient]");
  expect(hideIn("token-one", "token-one%C3%A9 &eacute;token-one")).toBe("[recipient]%C3%A9 &eacute;[recipient]");
});

test("a long value that was cut off is hidden up to the cut", () => {
  const value = "device".repeat(100);
  expect(hideIn(value, `no such device: ${value.slice(0, 400)}…`)).toBe("no such device: [recipient]…");
  expect(hideIn(value, `no such device: ${value.slice(0, 200)}…`)).toBe(`no such device: ${value.slice(0, 200)}…`);
});

test("each device of a person is hidden by itself, and the longest fits", () => {
  const recipients = ["token-one", "token-one:two", "token"].map((device_id) => ({ device_id }));
  const text = "token-one:two, token-one:three, token, tokens";
  const event = { event_id: "a", data: { recipients, failure_message: text } };
  const { event: safe } = redact(event as never, personalData.parse({ recipient: "drop" }));
  expect(safe.data).toMatchObject({ failure_message: "[recipient], [recipient]:three, token, tokens" });
});

describe("a text that is nothing but escapes", () => {
  // Customer.io waits for 4 s. The limit is higher, since the machine may be slow, and still far below the minutes that a search takes
  // whose time grows with the square of the length.
  const cpuSeconds = () => process.cpuUsage().user / 1_000_000;
  const breaks = (count: number) => "=\r\n".repeat(count);

  test("is read in a moment if it is many line breaks, also within a character", () => {
    const before = cpuSeconds();
    expect(hideIn("ada@example.org", breaks(20_000))).toBe(breaks(20_000));
    expect(hideIn("caf\u00e9@example.org", `caf=C3${breaks(10_000)}=A9@example.org`)).toBe("[e-mail]");
    // It took minutes, in which the instance did nothing else.
    expect(cpuSeconds() - before).toBeLessThan(10);
  });

  test.each(["\\", "%", "&amp;", "=3D", "%e0%a4", "\\u005c"])(
    "is hidden as a whole if reading it would take too long: %s, again and again",
    (escaped) => {
      const before = cpuSeconds();
      const text = escaped.repeat(400_000);
      const event = {
        event_id: "a",
        object_type: "email",
        data: { subject: "Hello", recipient: "ada@example.org", text },
      };
      const { event: safe, redacted } = redact(event, personalData.parse({ email: "drop" }));
      expect(safe.data).toMatchObject({ subject: "Hello", text: "[too many escapes to look for personal data]" });
      expect(redacted).toEqual(["email"]);
      expect(cpuSeconds() - before).toBeLessThan(10);
    },
  );

  test("leaves the ids of its event as they are, wherever it comes", () => {
    const data = {
      customer_id: "user%201",
      delivery_id: "d9c1==",
      link_url: "https://x.example/?a=1&b=%20",
      identifiers: { id: "user+1", email: null, cio_id: "c1d2==", phone: "+491700000001" },
      "a+b%20c": ["+=%25"],
    };
    const text = "%41".repeat(120_000);
    for (const mixed of [
      { failure_message: text, ...data },
      { [text]: 1, ...data },
      { list: [[text]], ...data },
    ]) {
      const event = { event_id: "e+1==", object_type: "email", data: mixed };
      const { event: safe, redacted } = redact(event, personalData.parse({ email: "drop" }));
      expect(safe).toMatchObject({ event_id: "e+1==", data });
      expect(JSON.stringify(safe).includes("[too many escapes to look for personal data]")).toBe(true);
      expect(redacted).toEqual(["email"]);
    }
  });

  test("is read to its end if it is as long as a long newsletter", () => {
    const text = '<p style="width=50">a&nbsp;b &amp; <a href="https://x.example/?a=1&utm_b=c%20d">'.repeat(5_000);
    const event = {
      event_id: "a",
      object_type: "email",
      data: { recipient: "ada@example.org", content: `${text}ada%40example.org` },
    };
    const { event: safe } = redact(event, personalData.parse({ recipient: "drop" }));
    const { content } = safe.data as { content: string };
    expect([content.length, content.slice(-9)]).toEqual([text.length + 8, ">[e-mail]"]);
  });
});
