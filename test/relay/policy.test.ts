import { createHash } from "node:crypto";
import fc from "fast-check";
import { samples } from "../../events/samples.ts";
import { verificationEvent } from "../../events/verification.ts";
import { emailAddress, withoutEmailAddresses } from "../../relay/core/email-address.ts";
import { filteredBy } from "../../relay/core/filter.ts";
import { eventFilters, personalData } from "../../relay/core/policy.ts";
import { redact } from "../../relay/core/redact.ts";

const event = (more: object = {}) => ({ event_id: "a", timestamp: 1, ...more });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("filters", () => {
  const sent = event({
    object_type: "email",
    metric: "sent",
    data: { campaign_id: 12, recipient: "Ada@Example.org", identifiers: { email: "ada@other.org" } },
  });
  test.each([
    ["nothing", {}, undefined],
    ["its type", { only: { objectTypes: ["email", "sms"] } }, undefined],
    ["another type", { only: { objectTypes: ["sms"] } }, "only.objectTypes"],
    ["its type, but not its metric", { only: { objectTypes: ["email"], metrics: ["opened"] } }, "only.metrics"],
    ["its campaign", { only: { campaigns: [1, 12] } }, undefined],
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
    for (const name of ["objectTypes", "metrics", "campaigns", "recipientDomains"]) {
      const list = { objectTypes: ["email"], metrics: ["sent"], campaigns: [1], recipientDomains: ["example.org"] }[
        name
      ];
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

  test("an empty list, and what Customer.io does not have, are refused", () => {
    for (const only of [{ metrics: [] }, { metrics: ["opend"] }, { objectTypes: ["mail"] }, { campaigns: ["12"] }]) {
      expect(eventFilters.safeParse({ only }).success).toBe(false);
    }
    expect(eventFilters.safeParse({ only: { recipientDomains: ["ada@example.org"] } }).success).toBe(false);
  });

  test("with the same list under only and except, each event goes one way", () => {
    const metrics = fc.subarray(["sent", "opened", "clicked"] as const, { minLength: 1 });
    fc.assert(
      fc.property(metrics, fc.constantFrom("sent", "opened", "clicked", "bounced", undefined), (list, metric) => {
        const only = filteredBy(event({ metric }), eventFilters.parse({ only: { metrics: list } }));
        const except = filteredBy(event({ metric }), eventFilters.parse({ except: { metrics: list } }));
        expect([only, except].filter((rule) => rule === undefined)).toHaveLength(1);
      }),
    );
  });
});

describe("personal data", () => {
  const data = {
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

  test("of an event that has none changes nothing", () => {
    const plain = { identifiers: { id: "u-1" }, recipient: null, recipients: [], content: null };
    const { event: same, redacted: by } = redacted({ content: "drop", email: "hash", recipient: "hash" }, plain);
    expect(same.data).toBe(plain);
    expect(by).toEqual([]);
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
      expect(after.data?.recipient ?? null).toBeNull();
      expect(JSON.stringify(event)).toBe(before);
    },
  );
});

describe("e-mail addresses", () => {
  test.each([
    ["ada@example.org", "ada@example.org"],
    [" Ada.L+x@Mail.Example.ORG\n", "ada.l+x@mail.example.org"],
    ["zoë@exämple.org", "zoë@exämple.org"],
    ["ada@localhost", undefined],
    ["Ada <ada@example.org>", undefined],
    ["#ops", undefined],
    ["https://u:p@example.org/", undefined],
    [12, undefined],
    [null, undefined],
  ])("%j: %j", (value, address) => {
    expect(emailAddress(value)).toBe(address);
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
