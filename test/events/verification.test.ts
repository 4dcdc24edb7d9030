import fc from "fast-check";
import { identityFields } from "../../events/identity-map.ts";
import { verificationEvent, verificationId, verificationTime } from "../../events/verification.ts";
import { metricsByObjectType } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { blobName } from "../../relay/core/blob-name.ts";
import { classifyText } from "../../relay/core/event/classify.ts";

const now = new Date("2026-11-20T10:00:01.234Z");

test("an id shows by its prefix that it is a verification, and by its middle when it was created", () => {
  expect(verificationId(now, "0a1b2c3d")).toBe("customerio-aep-verify-20261120T100001Z-0a1b2c3d");
  const times = fc.date({ min: new Date("2000-01-01"), max: new Date("2999-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(times, (time) => {
      const seconds = Math.floor(time.getTime() / 1000) * 1000;
      expect(verificationTime(verificationId(time, "0a1b2c3d"))?.getTime()).toBe(seconds);
    }),
  );
  expect(verificationTime("01J9ZK3M5X8QW2R7T4V6B1N0CA")).toBeUndefined();
});

test("its dead letter can be found by its id", () => {
  const id = verificationId(now, "0a1b2c3d");
  expect(blobName({ id, receivedAt: now.toISOString(), body: "{}" })).toMatch(new RegExp(`^2026/11/20/${id}-`));
});

test("the relay accepts the event; it has a type that Customer.io never sends, and every identifier", () => {
  const event = verificationEvent("id", now, "followed");
  expect(classifyText(JSON.stringify(event))).toMatchObject({ kind: "event", id: event.event_id, event });
  expect(Object.keys(metricsByObjectType)).not.toContain(event.object_type);
  expect(event).toEqual({
    event_id: "id",
    object_type: "verify",
    metric: "followed",
    timestamp: 1_795_168_801,
    data: {
      customer_id: "customerio-aep-verify",
      identifiers: {
        id: "customerio-aep-verify",
        email: "verify@customerio-aep.invalid",
        cio_id: "customerio-aep-verify",
        phone: "+12025550100",
      },
    },
  });
  // Any of them may be the schema's primary identity, without which Platform refuses every record.
  expect(Object.keys(event.data?.identifiers ?? {}).sort()).toEqual([...identityFields].sort());
});
