import { Ajv2020 } from "ajv/dist/2020.js";
import { type EventFieldType, eventFields } from "../../../../events/fields.ts";
import { metricsByObjectType, subscriptionName, subscriptionNames } from "../../src/events/catalogue.ts";
import type { DocumentedEvent } from "../../src/events/event.ts";
import { largeEmail, samples } from "../../src/events/samples.ts";
import { customerIoSpec, describeWithSpecs } from "./customerio-specs.ts";

type JsonSchema = {
  $ref?: string;
  type?: string | string[];
  enum?: string[];
  allOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
};
type OpenApi = { components?: { schemas?: Record<string, JsonSchema> } };

const appApi = customerIoSpec("app-reporting-webhooks.yaml") as OpenApi;
const webhooks = customerIoSpec("reporting-webhooks.json") as OpenApi;
const schemas = webhooks.components?.schemas ?? {};

/** Where the payload's description and the list of subscriptions disagree. */
const mismatches = {
  /** Subscriptions without a described payload. */
  undescribed: ["email_deferred", "sms_dropped", "slack_converted", "webhook_converted"],
  /** A described payload without a subscription. */
  unsubscribable: ["slack_undeliverable"],
  /** Its description has the metric of `push_attempted`. */
  wrongMetric: "push_drafted",
};

/** The name of the payload's description for a subscription. */
function schemaName(subscription: string): string {
  const changeOfPreferences = "customer_subscription_preferences_changed";
  if (subscription === changeOfPreferences) return "person_cio_subscription_preferences_changed";
  return subscription.replace(/^customer_/, "person_");
}

/** The schema with references followed and all alternatives side by side. */
function parts(schema: JsonSchema): JsonSchema[] {
  const name = schema.$ref?.split("/").at(-1);
  const referred = name === undefined ? undefined : schemas[name];
  return [
    schema,
    ...[...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(referred ? [referred] : [])].flatMap(parts),
  ];
}

/** The schema's properties by dot path, objects entered, with the types that each may have. */
function leaves(schema: JsonSchema, path: string): [string, string[]][] {
  const all = parts(schema);
  const properties = all.flatMap((part) => Object.entries(part.properties ?? {}));
  if (properties.length === 0) return [[path, all.flatMap(({ type }) => type ?? [])]];
  return properties.flatMap(([name, property]) => leaves(property, path === "" ? name : `${path}.${name}`));
}

describeWithSpecs("the App API's description", () => {
  test("has the names of the catalogue, in its order", () => {
    expect(subscriptionNames).toEqual(appApi.components?.schemas?.EventName?.enum);
  });
});

describeWithSpecs("the reporting webhooks' description", () => {
  const described = Object.entries(schemas)
    .filter(([name]) => name.endsWith("_event"))
    .flatMap(([, { oneOf }]) => oneOf ?? [])
    .flatMap(({ $ref }) => $ref?.split("/").at(-1) ?? []);

  test("describes the payloads of the catalogue", () => {
    const expected = subscriptionNames.filter((name) => !mismatches.undescribed.includes(name)).map(schemaName);
    expect(new Set(described)).toEqual(new Set([...expected, ...mismatches.unsubscribable]));
  });

  test("has the object types of the catalogue", () => {
    const common = schemas.customer_event_common?.properties?.object_type?.enum;
    expect(common).toEqual(Object.keys(metricsByObjectType));
  });

  const pairs = Object.entries(metricsByObjectType)
    .flatMap(([object_type, metrics]) => metrics.map((metric) => ({ object_type, metric })))
    .map((pair) => [subscriptionName(pair) ?? "none", pair.metric] as const)
    .filter(([name]) => !mismatches.undescribed.includes(name));

  test.each(pairs)("has for %s the metric %s", (name, metric) => {
    const stated = parts(schemas[schemaName(name)] ?? {}).flatMap((part) => part.properties?.metric?.enum ?? []);
    expect(stated).toEqual([name === mismatches.wrongMetric ? "attempted" : metric]);
  });

  test("describes the source of every field, with a type that fits, and no property that has no field", () => {
    const fieldTypes: Record<string, EventFieldType> = { string: "string", integer: "long", boolean: "boolean" };
    const typesByPath = Map.groupBy(
      described.flatMap((name) => leaves(schemas[name] ?? {}, "")),
      ([path]) => path,
    );
    const expected: Record<string, string> = Object.fromEntries(
      Array.from(typesByPath, ([path, found]) => {
        const types = new Set(found.flatMap(([, each]) => each).filter((type) => type !== "null"));
        return [path, Array.from(types, (type) => fieldTypes[type] ?? type).join(" or ") || "no type"];
      }),
    );
    const actual = Object.fromEntries(eventFields.map(({ source, type }) => [source, type]));

    // No source describes it for events; the App API has it as a way to identify people.
    const { "data.identifiers.phone": phone, ...others } = actual;
    expect(phone).toBe("string");
    const ofCustomerIo = Object.fromEntries(Object.entries(others).filter(([path]) => !path.startsWith("relay.")));

    // Misspelled there, without a type, and what rows have as lists.
    const { object_type_type, "data.headers": headers, "data.recipients": recipients, ...rest } = expected;
    expect([object_type_type, headers, recipients]).toEqual(["string", "object", "array"]);
    expect(rest["data.transactional_message_id"]).toBe("no type");
    expect(ofCustomerIo).toEqual({ ...rest, "data.transactional_message_id": "string" });
  });
});

describeWithSpecs("samples against the reporting webhooks' description", () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ ...webhooks, $id: "customerio" });

  function complaints(event: DocumentedEvent): string[] {
    const name = schemaName(subscriptionName(event) ?? "none");
    const validate = ajv.compile({ $ref: `customerio#/components/schemas/${name}` });
    validate(event);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }

  const cases = [...samples, { name: "large e-mail", event: largeEmail(100) }]
    // Its own test below says why.
    .filter(({ name }) => name !== "preferences")
    .map(({ name, event }) => [name, event] as const);

  test.each(cases)("%s is as described", (_, event) => {
    expect(complaints(event)).toEqual([]);
  });

  test("preferences is as described if a message caused it, which the description requires, contrary to its own text", () => {
    const event = samples.find(({ name }) => name === "preferences")?.event;
    if (event === undefined) throw new Error("The samples have no change of preferences.");
    expect(complaints(event)).toContain("/data must match exactly one schema in oneOf");
    const caused = { ...event, data: { ...event.data, delivery_id: "dgTQ1QQIBAOQ-Zk_7w==", newsletter_id: 40 } };
    expect(complaints(caused)).toEqual([]);
  });
});
