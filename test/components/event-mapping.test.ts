import { eventMappings } from "../../events/mapping.ts";
import { createMapping, mistakesOf, pair } from "./mapping-settings.ts";

describe("an existing schema", () => {
  const text = { type: "string" };
  const definition = {
    type: "object",
    properties: {
      _id: { ...text, "meta:xdmField": "@id" },
      timestamp: { type: "string", format: "date-time", "meta:xdmField": "xdm:timestamp" },
      web: {
        type: "object",
        properties: { url: text, visits: { type: "integer", maximum: 2147483647 } },
        required: ["url"],
      },
      _acme: {
        type: "object",
        properties: {
          mail: {
            type: "object",
            properties: { status: { ...text, enum: ["sent", "opened"] }, at: { type: "string", format: "date" } },
          },
          people: { type: "array", items: { type: "object", properties: { name: text } } },
          score: { type: "number" },
        },
      },
    },
    required: ["@id", "xdm:timestamp"],
  };
  const without = (set: object[]) => mistakesOf({ remove: ["customerio.*"], set }, { definition });

  test("may not lack a field that events fill, unless it is removed", () => {
    const [line, ...others] = mistakesOf({ remove: ["customerio.unmapped"] }, { definition });
    expect(others).toEqual([]);
    expect(line).toMatch(
      /^mapping\.remove\[1\] is invalid: the schema lacks fields that events fill; .*: _acme\.customerio\.object_type, .* Perhaps: npx pulumi config set --path 'mapping\.remove\[1\]' '_acme\.customerio\.\*'$/,
    );
    expect(without([])).toEqual([]);
  });

  test("accepts mappings that fit its fields", () => {
    expect(
      without([
        { destination: "_acme.mail.status", expression: "metric" },
        { destination: "_acme.mail.at", source: "relay.occurred_at" },
        { destination: "_acme.people[0].name", source: "data.identifiers.email" },
        { destination: "_acme.score", source: "data.campaign_id" },
        { destination: "web.url", source: "data.href" },
        { destination: "web.visits", source: "timestamp" },
      ]),
    ).toEqual([]);
  });

  test("refuses mappings that do not fit", () => {
    const lines = without([
      { destination: "_acme.mail.status", expression: '"clicked"' },
      { destination: "_acme.people", source: "relay.topics" },
      { destination: "web.visits", expression: "${timestamp} * 1000" },
      { destination: "_acme.score", source: "metric" },
    ]);
    expect(lines.map((line) => line.replace(/^.*?is invalid: (.*?)\. [A-Z].*$/, "$1"))).toEqual([
      'the field takes only "sent", "opened"',
      "relay.topics gives a list of texts, but the field takes a list, each item an object (_acme.people)",
      "it gives a count of milliseconds since 1970, but the field takes a whole number (web.visits)",
      "metric gives a text, but the field takes a number (_acme.score)",
      'nothing is mapped to "web.url", without which Platform refuses every record',
    ]);
  });

  test("is reported if a field has a type that the automatic mapping does not fit", () => {
    const customerio = {
      type: "object",
      properties: { metric: text, timestamp: text, campaign_id: text, machine: text, email: { type: "integer" } },
    };
    const properties = { ...definition.properties, _acme: { type: "object", properties: { customerio } } };
    const kept = Object.keys(customerio.properties).map((name) => `_acme.customerio.${name}`);
    const removed = eventMappings({ tenantId: "acme", testMode: false })
      .map(({ destination }) => destination)
      .filter((path) => path.startsWith("_acme.") && !kept.includes(path));
    const lines = mistakesOf({ remove: removed }, { definition: { ...definition, properties } });
    expect(lines).toEqual([
      expect.stringContaining(
        '"_acme.customerio.email" is filled with data.identifiers.email, which gives a text, but the field takes a whole number.',
      ),
    ]);
  });
});

describe("the mapping", () => {
  const automatic = eventMappings({ tenantId: "acme", testMode: false });

  test("is the automatic one without settings", () => {
    expect(createMapping({})).toEqual(automatic);
  });

  test("contains the set mappings in place of automatic ones, and lacks removed ones", () => {
    const made = createMapping({
      set: [
        { destination: "eventType", expression: 'concat("customerio.", object_type, ".", metric)' },
        { destination: "customerio.email", expression: "lower(data.identifiers.email)" },
        { destination: "producedBy", source: "data.delivery_id" },
      ],
      remove: ["customerio.content", "_acme.customerio.subject"],
    });
    const without = ["email", "content", "subject"].map((name) => `_acme.customerio.${name}`);
    expect(made).toEqual([
      ...automatic.filter(({ destination }) => !without.includes(destination)),
      { sourceType: "EXPRESSION", source: 'concat("customerio.", object_type, ".", metric)', destination: "eventType" },
      { sourceType: "EXPRESSION", source: "lower(data.identifiers.email)", destination: "_acme.customerio.email" },
      { sourceType: "ATTRIBUTE", source: "data.delivery_id", destination: "producedBy" },
    ]);
  });

  test("a calculated field can test for an attribute that is not known yet", () => {
    const expression = 'iif(contains_key("data.swatch"), data.swatch, nullify())';
    expect(createMapping(pair("eventType", { expression })).at(-1)).toMatchObject({ source: expression });
  });

  test("a whole object can be removed", () => {
    expect(createMapping({ remove: ["customerio.*"] })).toEqual(automatic.slice(0, 2));
  });

  test("of a workspace that identifies people by id alone has no other identifier", () => {
    const other = ["email", "cio_id", "phone"].map((name) => `_acme.customerio.${name}`);
    expect(createMapping({ identifiers: "id" })).toEqual(
      automatic.filter(({ destination }) => !other.includes(destination)),
    );
  });
});

describe("in a workspace that identifies people by id alone, Profile", () => {
  const lacking =
    "  - customerio-aep:profile.identities.id is invalid: it is missing; mapping.identifiers is id, so no event has an identity in another " +
    "namespace. Set it: npx pulumi config set --path profile.identities.id <value>";

  test("needs the namespace of the id, or no event would ever have an identity", () => {
    expect(mistakesOf({ identifiers: "id" }, { identityMap: { email: "Email" } })).toEqual([lacking]);
    expect(mistakesOf({ identifiers: "id" }, { identityMap: { email: "Email", id: "CrmId" } })).toEqual([]);
    expect(mistakesOf({ identifiers: "all" }, { identityMap: { email: "Email" } })).toEqual([]);
    expect(mistakesOf({ identifiers: "id" })).toEqual([]);
  });

  test("may get an identity map of the setting's own", () => {
    const expression = 'to_map("CrmId", to_array(false, to_object("id", data.customer_id, "primary", true)))';
    const mapping = { identifiers: "id", ...pair("identityMap", { expression }) };
    expect(mistakesOf(mapping, { identityMap: { email: "Email" } })).toEqual([]);
  });
});
