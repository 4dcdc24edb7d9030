import fc from "fast-check";
import { verificationEvent } from "../../events/verification.ts";
import { judge } from "../../relay/core/policy/filter.ts";
import { eventFilters } from "../../relay/core/policy/policy.ts";

const event = (more: object = {}) => ({ event_id: "a", timestamp: 1, ...more });
const ruleOf = (of: object, filters: Parameters<typeof judge>[1]) => judge({ ...of }, filters).rule;

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
    const spelled = { ...sent, object_type: objectType, metric };
    for (const rule of [
      { objectTypes: ["eMail"] },
      { metrics: ["sENT"] },
      { objectTypes: ["email"], metrics: ["sent"] },
    ]) {
      expect(ruleOf(spelled, { only: rule })).toBeUndefined();
      expect(ruleOf(spelled, { except: rule })).toMatch(/^except\./);
      expect(ruleOf({ ...spelled, object_type: "Sms", metric: "Opened" }, { only: rule })).toMatch(/^only\./);
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
    expect(ruleOf(sent, eventFilters.parse(filters))).toBe(rule);
  });

  test.each([
    ["followed", { only: { objectTypes: ["email"], campaigns: [1] } }, undefined],
    ["followed", { except: { objectTypes: ["email"] } }, undefined],
    ["followed", { except: { objectTypes: ["verify"] } }, "except.objectTypes"],
    ["filtered", {}, "verify"],
  ] as const)("an operator's verification (%s) with %j", (metric, filters, rule) => {
    const verification = verificationEvent("id", new Date(), metric);
    expect(ruleOf(verification, eventFilters.parse(filters))).toBe(rule);
  });

  test("an attribute that an event lacks matches no list", () => {
    const bare = event({ data: null });
    for (const name of ["campaigns", "recipientDomains"]) {
      const list = { campaigns: [1], recipientDomains: ["example.org"] }[name];
      expect(ruleOf(bare, eventFilters.parse({ only: { [name]: list } }))).toBe(`only.${name}`);
      expect(ruleOf(bare, eventFilters.parse({ except: { [name]: list } }))).toBeUndefined();
    }
  });

  test.each([12, "12", " 12 ", "012", "12.0"])("the campaign %j is the one with the id 12", (campaign_id) => {
    const filters = eventFilters.parse({ except: { campaigns: [12] } });
    expect(judge(event({ data: { campaign_id } }), filters)).toEqual({ rule: "except.campaigns", unread: false });
  });

  test("the person's address is used for a message without a recipient", () => {
    const filters = eventFilters.parse({ except: { recipientDomains: ["example.org"] } });
    const of = (data: object) => ruleOf(event({ data }), filters);
    expect(of({ identifiers: { email: "ada@example.org" } })).toBe("except.recipientDomains");
    expect(of({ email_address: "ada@example.org" })).toBe("except.recipientDomains");
    expect(of({ recipient: "+15550100", identifiers: { email: null } })).toBeUndefined();
    expect(of({ recipient: "https://example.org/@ada" })).toBeUndefined();
  });

  describe("an unreadable value may match any list, so the event passes and is counted", () => {
    test.each<[string, object, object]>([
      ["no object type", { metric: "sent" }, { objectTypes: ["email"] }],
      ["an object type that is not text", { object_type: 7, metric: "sent" }, { objectTypes: ["7"] }],
      ["no metric", { object_type: "email" }, { metrics: ["sent"] }],
      ["a metric that is not text", { object_type: "email", metric: ["sent"] }, { metrics: ["sent"] }],
      [
        "a campaign without a text form",
        JSON.parse('{"data":{"campaign_id":{"toString":null,"valueOf":null}}}'),
        { campaigns: [1] },
      ],
      ["a campaign that is a list", { data: { campaign_id: [1] } }, { campaigns: [1] }],
      ["a campaign that is a text of two", { data: { campaign_id: "1,2" } }, { campaigns: [1] }],
      ["an invalid address", { data: { recipient: "ada at@ example.org" } }, { recipientDomains: ["example.org"] }],
      ["one invalid address of two", { data: { recipient: "ada@example.org, @" } }, { recipientDomains: ["a.org"] }],
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

    test("attributes without a list are not read, and other lists still apply", () => {
      const odd = event({ object_type: 7, metric: "sent" });
      expect(judge(odd, {})).toEqual({ rule: undefined, unread: false });
      expect(judge(odd, { only: { objectTypes: ["email"], metrics: ["opened"] } })).toEqual({
        rule: "only.metrics",
        unread: true,
      });
    });
  });

  describe("use the subscription that sent the event", () => {
    const person = { customer_id: "42", email_address: "ada@example.org", identifiers: { id: "42" } };
    const ofPerson: [string, object][] = [
      ["unsubscribed by the link of an e-mail", { object_type: "email", metric: "unsubscribed", data: person }],
      [
        "unsubscribed, with a blank delivery",
        { object_type: "email", metric: "unsubscribed", data: { ...person, delivery_id: "" } },
      ],
      [
        "unsubscribed, with null as the delivery",
        { object_type: "email", metric: "unsubscribed", data: { ...person, delivery_id: null } },
      ],
      [
        "subscribed by a channel that the catalogue lacks",
        { object_type: "rcs", metric: "subscribed", data: { ...person, email_address: null } },
      ],
      [
        "preferences with a blank object type",
        { object_type: "", object_type_type: "email", metric: "cio_subscription_preferences_changed", data: person },
      ],
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
      expect(ruleOf(event(more), { only: { objectTypes: ["customer"] } })).toBeUndefined();
      expect(ruleOf(event(more), { except: { objectTypes: ["customer"] } })).toBe("except.objectTypes");
      expect(ruleOf(event(more), { except: { objectTypes: ["email", "sms", "push"] } })).toBeUndefined();
    });

    test.each(ofPerson)("%s is a customer's event in any case too", (_, more) => {
      const { object_type: type, metric }: { object_type?: string; metric?: string } = more;
      const upper = (value: unknown) => (typeof value === "string" ? ` ${value.toUpperCase()}` : value);
      const shouted = event({ ...more, object_type: upper(type), metric: upper(metric) });
      expect(ruleOf(shouted, { only: { objectTypes: ["CUSTOMER"] } })).toBeUndefined();
      expect(ruleOf(shouted, { only: { metrics: [String(metric)] } })).toBeUndefined();
      expect(ruleOf(shouted, { except: { metrics: [String(upper(metric))] } })).toBe("except.metrics");
    });

    test("an unsubscription with a delivery is the message's event", () => {
      const data = { delivery_id: "d1", recipient: "ada@example.org", subject: "Hello" };
      const unsubscribed = event({ object_type: "email", metric: "unsubscribed", data });
      expect(ruleOf(unsubscribed, { only: { objectTypes: ["email"] } })).toBeUndefined();
      expect(ruleOf(unsubscribed, { only: { objectTypes: ["customer"] } })).toBe("only.objectTypes");
    });

    test.each(["cio_subscription_preferences_changed", "subscription_preferences_changed"])(
      "a change of preferences is found by either spelling: %s",
      (metric) => {
        const changed = event({ object_type: "customer", metric });
        for (const spelling of ["cio_subscription_preferences_changed", "subscription_preferences_changed"]) {
          expect(ruleOf(changed, { only: { metrics: [spelling] } })).toBeUndefined();
        }
        expect(ruleOf(changed, { only: { metrics: ["subscribed"] } })).toBe("only.metrics");
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
      expect(ruleOf(of(recipient), { only: list })).toBeUndefined();
      expect(ruleOf(of(recipient), { except: list })).toBe("except.recipientDomains");
    });

    test.each([
      ["an unclosed quote", `@"${'\\"'.repeat(100_000)}`],
      ["brackets", `@${"<".repeat(200_000)}`],
      ["parentheses", `@${"(".repeat(200_000)}`],
      ["commas", "ada@corp.example,".repeat(10_000)],
    ])("a text of any length is read in one pass: %s", (_, recipient) => {
      const filters = eventFilters.parse({ except: { recipientDomains: ["other.example"] } });
      expect(ruleOf(of(recipient), filters)).toBeUndefined();
    });

    test("a display name is not an address", () => {
      const filters = eventFilters.parse({ only: { recipientDomains: ["corp.example"] } });
      expect(ruleOf(of('"ada@corp.example" <ada@example.org>'), filters)).toBe("only.recipientDomains");
      expect(ruleOf(of("ada@corp.example <ada@example.org>"), filters)).toBe("only.recipientDomains");
    });

    test.each([
      ["bücher.example", "ada@bücher.example"],
      ["bücher.example", "ada@xn--bcher-kva.example"],
      ["xn--bcher-kva.example", "ada@BÜCHER.example"],
      ["bu\u0308cher.example", "ada@bücher.example"],
      ["例え.example", "ada@例え\u3002example"],
    ])("%s is that of %s", (listed, recipient) => {
      const filters = eventFilters.parse({ only: { recipientDomains: [listed] } });
      expect(judge(of(recipient), filters)).toEqual({ rule: undefined, unread: false });
    });

    test("a webhook's address and a phone number have no domain", () => {
      const filters = eventFilters.parse({ only: { recipientDomains: ["example.org"] } });
      for (const recipient of ["https://a:b@example.org/", "+15550100", 15550100, "#ops"]) {
        expect(judge(event({ object_type: "sms", data: { recipient } }), filters)).toEqual({
          rule: "only.recipientDomains",
          unread: false,
        });
      }
    });
  });

  test("an empty list and impossible values are refused; values that the catalogue lacks are accepted", () => {
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

  test("with the same list under only and except, each event passes exactly one of them", () => {
    const metrics = fc.subarray(["sent", "opened", "clicked"] as const, { minLength: 1 });
    fc.assert(
      fc.property(metrics, fc.constantFrom("sent", "opened", "clicked", "bounced"), (list, metric) => {
        const only = ruleOf(event({ metric }), eventFilters.parse({ only: { metrics: list } }));
        const except = ruleOf(event({ metric }), eventFilters.parse({ except: { metrics: list } }));
        expect([only, except].filter((rule) => rule === undefined)).toHaveLength(1);
      }),
    );
  });
});
