import { classifyText } from "../../../../relay/core/event/classify.ts";
import { metricsByObjectType, subscriptionName } from "../../src/events/catalogue.ts";
import { largeEmail, samples } from "../../src/events/samples.ts";

/** The sample of that name, as JSON. */
function sample(name: string): string {
  return JSON.stringify(samples.find((each) => each.name === name)?.event);
}

describe("samples", () => {
  test("has Adobe's tutorial sample verbatim", () => {
    expect(sample("tutorial")).toBe(
      '{"event_id":"01E4C4CT6YDC7Y5M7FE1GWWPQJ","object_type":"customer","metric":"subscribed","timestamp":1613063089,"data":{"customer_id":"42","email_address":"test@example.com","identifiers":{"id":"42","email":"test@example.com","cio_id":"d9c106000001"}}}',
    );
  });

  test("has an event of every object type", () => {
    expect(new Set(samples.map(({ event }) => event.object_type))).toEqual(new Set(Object.keys(metricsByObjectType)));
  });

  test("has each name and event id once", () => {
    expect(new Set(samples.map(({ name }) => name)).size).toBe(samples.length);
    expect(new Set(samples.map(({ event }) => event.event_id)).size).toBe(samples.length);
  });

  test("has the events that behave unlike the rest", () => {
    expect(sample("preferences")).toContain("topics");
    expect(sample("test")).toContain('"identifiers"');
    expect(sample("test")).not.toContain("cio_id");
  });

  test.each(samples.map(({ name, event }) => [name, event] as const))("%s is an event of the catalogue", (_, event) => {
    expect(classifyText(JSON.stringify(event))).toMatchObject({ kind: "event", id: event.event_id, event });
    expect(subscriptionName(event)).toBeDefined();
    expect(event.event_id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  });

  test("names no real person", () => {
    const domains = JSON.stringify(samples).matchAll(/[@/]([a-z.]+\.[a-z]+)/g);
    for (const [, domain] of domains) expect(domain).toMatch(/(^|\.)example\.(org|com)$/);
    for (const [number] of JSON.stringify(samples).matchAll(/\+\d+/g)) expect(number).toMatch(/^\+155501\d\d$/);
  });
});

describe("largeEmail", () => {
  test.each([0, 1, 61, 65_536, 1_500_000])("has content of %d bytes", (bytes) => {
    expect(Buffer.byteLength(largeEmail(bytes).data?.content ?? "missing")).toBe(bytes);
  });

  test("is an event that reports a sent e-mail with its headers", () => {
    const event = largeEmail(10);
    expect(classifyText(JSON.stringify(event))).toMatchObject({ kind: "event", id: event.event_id, event });
    expect(subscriptionName(event)).toBe("email_sent");
    expect(Object.keys(event.data?.headers ?? {})).toEqual(["X-Letter", "List-Unsubscribe"]);
    expect(JSON.stringify(event).length).toBeLessThan(1_024);
  });
});
