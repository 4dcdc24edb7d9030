import * as pulumi from "@pulumi/pulumi";
import { createEventMapping } from "../../components/platform/event-mapping.ts";
import { readStackSettings } from "../../components/settings/settings.ts";
import { argumentWords } from "../../settings/setting-words.ts";
import { mistakesOf, pair } from "./mapping-settings.ts";
import { configure } from "./stack.ts";

const iso = "\"yyyy-MM-dd'T'HH:mm:ss.SSSX\"";
/** The same between a shell's single quotes. */
const isoInShell = "\"yyyy-MM-dd'\\''T'\\''HH:mm:ss.SSSX\"";

test.each<[string, object, string]>([
  [
    "a field without the tenant's prefix",
    pair("email", { source: "metric" }),
    'mapping.set[0].destination is invalid: the schema has no field "email". ' +
      "Perhaps: npx pulumi config set --path 'mapping.set[0].destination' _acme.customerio.email",
  ],
  [
    "a misspelled field",
    pair("customerio.emial", { source: "metric" }),
    'mapping.set[0].destination is invalid: the schema has no field "_acme.customerio.emial". ' +
      "Perhaps: npx pulumi config set --path 'mapping.set[0].destination' _acme.customerio.email",
  ],
  [
    "another tenant's field",
    pair("_other.customerio.email", { source: "metric" }),
    'mapping.set[0].destination is invalid: the schema has no field "_other.customerio.email". ' +
      "Perhaps: npx pulumi config set --path 'mapping.set[0].destination' _acme.customerio.email",
  ],
  [
    "a field that no schema could have",
    pair("a..b", { source: "metric" }),
    "mapping.set[0].destination is invalid: \"a..b\" is not a path. Set it: npx pulumi config set --path 'mapping.set[0].destination' <value>",
  ],
  [
    "an object as a field",
    pair("customerio", { source: "metric" }),
    "mapping.set[0].source is invalid: metric gives a text, but the field takes an object (_acme.customerio). " +
      "Set it: npx pulumi config set --path 'mapping.set[0].source' <value>",
  ],
  [
    "an object as an attribute",
    pair("eventType", { source: "data.identifiers" }),
    'mapping.set[0].source is invalid: "data.identifiers" is an object; name one of its attributes: id, email, cio_id, phone. ' +
      "Perhaps: npx pulumi config set --path 'mapping.set[0].source' data.identifiers.id",
  ],
  [
    "an expression as a source",
    pair("eventType", { source: "lower(metric)" }),
    'mapping.set[0].source is invalid: "lower(metric)" is not an attribute; a calculated value is an expression. ' +
      "Perhaps: npx pulumi config rm --path 'mapping.set[0].source' && npx pulumi config set --path 'mapping.set[0].expression' 'lower(metric)'",
  ],
  [
    "an expression that can't be read",
    pair("eventType", { expression: "lower(metric" }),
    'mapping.set[0].expression is invalid: This expression can\'t be parsed: Expected ")" instead of the end. ' +
      "Set it: npx pulumi config set --path 'mapping.set[0].expression' <value>",
  ],
  [
    "an expression that is too long",
    pair("eventType", { expression: `"${"x".repeat(4095)}"` }),
    "mapping.set[0].expression is invalid: This expression can't be parsed: An expression may have at most 4096 characters, not 4097. " +
      "Set it: npx pulumi config set --path 'mapping.set[0].expression' <value>",
  ],
  [
    "a reserved word",
    pair("timestamp", { expression: `dformat(timestamp * 1000, ${iso})` }),
    "mapping.set[0].expression is invalid: This expression can't be parsed: timestamp is a reserved word: write ${timestamp} for the field of that name. " +
      "Set it: npx pulumi config set --path 'mapping.set[0].expression' <value>",
  ],
  [
    "a misspelled function",
    pair("eventType", { expression: "lowre(metric)" }),
    "mapping.set[0].expression is invalid: There is no function lowre; did you mean lower? " +
      "Set it: npx pulumi config set --path 'mapping.set[0].expression' <value>",
  ],
  [
    "too many arguments",
    pair("eventType", { expression: "lower(metric, object_type)" }),
    "mapping.set[0].expression is invalid: The function lower takes 1 argument, not 2: lower(INPUT). " +
      "Set it: npx pulumi config set --path 'mapping.set[0].expression' <value>",
  ],
  [
    "a misspelled attribute in an expression",
    pair("eventType", { expression: "lower(metrci)" }),
    'mapping.set[0].expression is invalid: events have no attribute "metrci"; did you mean metric? If Customer.io does ' +
      'send it, check for it first: iif(contains_key("metrci"), lower(metrci), nullify()). ' +
      "Set it: npx pulumi config set --path 'mapping.set[0].expression' <value>",
  ],
  [
    "seconds in a date",
    pair("timestamp", { source: "timestamp" }),
    "mapping.set[0].source is invalid: timestamp gives a count of seconds since 1970, but the field takes a date and time (timestamp). " +
      "Perhaps: npx pulumi config rm --path 'mapping.set[0].source' && npx pulumi config set --path 'mapping.set[0].expression' " +
      `'dformat(\${timestamp} * 1000, ${isoInShell})'`,
  ],
  [
    "seconds in a date, by an expression",
    pair("timestamp", { expression: "coalesce(${timestamp}, null)" }),
    "mapping.set[0].expression is invalid: it gives a count of seconds since 1970, but the field takes a date and time (timestamp). " +
      `Perhaps: npx pulumi config set --path 'mapping.set[0].expression' 'dformat(coalesce(\${timestamp}, null) * 1000, ${isoInShell})'`,
  ],
  [
    "milliseconds in a date",
    pair("timestamp", { expression: "${timestamp} * 1000" }),
    "mapping.set[0].expression is invalid: it gives a count of milliseconds since 1970, but the field takes a date and time (timestamp). " +
      `Perhaps: npx pulumi config set --path 'mapping.set[0].expression' 'dformat(\${timestamp} * 1000, ${isoInShell})'`,
  ],
  [
    "seconds for dformat",
    pair("timestamp", { expression: `dformat(\${timestamp}, ${iso})` }),
    "mapping.set[0].expression is invalid: dformat takes milliseconds since 1970, but gets seconds: multiply them, as in dformat(${timestamp} * 1000, …). " +
      "Set it: npx pulumi config set --path 'mapping.set[0].expression' <value>",
  ],
  [
    "a count for date",
    pair("timestamp", { expression: "date(${timestamp})" }),
    "mapping.set[0].expression is invalid: date takes a text, not a count; format seconds since 1970 with dformat(${timestamp} * 1000, …). " +
      "Set it: npx pulumi config set --path 'mapping.set[0].expression' <value>",
  ],
  [
    "a text for format",
    pair("eventType", { expression: "format(relay.occurred_at, 'yyyy')" }),
    "mapping.set[0].expression is invalid: format takes a date, but gets a date as text: parse it first, with date(…). " +
      "Set it: npx pulumi config set --path 'mapping.set[0].expression' <value>",
  ],
  [
    "a text in a number",
    pair("customerio.campaign_id", { source: "data.customer_id" }),
    "mapping.set[0].source is invalid: data.customer_id gives a text, but the field takes a whole number (_acme.customerio.campaign_id). " +
      "Perhaps: npx pulumi config rm --path 'mapping.set[0].source' && npx pulumi config set --path 'mapping.set[0].expression' 'to_integer(data.customer_id)'",
  ],
  [
    "a text in a boolean",
    pair("customerio.machine", { expression: "iif(metric.equals('clicked'), 'yes', null)" }),
    "mapping.set[0].expression is invalid: it gives a text, but the field takes true or false (_acme.customerio.machine). " +
      "Set it: npx pulumi config set --path 'mapping.set[0].expression' <value>",
  ],
  [
    "a list in a text",
    pair("eventType", { source: "relay.topics" }),
    "mapping.set[0].source is invalid: relay.topics gives a list of texts, but the field takes a text (eventType). " +
      "Perhaps: npx pulumi config rm --path 'mapping.set[0].source' && npx pulumi config set --path 'mapping.set[0].expression' 'array_to_string(\",\", relay.topics)'",
  ],
  [
    "a text in an identity map",
    pair("identityMap", { source: "data.identifiers.email" }),
    "mapping.set[0].source is invalid: data.identifiers.email gives a text, but the field takes an object (identityMap). " +
      "Set it: npx pulumi config set --path 'mapping.set[0].source' <value>",
  ],
  [
    "a field that is set twice, in two spellings",
    {
      set: [
        { destination: "customerio.email", source: "data.recipient" },
        { destination: "_acme.customerio.email", source: "data.email_address" },
      ],
    },
    'mapping.set[1] is invalid: "_acme.customerio.email" is set by mapping.set[0] already, and a field can have only one value. ' +
      "Remove it: npx pulumi config rm --path 'mapping.set[1]'",
  ],
  [
    "a field that is set and removed",
    { set: [{ destination: "customerio.email", source: "data.recipient" }], remove: ["customerio.email"] },
    'mapping.remove[0] is invalid: "customerio.email" is set by mapping.set[0], which replaces the automatic mapping anyway. ' +
      "Remove it: npx pulumi config rm --path 'mapping.remove[0]'",
  ],
  [
    "a removal of what is not mapped",
    { remove: ["customerio.emial"] },
    'mapping.remove[0] is invalid: the automatic mapping does not fill "customerio.emial". ' +
      "Perhaps: npx pulumi config set --path 'mapping.remove[0]' _acme.customerio.email",
  ],
  [
    "a removal of what Platform requires",
    { remove: ["customerio.content", "timestamp"] },
    'mapping.remove[1] is invalid: nothing is mapped to "timestamp", without which Platform refuses every record. ' +
      "Remove it: npx pulumi config rm --path 'mapping.remove[1]'",
  ],
  [
    "neither source nor expression",
    pair("eventType", {}),
    "mapping.set[0].source is invalid: it is missing, and there is no expression either. " +
      "Set it: npx pulumi config set --path 'mapping.set[0].source' <value>",
  ],
  [
    "both source and expression",
    pair("eventType", { source: "metric", expression: "metric" }),
    "mapping.set[0].source is invalid: it is set together with an expression; set only one of them. Remove it: npx pulumi config rm --path 'mapping.set[0].source'",
  ],
  [
    "an unknown part of the setting",
    { add: [] },
    "mapping.add is invalid: unknown name; the known ones are identifiers, set and remove. Remove it: npx pulumi config rm --path 'mapping.add'",
  ],
  [
    "unknown identifiers",
    { identifiers: "email" },
    "mapping.identifiers is invalid: it must be all, or id for a workspace that identifies people by id alone. " +
      "Set it: npx pulumi config set --path 'mapping.identifiers' <value>",
  ],
])("%s is reported", (_, mapping, line) => {
  expect(mistakesOf(mapping)).toEqual([line]);
});

