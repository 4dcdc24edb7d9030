import { createHash } from "node:crypto";
import fc from "fast-check";
import { verificationEvent } from "../../events/verification.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { admit } from "../../relay/core/admit.ts";
import { domainOf, emailAddress, mailboxesOf, withoutEmailAddresses } from "../../relay/core/email-address.ts";
import { judge } from "../../relay/core/filter.ts";
import { eventFilters, eventPolicy, personalData } from "../../relay/core/policy.ts";
import { redact } from "../../relay/core/redact.ts";

const event = (more: object = {}) => ({ event_id: "a", timestamp: 1, ...more });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const filteredBy = (of: object, filters: Parameters<typeof judge>[1]) => judge({ ...of }, filters).rule;

describe("filters", () => {
  const sent = event({
    object_type: "email",
    metric: "sent",
    data: { campaign_id: 12, recipient: "Ada@Example.org", identifiers: { email: "ada@other.org" } },
  });
  test.each([
    ["email", "sent"],
    ["Email", "Sent"],
    [" EMAIL ", " SENT "],
  ])("the case of %j and %j makes no difference, on both sides", (objectType, metric) => {
    const spelt = { ...sent, object_type: objectType, metric };
    for (const rule of [
      { objectTypes: ["eMail"] },
      { metrics: ["sENT"] },
      { objectTypes: ["email"], metrics: ["sent"] },
    ]) {
      expect(filteredBy(spelt, { only: rule })).toBeUndefined();
      expect(filteredBy(spelt, { except: rule })).toMatch(/^except\./);
      expect(filteredBy({ ...spelt, object_type: "Sms", metric: "Opened" }, { only: rule })).toMatch(/^only\./);
    }
  });

  test.each([
    ["nothing", {}, undefined],
    ["its type", { only: { objectTypes: ["email", "sms"] } }, undefined],
    ["another type", { only: { objectTypes: ["sms"] } }, "only.objectTypes"],
    ["its type, but not its metric", { only: { objectTypes: ["email"], metrics: ["opened"] } }, "only.metrics"],
    ["its campaign", { only: { campaigns: [1, 12] } }, undefined],
    ["its type in another case", { only: { objectTypes: ["Email"] } }, undefined],
    ["its metric in another case", { except: { metrics: ["Sent"] } }, "except.metrics"],
    ["another campaign", { only: { campaigns: [1] } }, "only.campaigns"],
    ["its domain, in any case", { only: { recipientDomains: ["EXAMPLE.org"] } }, undefined],
    [
      "the domain of the person, who is not the recipient",
      { only: { recipientDomains: ["other.org"] } },
      "only.recipientDomains",
    ],
    ["a domain above its own", { except: { recipientDomains: ["org.uk"] } }, undefined],
    ["all but its type", { except: { objectTypes: ["email"] } }, "except.objectTypes"],
    ["all but its domain", { except: { recipientDomains: ["example.org"] } }, "except.recipientDomains"],
    ["all but one of its properties", { except: { campaigns: [99], metrics: ["sent"] } }, "except.metrics"],
    [
      "its type but not its metric",
      { only: { objectTypes: ["email"] }, except: { metrics: ["sent"] } },
      "except.metrics",
    ],
  ])("%s", (_, filters, rule) => {
    expect(filteredBy(sent, eventFilters.parse(filters))).toBe(rule);
  });

  test.each([
    ["followed", { only: { objectTypes: ["email"], campaigns: [1] } }, undefined],
    ["followed", { except: { objectTypes: ["email"] } }, undefined],
    ["followed", { except: { objectTypes: ["verify"] } }, "except.objectTypes"],
    ["filtered", {}, "verify"],
  ] as const)("an operator's verification (%s) with %j", (metric, filters, rule) => {
    const verification = verificationEvent("id", new Date(), metric);
    expect(filteredBy(verification, eventFilters.parse(filters))).toBe(rule);
  });

  test("what an event lacks is in no list", () => {
    const bare = event({ data: null });
    for (const name of ["campaigns", "recipientDomains"]) {
      const list = { campaigns: [1], recipientDomains: ["example.org"] }[name];
      expect(filteredBy(bare, eventFilters.parse({ only: { [name]: list } }))).toBe(`only.${name}`);
      expect(filteredBy(bare, eventFilters.parse({ except: { [name]: list } }))).toBeUndefined();
    }
  });

  test("the person's address stands in for that of a message that names none", () => {
    const filters = eventFilters.parse({ except: { recipientDomains: ["example.org"] } });
    const of = (data: object) => filteredBy(event({ data }), filters);
    expect(of({ identifiers: { email: "ada@example.org" } })).toBe("except.recipientDomains");
    expect(of({ email_address: "ada@example.org" })).toBe("except.recipientDomains");
    expect(of({ recipient: "+15550100", identifiers: { email: null } })).toBeUndefined();
    expect(of({ recipient: "https://example.org/@ada" })).toBeUndefined();
  });

  describe("what can't be read may be in any list, so the event passes, and is counted", () => {
    test.each<[string, object, object]>([
      ["no object type", { metric: "sent" }, { objectTypes: ["email"] }],
      ["an object type that is no text", { object_type: 7, metric: "sent" }, { objectTypes: ["7"] }],
      ["no metric", { object_type: "email" }, { metrics: ["sent"] }],
      ["a metric that is no text", { object_type: "email", metric: ["sent"] }, { metrics: ["sent"] }],
      [
        "a campaign without a text form",
        JSON.parse('{"data":{"campaign_id":{"toString":null,"valueOf":null}}}'),
        { campaigns: [1] },
      ],
      ["a campaign that is a list", { data: { campaign_id: [1] } }, { campaigns: [1] }],
      [
        "an address that is none",
        { data: { recipient: "ada at@ example.org" } },
        { recipientDomains: ["example.org"] },
      ],
      [
        "one address of two that is none",
        { data: { recipient: "ada@example.org, @" } },
        { recipientDomains: ["a.org"] },
      ],
      [
        "an e-mail to no address",
        { object_type: "email", data: { recipient: "Ada" } },
        { recipientDomains: ["a.org"] },
      ],
      ["a recipient that is an object", { data: { recipient: { to: "a@a.org" } } }, { recipientDomains: ["a.org"] }],
    ])("%s", (_, more, list) => {
      for (const filters of [{ only: list }, { except: list }]) {
        expect(judge(event(more), eventFilters.parse(filters))).toEqual({ rule: undefined, unread: true });
      }
    });

    test("but what no list asks for is not looked at, and another list still holds", () => {
      const odd = event({ object_type: 7, metric: "sent" });
      expect(judge(odd, {})).toEqual({ rule: undefined, unread: false });
      expect(judge(odd, { only: { objectTypes: ["email"], metrics: ["opened"] } })).toEqual({
        rule: "only.metrics",
        unread: true,
      });
    });
  });

  describe("go by the subscription that an event came by", () => {
    const person = { customer_id: "42", email_address: "ada@example.org", identifiers: { id: "42" } };
    const ofPerson: [string, object][] = [
      ["unsubscribed by the link of an e-mail", { object_type: "email", metric: "unsubscribed", data: person }],
      [
        "preferences without an object type",
        { object_type_type: "email", metric: "cio_subscription_preferences_changed", data: person },
      ],
      [
        "preferences by another spelling",
        { object_type: "push", metric: "subscription_preferences_changed", data: person },
      ],
      ["subscribed by SMS", { object_type: "sms", metric: "subscribed", data: { ...person, email_address: null } }],
      ["unsubscribed by an operator", { object_type: "customer", metric: "unsubscribed", data: person }],
      ["unsubscribed without an object type", { metric: "unsubscribed", data: person }],
    ];
    test.each(ofPerson)("%s is a customer's event", (_, more) => {
      expect(filteredBy(event(more), { only: { objectTypes: ["customer"] } })).toBeUndefined();
      expect(filteredBy(event(more), { except: { objectTypes: ["customer"] } })).toBe("except.objectTypes");
      expect(filteredBy(event(more), { except: { objectTypes: ["email", "sms", "push"] } })).toBeUndefined();
    });

    test.each(ofPerson)("%s is a customer's event in any case too", (_, more) => {
      const { object_type: type, metric }: { object_type?: string; metric?: string } = more;
      const upper = (value: unknown) => (typeof value === "string" ? ` ${value.toUpperCase()}` : value);
      const shouted = event({ ...more, object_type: upper(type), metric: upper(metric) });
      expect(filteredBy(shouted, { only: { objectTypes: ["CUSTOMER"] } })).toBeUndefined();
      expect(filteredBy(shouted, { only: { metrics: [String(metric)] } })).toBeUndefined();
      expect(filteredBy(shouted, { except: { metrics: [String(upper(metric))] } })).toBe("except.metrics");
    });

    test("an unsubscription that a delivery belongs to is the message's event", () => {
      const data = { delivery_id: "d1", recipient: "ada@example.org", subject: "Hello" };
      const unsubscribed = event({ object_type: "email", metric: "unsubscribed", data });
      expect(filteredBy(unsubscribed, { only: { objectTypes: ["email"] } })).toBeUndefined();
      expect(filteredBy(unsubscribed, { only: { objectTypes: ["customer"] } })).toBe("only.objectTypes");
    });

    test.each(["cio_subscription_preferences_changed", "subscription_preferences_changed"])(
      "a change of preferences is found by either spelling: %s",
      (metric) => {
        const changed = event({ object_type: "customer", metric });
        for (const spelling of ["cio_subscription_preferences_changed", "subscription_preferences_changed"]) {
          expect(filteredBy(changed, { only: { metrics: [spelling] } })).toBeUndefined();
        }
        expect(filteredBy(changed, { only: { metrics: ["subscribed"] } })).toBe("only.metrics");
      },
    );
  });

  describe("domains", () => {
    const of = (recipient: unknown) => event({ object_type: "email", data: { recipient } });
    test.each([
      "Ada Lovelace <ada@corp.example>",
      "bob@example.org, ada@corp.example",
      "bob@example.org; QA Team <qa@corp.example>",
      '"corp, inc." <ada@corp.example>',
      '"ada, l"@corp.example',
      "mailto:ada@corp.example",
      "ADA@CORP.EXAMPLE.",
      ["bob@example.org", "ada@corp.example"],
      "bob@example.org ada@corp.example",
      "Ada ada@corp.example",
      "team: bob@example.org, ada@corp.example;",
      "Ada (bob@example.org, home) <ada@corp.example>",
      'bob"@example.org, Ada <ada@corp.example>',
      "broken@, ada@corp.example",
      ["broken@", "ada@corp.example"],
      [7, "ada@corp.example"],
    ])("every address of %j counts", (recipient) => {
      const list = eventFilters.parse({ only: { recipientDomains: ["corp.example"] } }).only;
      expect(filteredBy(of(recipient), { only: list })).toBeUndefined();
      expect(filteredBy(of(recipient), { except: list })).toBe("except.recipientDomains");
    });

    test.each([
      ["an unclosed quote", `@"${'\\"'.repeat(100_000)}`],
      ["brackets", `@${"<".repeat(200_000)}`],
      ["parentheses", `@${"(".repeat(200_000)}`],
      ["commas", "ada@corp.example,".repeat(10_000)],
    ])("a text of any length is read in one pass: %s", (_, recipient) => {
      const filters = eventFilters.parse({ except: { recipientDomains: ["other.example"] } });
      expect(filteredBy(of(recipient), filters)).toBeUndefined();
    });

    test("a display name is no address", () => {
      const filters = eventFilters.parse({ only: { recipientDomains: ["corp.example"] } });
      expect(filteredBy(of('"ada@corp.example" <ada@example.org>'), filters)).toBe("only.recipientDomains");
      expect(filteredBy(of("ada@corp.example <ada@example.org>"), filters)).toBe("only.recipientDomains");
    });

    test.each([
      ["bücher.example", "ada@bücher.example"],
      ["bücher.example", "ada@xn--bcher-kva.example"],
      ["xn--bcher-kva.example", "ada@BÜCHER.example"],
      ["bu\u0308cher.example", "ada@bücher.example"],
    ])("%s is that of %s", (listed, recipient) => {
      const filters = eventFilters.parse({ only: { recipientDomains: [listed] } });
      expect(filteredBy(of(recipient), filters)).toBeUndefined();
    });

    test("a webhook's address and a phone number have none", () => {
      const filters = eventFilters.parse({ only: { recipientDomains: ["example.org"] } });
      for (const recipient of ["https://a:b@example.org/", "+15550100", 15550100, "#ops"]) {
        expect(judge(event({ object_type: "sms", data: { recipient } }), filters)).toEqual({
          rule: "only.recipientDomains",
          unread: false,
        });
      }
    });
  });

  test("an empty list, and what can be no value, are refused; what the catalogue lacks is taken", () => {
    for (const only of [{ metrics: [] }, { metrics: [" "] }, { objectTypes: [7] }, { campaigns: ["12"] }]) {
      expect(eventFilters.safeParse({ only }).success).toBe(false);
    }
    for (const domain of ["ada@example.org", "example", "", "a b.org", "https://example.org"]) {
      expect(eventFilters.safeParse({ only: { recipientDomains: [domain] } }).success).toBe(false);
    }
    expect(eventFilters.parse({ only: { metrics: ["beamed"], objectTypes: ["hologram"] } }).only).toEqual({
      metrics: ["beamed"],
      objectTypes: ["hologram"],
    });
  });

  test("with the same list under only and except, each event goes one way", () => {
    const metrics = fc.subarray(["sent", "opened", "clicked"] as const, { minLength: 1 });
    fc.assert(
      fc.property(metrics, fc.constantFrom("sent", "opened", "clicked", "bounced"), (list, metric) => {
        const only = filteredBy(event({ metric }), eventFilters.parse({ only: { metrics: list } }));
        const except = filteredBy(event({ metric }), eventFilters.parse({ except: { metrics: list } }));
        expect([only, except].filter((rule) => rule === undefined)).toHaveLength(1);
      }),
    );
  });
});

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
  const redacted = (options: object, of: object = data, metric = "sent") =>
    redact(event({ metric, data: of }), personalData.parse(options));

  test("is kept unless something else is asked for", () => {
    const { event: same, redacted: by } = redacted({});
    expect(same.data).toBe(data);
    expect(by).toEqual([]);
  });

  test("content and headers can be dropped", () => {
    expect(redacted({ content: "drop" })).toEqual({
      event: event({ metric: "sent", data: { ...data, content: null, headers: null } }),
      redacted: ["content"],
    });
  });

  test("the content of a change of preferences is no message, and stays", () => {
    const preferences = { content: '{"topics":{"topic_1":true}}' };
    expect(redacted({ content: "drop" }, preferences, "cio_subscription_preferences_changed").redacted).toEqual([]);
  });

  test("recipients can be hashed or dropped, whatever they are", () => {
    expect(redacted({ recipient: "hash" })).toMatchObject({
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
    expect(redacted({ recipient: "drop" }).event.data).toMatchObject({
      recipient: null,
      to: null,
      recipients: [{ device_id: null, device_platform: "ios" }, "odd"],
    });
  });

  test("e-mail addresses can be hashed wherever they are, as Platform's identity namespace wants them", () => {
    const hash = sha256("ada@example.org");
    expect(redacted({ email: "hash" })).toEqual({
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
    expect(redacted({ email: "drop" }).event.data).toMatchObject({
      recipient: null,
      identifiers: { id: null, email: null, cio_id: "a3" },
      failure_message: "550 5.1.1 <[e-mail]> no such user",
    });
  });

  test("an attribute keeps its name, even if a device has the same one for its id", () => {
    const recipients = [{ device_id: "device_platform", device_platform: "ios" }];
    expect(redacted({ recipient: "drop" }, { recipients }).event.data).toEqual({
      recipients: [{ device_id: null, device_platform: "ios" }],
    });
  });

  test("of an event that has none changes nothing", () => {
    const plain = { identifiers: { id: "u-1" }, recipient: null, recipients: [], content: null };
    const { event: same, redacted: by } = redacted({ content: "drop", email: "hash", recipient: "hash" }, plain);
    expect(same.data).toEqual(plain);
    expect(by).toEqual([]);
  });

  describe("goes by field first", () => {
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

    test("composed and decomposed letters have one hash, which is that of the address alone", () => {
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

    test("of two settings for an e-mail's recipient the stricter one holds", () => {
      const of = { recipient: "ada@example.org" };
      const options = { email: "drop", recipient: "hash" };
      expect(redact(event({ object_type: "email", data: of }), personalData.parse(options)).event.data).toEqual({
        recipient: null,
      });
    });

    test("keys that become the same stay apart, and those of Customer.io are never renamed", () => {
      const of = { identifiers: { email: "recipient" }, recipient: "x", seen: { "a@x.org": 1, "b@x.org": 2 } };
      expect(redact(event({ data: of }), personalData.parse(drop)).event.data).toEqual({
        identifiers: { email: null },
        recipient: "x",
        seen: { "[e-mail]": 1, "[e-mail] 2": 2 },
      });
    });
  });

  test("what is stored is written from what was looked at", () => {
    const policy = eventPolicy.parse({ personalData: { email: "drop" } });
    const stored = (text: string) => {
      const admission = admit(text, policy);
      return admission.kind === "admitted" ? admission.text : admission.kind;
    };
    const twice = '{"event_id":"a","data":{"recipient":"jane@example.org"},"data":{}}';
    expect(stored(twice)).toBe('{"event_id":"a","data":{}}');
    expect(stored('{"event_id":"a","__proto__":{"x":"jane@example.org"}}')).toBe(
      '{"event_id":"a","__proto__":{"x":null}}',
    );
    expect(admit(twice, eventPolicy.parse({}))).toMatchObject({ text: twice });
  });

  test.each(["subscription_preferences_changed", "customer_subscription_preferences_changed", "preferences_updated"])(
    "consent stays whatever the metric is called: %s",
    (metric) => {
      const preferences = { content: '{"topics":{"topic_1":true},"channels":{"sms":false}}' };
      expect(redacted({ content: "drop" }, preferences, metric)).toEqual({
        event: event({ metric, data: preferences }),
        redacted: [],
      });
    },
  );

  test("a message's body goes whatever it looks like, and where no message is expected too", () => {
    const asPreferences = { content: '{"topics":{"topic_1":true}}' };
    const webhook = event({ object_type: "webhook", metric: "sent", data: asPreferences });
    expect(redact(webhook, personalData.parse({ content: "drop" })).event.data).toEqual({ content: null });
    const html = { content: "<p>Dear Ada</p>" };
    expect(redacted({ content: "drop" }, html, "cio_subscription_preferences_changed").event.data).toEqual({
      content: null,
    });
  });

  test.each(samples)(
    "nothing of the sample $name that was to go is left, and the original is as it was",
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

describe("e-mail addresses", () => {
  test.each([
    ["ada@example.org", "ada@example.org"],
    [" Ada.L+x@Mail.Example.ORG\n", "ada.l+x@mail.example.org"],
    ["zoë@exämple.org", "zoë@exämple.org"],
    ["ada@localhost", "ada@localhost"],
    ['"Ada L"@[192.0.2.1]', '"ada l"@[192.0.2.1]'],
    ["jose\u0301@example.org", "josé@example.org"],
    ["राम@example.org", "राम@example.org"],
    ["Ada <ada@example.org>", undefined],
    ["#ops", undefined],
    ["https://u:p@example.org/", undefined],
    [12, undefined],
    [null, undefined],
  ])("%j: %j", (value, address) => {
    expect(emailAddress(value)).toBe(address);
  });

  test.each([
    ["to राम@example.org.", "to [e-mail]."],
    ['550 "jane doe"@example.org unknown', "550 [e-mail] unknown"],
    ["<jane@intranet>: no", "<[e-mail]>: no"],
    ["jose\u0301@example.org", "[e-mail]"],
    ["at jane@[IPv6:2001:db8::1]!", "at [e-mail]!"],
    ["?a=JANE%40EXAMPLE.org&b", "?a=[e-mail]&b"],
    ["3@5, @ada, a@, 12@34", "3@5, @ada, a@, 12@34"],
  ])("within %j", (text, shown) => {
    expect(withoutEmailAddresses(text)).toBe(shown);
  });

  test("of a list are read one by one, and what can't be read is told", () => {
    expect(mailboxesOf("Ada <ADA@example.org>, bob@b.org (Bob); <x@[::1]>")).toEqual({
      addresses: ["ada@example.org", "bob@b.org", "x@[::1]"],
      unreadable: false,
    });
    expect(mailboxesOf("ada@example.org, bob @ b")).toEqual({ addresses: ["ada@example.org"], unreadable: true });
    expect(mailboxesOf('"(x" <a@a.org>, "b, c"@b.org (d, e), "f" g@g.org')).toEqual({
      addresses: ["a@a.org", '"b, c"@b.org', "g@g.org"],
      unreadable: false,
    });
    expect(domainOf("ada@bücher.example")).toBe("xn--bcher-kva.example");
  });

  test("a text is searched in time that grows with its length alone", () => {
    const texts = ["a".repeat(1_000_000), "a@".repeat(500_000), `${"a.".repeat(500_000)}@`, "a@b-".repeat(250_000)];
    for (const text of texts) expect(withoutEmailAddresses(text)).toBe(text);
  });

  test("are told as a whole, and found within any text", () => {
    const around = fc.stringMatching(/^[ <>(),;:"'=?&/\n]{1,20}$/);
    const address = fc.stringMatching(/^[a-z0-9._+-]{1,30}@[a-z0-9-]{1,20}\.[a-z]{2,6}$/);
    fc.assert(
      fc.property(around, address, around, (before, address, after) => {
        expect(emailAddress(address)).toBe(address);
        expect(withoutEmailAddresses(before + address + after)).toBe(`${before}[e-mail]${after}`);
      }),
    );
    fc.assert(
      fc.property(fc.emailAddress({ size: "small" }), (address) =>
        expect(emailAddress(address)).toBe(address.toLowerCase()),
      ),
    );
  });
});
