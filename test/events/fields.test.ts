import { eventFields } from "../../events/fields.ts";

/** What Data Prep reserves in source paths (Adobe's functions.md). */
const reservedWords =
  "new mod or break var lt for false while eq gt div not null continue else and ne true le if ge return _errors do function empty size";

const names = eventFields.map(({ name }) => name);

describe("eventFields", () => {
  test("has the seven fields of Adobe's tutorial, at their sources", () => {
    const tutorial = eventFields.filter((field) => field.tutorial);
    expect(tutorial.map(({ name, source, type }) => [name, source, type])).toEqual([
      ["object_type", "object_type", "string"],
      ["id", "data.identifiers.id", "string"],
      ["email", "data.identifiers.email", "string"],
      ["event_id", "event_id", "string"],
      ["cio_id", "data.identifiers.cio_id", "string"],
      ["metric", "metric", "string"],
      ["timestamp", "timestamp", "long"],
    ]);
  });

  test("has the other fields of the catalogue", () => {
    expect(names.slice(7)).toEqual([
      "customer_id",
      "email_address",
      "phone",
      "delivery_id",
      "campaign_id",
      "action_id",
      "parent_action_id",
      "journey_id",
      "trigger_event_id",
      "broadcast_id",
      "trigger_id",
      "newsletter_id",
      "content_id",
      "transactional_message_id",
      "recipient",
      "subject",
      "content",
      "failure_message",
      "href",
      "link_id",
      "tracked_response",
      "machine",
      "proxied",
      "prefetched",
      "synthetic",
      "inbound_event_id",
      "to",
      "device_platforms",
      "device_ids",
      "device_failures",
      "topics",
      "topics_off",
      "channels",
      "channels_off",
      "headers",
      "received_at",
      "origin",
      "unmapped",
      "unknown",
    ]);
  });

  test("has each name, source and title once", () => {
    for (const key of ["name", "source", "title"] as const) {
      expect(new Set(eventFields.map((field) => field[key])).size).toBe(eventFields.length);
    }
  });

  test.each(names)("%s is a name that the Schema Registry accepts", (name) => {
    expect(name).toMatch(/^[A-Za-z0-9-][A-Za-z0-9_-]*$/);
  });

  test.each(eventFields.map(({ source }) => source))("%s is a path that Data Prep reads unchanged", (source) => {
    for (const step of source.split(".")) {
      expect(step).toMatch(/^[a-z][a-z_]*$/);
      expect(reservedWords.split(" ")).not.toContain(step);
    }
  });

  test("explains every field in whole sentences", () => {
    for (const { title, description } of eventFields) {
      expect(title).toMatch(/^[A-Z]/);
      expect(description).toMatch(/^[A-Z].*\.$/);
    }
  });
});