test("all mistakes are reported at once", () => {
  const mapping = {
    set: [
      { destination: "email", source: "data.identifiers" },
      { destination: "eventType", expression: "now(1)" },
    ],
    remove: ["_id"],
  };
  expect(mistakesOf(mapping).map((line) => line.split(" is invalid")[0])).toEqual([
    "mapping.set[0].destination",
    "mapping.set[0].source",
    "mapping.set[1].expression",
    "mapping.remove[0]",
  ]);
});

test.each<[object, string]>([
  [{ remove: ["customerio.email"] }, "mapping.remove[0]"],
  [{ identifiers: "id" }, "mapping.identifiers"],
])("an empty primary identity is reported: %j", (mapping, path) => {
  expect(mistakesOf(mapping, { primaryIdentity: "_acme.customerio.email" })).toEqual([
    expect.stringContaining(
      `${path} is invalid: nothing is mapped to "_acme.customerio.email", which is the schema's primary identity: Platform refuses every record without it.`,
    ),
  ]);
});

test("mistakes in a program's arguments are not called mistakes in the stack's settings", () => {
  configure();
  const settings = readStackSettings(new pulumi.Config("customerio-aep"));
  const mapping = { ...settings.mapping, remove: ["nothing"] };
  expect(() => createEventMapping({ ...settings, mapping }, { tenantId: "acme" }, argumentWords)).toThrow(
    /^The arguments can't be used:\n {2}- mapping\.remove\[0\] is invalid: /,
  );
});
