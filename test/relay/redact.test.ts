import { createHash } from "node:crypto";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { admit } from "../../relay/core/event/admit.ts";
import { enrich } from "../../relay/core/event/enrich.ts";
import { eventPolicy, personalData } from "../../relay/core/policy/policy.ts";
import { redact } from "../../relay/core/policy/redact.ts";

const event = (more: object = {}) => ({ event_id: "a", timestamp: 1, ...more });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("personal data", () => {
  const data: Record<string, unknown> = {
    recipient: " Ada@Example.org",
    to: "+15550100",
    recipients: [{ device_id: "token-1", device_platform: "ios" }, "odd"],
    content: "<p>Dear ada@example.org</p>",
    headers: { To: ["Ada <ada@example.org>"] },
    email_address: "ada@example.org",
    customer_id: "ada@example.org",
    identifiers: { id: "ada@example.org", email: "ada@example.org", cio_id: "a3" },
    failure_message: "550 5.1.1 <ada@example.org> no such user",
    href: "https://example.org/?who=ada%40example.org&x=1",
    subject: "Hello",
    campaign_id: 12,
  };
  const redactEvent = (options: object, of: object = data, metric = "sent") =>
    redact(event({ metric, data: of }), personalData.parse(options));

  test("is kept by default", () => {
    const { event: same, redacted: by } = redactEvent({});
    expect(same.data).toBe(data);
    expect(by).toEqual([]);
  });

  test("content and headers can be dropped", () => {
    expect(redactEvent({ content: "drop" })).toEqual({
      event: event({ metric: "sent", data: { ...data, content: null, headers: null } }),
      redacted: ["content"],
    });
  });

  test("the content of a change of preferences is not a message, and is kept", () => {
    const preferences = { content: '{"topics":{"topic_1":true}}' };
    expect(redactEvent({ content: "drop" }, preferences, "cio_subscription_preferences_changed").redacted).toEqual([]);
  });

  test("recipients of any kind can be hashed or dropped", () => {
    expect(redactEvent({ recipient: "hash" })).toMatchObject({
      event: {
        data: {
          recipient: sha256("ada@example.org"),
          to: sha256("+15550100"),
          recipients: [{ device_id: sha256("token-1"), device_platform: "ios" }, "odd"],
          email_address: "ada@example.org",
        },
      },
      redacted: ["recipient"],
    });
    expect(redactEvent({ recipient: "drop" }).event.data).toMatchObject({
      recipient: null,
      to: null,
      recipients: [{ device_id: null, device_platform: "ios" }, "odd"],
    });
  });

  test("e-mail addresses anywhere can be hashed, as Platform's identity namespace expects them", () => {
    const hash = sha256("ada@example.org");
    expect(redactEvent({ email: "hash" })).toEqual({
      event: event({
        metric: "sent",
        data: {
          ...data,
          recipient: hash,
          content: "<p>Dear [e-mail]</p>",
          headers: { To: ["Ada <[e-mail]>"] },
          email_address: hash,
          customer_id: hash,
          identifiers: { id: hash, email: hash, cio_id: "a3" },
          failure_message: "550 5.1.1 <[e-mail]> no such user",
          href: "https://example.org/?who=[e-mail]&x=1",
        },
      }),
      redacted: ["email"],
    });
  });

  test("or dropped", () => {
    expect(redactEvent({ email: "drop" }).event.data).toMatchObject({
      recipient: null,
      identifiers: { id: null, email: null, cio_id: "a3" },
      failure_message: "550 5.1.1 <[e-mail]> no such user",
    });
  });

  test("an attribute keeps its name, even if a device has the same one for its id", () => {
    const recipients = [{ device_id: "device_platform", device_platform: "ios" }];
    expect(redactEvent({ recipient: "drop" }, { recipients }).event.data).toEqual({
      recipients: [{ device_id: null, device_platform: "ios" }],
    });
  });

  test("an event without any is unchanged", () => {
    const plain = { identifiers: { id: "u-1" }, recipient: null, recipients: [], content: null };
    const { event: same, redacted: by } = redactEvent({ content: "drop", email: "hash", recipient: "hash" }, plain);
    expect(same.data).toEqual(plain);
    expect(by).toEqual([]);
  });

  test.each([
    ["null", null],
    ["\u200b", null],
    [" ", null],
    ["Anonymous", "Anonymous"],
    ["invalid ", "invalid "],
  ])("%j identifies nobody, so its hash must not become an identity, and it is not hidden elsewhere", (word, left) => {
    const fields = {
      identifiers: { id: word, email: word },
      email_address: word,
      recipient: word,
      subject: `${word}!`,
    };
    const data = redactEvent({ email: "hash", recipient: "hash" }, fields).event.data;
    expect(data).toEqual({
      identifiers: { id: word, email: left },
      email_address: left,
      recipient: left,
      subject: `${word}!`,
    });
    const { data: sent, relay } = JSON.parse(enrich({ event: event({ data }), id: "a" }, "2026-01-01T00:00:00.000Z"));
    expect(sent.identifiers).toEqual({ id: null, email: null, cio_id: null, phone: null });
    expect(relay.unmapped.includes("data.identifiers.email")).toBe(left !== null);
  });

  describe("depends on the field first", () => {
    const drop = { email: "drop" };
    test.each([
      ["a quoted local part", '"jane doe"@example.org'],
      ["decomposed letters", "jose\u0301@example.org"],
      ["vowel signs", "राम@example.org"],
      ["a bare host", "jane@intranet"],
      ["an address literal", "jane@[192.0.2.1]"],
      ["a display name", "Jane Doe <jane@example.org>"],
      ["several addresses", "jane@example.org, bob@example.org"],
      ["no address at all", "jane doe, see reception"],
      ["a number", 4_411_112_222],
      ["a list", ["jane@example.org"]],
    ])("%s in a field for addresses", (_, value) => {
      const fields = { email_address: value, recipient: value, to: value, identifiers: { email: value } };
      const { event: safe, redacted: by } = redact(
        event({ object_type: "email", data: fields }),
        personalData.parse(drop),
      );
      expect(safe.data).toEqual({ email_address: null, recipient: null, to: null, identifiers: { email: null } });
      expect(by).toEqual(["email"]);
    });

    test("and hides the same value wherever else it is, in any spelling", () => {
      const address = '"jane & co"@intranet';
      const of = {
        identifiers: { id: address.toUpperCase(), email: address },
        failure_message: `550 ${address}: no such user`,
        href: `https://shop.example/?who=${encodeURIComponent(address)}`,
        content: `{"to":${JSON.stringify(address)}}<b>&quot;jane &amp; co&quot;@intranet</b>`,
        by_recipient: { [address]: { ok: true }, other: 1 },
        list: [[address]],
      };
      const { event: safe } = redact(event({ note: `to ${address}`, data: of }), personalData.parse(drop));
      expect(safe).toEqual(
        event({
          note: "to [e-mail]",
          data: {
            identifiers: { id: null, email: null },
            failure_message: "550 [e-mail]: no such user",
            href: "https://shop.example/?who=[e-mail]",
            content: '{"to":"[e-mail]"}<b>[e-mail]</b>',
            by_recipient: { "[e-mail]": { ok: true }, other: 1 },
            list: [[null]],
          },
        }),
      );
    });

    test("a phone number or token of a recipient is hidden elsewhere too, but the person stays known", () => {
      const of = {
        customer_id: "person-7",
        recipient: "+15550100",
        recipients: [{ device_id: "token-one" }],
        identifiers: { id: "person-7", email: "ada@example.org", phone: "+15550100" },
        failure_message: "30003: +15550100 unreachable, token-one too, not +155501001",
      };
      const { event: safe } = redact(
        event({ object_type: "sms", data: of }),
        personalData.parse({ recipient: "drop" }),
      );
      expect(safe.data).toEqual({
        customer_id: "person-7",
        recipient: null,
        recipients: [{ device_id: null }],
        identifiers: { id: "person-7", email: "ada@example.org", phone: null },
        failure_message: "30003: [recipient] unreachable, [recipient] too, not +155501001",
      });
      const inApp = { customer_id: "person-7", recipient: "person-7", identifiers: { id: "person-7" } };
      expect(
        redact(event({ object_type: "in_app", data: inApp }), personalData.parse({ recipient: "drop" })).event.data,
      ).toEqual({
        ...inApp,
        recipient: null,
      });
    });

    test("composed and decomposed letters have the same hash, which is that of the bare address", () => {
      const hashOf = (email: string) => {
        const { event: safe } = redact(
          event({ data: { identifiers: { email } } }),
          personalData.parse({ email: "hash" }),
        );
        return (safe.data as { identifiers: { email: unknown } }).identifiers.email;
      };
      const expected = sha256("josé@example.org");
      for (const email of ["José@example.org", "jose\u0301@example.org", "José <josé@example.org>"]) {
        expect(hashOf(email)).toBe(expected);
      }
      expect(hashOf("a@example.org, b@example.org")).toBe(`${sha256("a@example.org")}, ${sha256("b@example.org")}`);
      expect(hashOf("Jane Doe")).toBe(sha256("jane doe"));
    });

    test("the stricter of two settings for an e-mail's recipient applies", () => {
      const of = { recipient: "ada@example.org" };
      const options = { email: "drop", recipient: "hash" };
      expect(redact(event({ object_type: "email", data: of }), personalData.parse(options)).event.data).toEqual({
        recipient: null,
      });
    });

    test("keys that become equal are kept apart, and Customer.io's own are never renamed", () => {
      const of = { identifiers: { email: "recipient" }, recipient: "x", seen: { "a@x.org": 1, "b@x.org": 2 } };
      expect(redact(event({ data: of }), personalData.parse(drop)).event.data).toEqual({
        identifiers: { email: null },
        recipient: "x",
        seen: { "[e-mail]": 1, "[e-mail] 2": 2 },
      });
    });
  });

  test("the stored event is written from the parsed one", () => {
    const policy = eventPolicy.parse({ personalData: { email: "drop" } });
    const storedText = (text: string) => {
      const admission = admit(text, policy);
      return admission.kind === "admitted" ? admission.text : admission.kind;
    };
    const twice = '{"event_id":"a","data":{"recipient":"jane@example.org"},"data":{}}';
    expect(storedText(twice)).toBe('{"event_id":"a","data":{}}');
    expect(storedText('{"event_id":"a","__proto__":{"x":"jane@example.org"}}')).toBe(
      '{"event_id":"a","__proto__":{"x":null}}',
    );
    expect(admit(twice, eventPolicy.parse({}))).toMatchObject({ text: twice });
  });

  test.each(["subscription_preferences_changed", "customer_subscription_preferences_changed", "preferences_updated"])(
    "consent stays whatever the metric is called: %s",
    (metric) => {
      const preferences = { content: '{"topics":{"topic_1":true},"channels":{"sms":false}}' };
      expect(redactEvent({ content: "drop" }, preferences, metric)).toEqual({
        event: event({ metric, data: preferences }),
        redacted: [],
      });
    },
  );

  test("a message's body is dropped in any form, also where no message is expected", () => {
    const asPreferences = { content: '{"topics":{"topic_1":true}}' };
    const webhook = event({ object_type: "webhook", metric: "sent", data: asPreferences });
    expect(redact(webhook, personalData.parse({ content: "drop" })).event.data).toEqual({ content: null });
    const html = { content: "<p>Dear Ada</p>" };
    expect(redactEvent({ content: "drop" }, html, "cio_subscription_preferences_changed").event.data).toEqual({
      content: null,
    });
  });

  test.each(samples)(
    "the sample $name keeps nothing that should be removed, and the original is not changed",
    ({ event }) => {
      const before = JSON.stringify(event);
      const { event: after } = redact(
        event as never,
        personalData.parse({ content: "drop", email: "drop", recipient: "drop" }),
      );
      expect(JSON.stringify(after)).not.toMatch(/@[a-z]/);
      expect((after.data as Record<string, unknown>).recipient ?? null).toBeNull();
      expect(JSON.stringify(event)).toBe(before);
    },
  );
});
