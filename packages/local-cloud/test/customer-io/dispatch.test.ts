import { subscriptionNames } from "../../../pulumi-customerio/src/events/catalogue.ts";
import type { CustomerIoSwitches } from "../../src/customer-io/switches.ts";
import { emailSent, hour, otherWorkspace, TestBed } from "./test-bed.ts";

let bed: TestBed;
afterEach(() => bed.close());

async function start(switches: Partial<CustomerIoSwitches> = {}) {
  bed = await TestBed.start({ switches });
}

describe("which webhook gets which event", () => {
  beforeEach(() => start());

  async function takers(event: object, query = ""): Promise<number[] | undefined> {
    const [happened] = await bed.happen({ events: [event] }, query);
    return happened?.webhooks;
  }

  test("those that subscribed to it", async () => {
    const emails = await bed.subscribe(["email_sent", "email_opened"]);
    const all = await bed.subscribe(subscriptionNames);
    expect(await takers({ object_type: "email", metric: "sent" })).toEqual([emails, all]);
    expect(await takers({ object_type: "sms", metric: "sent" })).toEqual([all]);
  });

  test("those of its workspace", async () => {
    await bed.subscribe(["email_sent"]);
    const other = await bed.subscribe(["email_sent"], {}, otherWorkspace.appApiKey);
    expect(await takers(emailSent, "?workspace=blog")).toEqual([other]);
  });

  test("a change of preferences goes by its metric alone", async () => {
    const id = await bed.subscribe(["customer_subscription_preferences_changed"]);
    expect(await takers({ metric: "cio_subscription_preferences_changed" })).toEqual([id]);
  });

  test("an unsubscribed person is distinguished from an e-mail's unsubscribe by its data", async () => {
    const person = await bed.subscribe(["customer_unsubscribed"]);
    const email = await bed.subscribe(["email_unsubscribed"]);
    const event = { object_type: "email", metric: "unsubscribed" };
    expect(await takers({ ...event, data: { email_address: "a@example.org" } })).toEqual([person]);
    expect(await takers({ ...event, data: { delivery_id: "d==", recipient: "a@example.org" } })).toEqual([email]);
  });

  test("an unlisted metric goes to all that subscribed to its object type", async () => {
    await bed.subscribe(["email_sent"]);
    const slack = await bed.subscribe(["slack_sent"]);
    expect(await takers({ object_type: "slack", metric: "undeliverable" })).toEqual([slack]);
  });

  test("none, if all are disabled or deleted", async () => {
    await bed.subscribe(["email_sent"], { disabled: true });
    const id = await bed.subscribe(["email_sent"]);
    await bed.api("DELETE", `/reporting_webhooks/${id}`);
    expect(await takers(emailSent)).toEqual([]);
  });
});

describe("what a webhook gets of an event", () => {
  beforeEach(() => start());

  test("content and headers only with with_content", async () => {
    await bed.subscribe(["email_sent"]);
    await bed.subscribe(["email_sent"], { with_content: true });
    await bed.local("POST", "/events", { make: [{ ...emailSent, content_bytes: 70_000 }] });
    await bed.idle();
    const data = bed.receiver.calls.map(({ body }) => JSON.parse(body).data);
    data.sort((a, b) => Object.keys(a).length - Object.keys(b).length);
    expect(Object.keys(data[0])).not.toContain("content");
    expect(data[1]).toEqual({ ...data[0], content: "x".repeat(70_000), headers: { "X-Campaign": ["autumn"] } });
  });

  test("repeated opens and clicks of a delivery only with full_resolution", async () => {
    const first = await bed.subscribe(["email_opened", "email_clicked"]);
    const all = await bed.subscribe(["email_opened", "email_clicked"], { full_resolution: true });
    const of = (delivery_id: string, metric: string) => ({ object_type: "email", metric, delivery_id });
    const events = await bed.happen({
      make: [of("a", "opened"), of("a", "opened"), of("a", "clicked"), of("b", "opened"), of("a", "clicked")],
    });
    expect(events.map(({ webhooks }) => webhooks)).toEqual([[first, all], [all], [first, all], [first, all], [all]]);
  });

  test("one event per call, in the order in which they happened, as compact JSON", async () => {
    await bed.subscribe(["email_sent"]);
    const ids = await bed.emit(20);
    await bed.idle();
    expect(bed.receiver.eventIds).toEqual(ids);
    expect(bed.receiver.connections).toBe(1);
    for (const { body } of bed.receiver.calls) expect(body).toBe(JSON.stringify(JSON.parse(body)));
  });

  test("an accepted event twice, with a fault", async () => {
    await bed.subscribe(["email_sent"]);
    await bed.local("POST", "/faults", { faults: [{ kind: "duplicate" }] });
    const [first, second] = await bed.emit(2);
    await bed.idle();
    expect(bed.receiver.eventIds).toEqual([first, first, second]);
    expect((await bed.deliveries()).deliveries).toMatchObject([
      { id: first, status: "accepted", attempts: 2 },
      { id: second, status: "accepted", attempts: 1 },
    ]);
  });
});

describe("disabling a webhook", () => {
  async function backlogThen(change: (path: string) => Promise<unknown>): Promise<string[]> {
    const id = await bed.subscribe(["email_sent"]);
    bed.receiver.answer = () => 500;
    const ids = await bed.emit(3);
    await bed.clock.untilSettled();
    await change(`/reporting_webhooks/${id}`);
    bed.receiver.answer = () => 200;
    return ids;
  }

  test("loses its backlog and what happens meanwhile", async () => {
    await start();
    const backlog = await backlogThen((path) => bed.api("PUT", path, { disabled: true }));
    await bed.emit(1);
    await bed.api("PUT", "/reporting_webhooks/5", { disabled: false });
    const [later] = await bed.emit(1);
    expect((await bed.idle()).counts).toEqual({ waiting: 0, accepted: 1, "given-up": 0, lost: 3 });
    expect(bed.receiver.eventIds).toEqual([backlog[0], later]);
  });

  test("keeps both in order, with the switch", async () => {
    await start({ whileDisabled: "kept" });
    const backlog = await backlogThen((path) => bed.api("PUT", path, { disabled: true }));
    const meanwhile = await bed.emit(2);
    expect((await bed.deliveries()).counts.waiting).toBe(5);
    await bed.api("PUT", "/reporting_webhooks/5", { disabled: false });
    expect((await bed.idle()).idle).toBe(true);
    expect(bed.receiver.eventIds).toEqual([backlog[0], ...backlog, ...meanwhile]);
  });

  test("during a call loses the event only if that call fails", async () => {
    await start();
    const id = await bed.subscribe(["email_sent"]);
    bed.receiver.answer = () => "hold";
    await bed.emit(2);
    await bed.receiver.untilCalled(1);
    await bed.api("PUT", `/reporting_webhooks/${id}`, { disabled: true });
    bed.receiver.release();
    expect((await bed.idle()).counts).toEqual({ waiting: 0, accepted: 1, "given-up": 0, lost: 1 });
  });

  test("during a failing call keeps that event first", async () => {
    await start({ whileDisabled: "kept" });
    const id = await bed.subscribe(["email_sent"]);
    bed.receiver.answer = (_call, index) => (index === 0 ? "hold" : 200);
    const ids = await bed.emit(3);
    await bed.receiver.untilCalled(1);
    await bed.api("PUT", `/reporting_webhooks/${id}`, { disabled: true });
    bed.receiver.release(503);
    await bed.clock.untilSettled();
    await bed.api("PUT", `/reporting_webhooks/${id}`, { disabled: false });
    await bed.idle();
    expect(bed.receiver.eventIds).toEqual([ids[0], ...ids]);
  });

  test("by deleting it loses the backlog for good", async () => {
    await start({ whileDisabled: "kept" });
    await backlogThen((path) => bed.api("DELETE", path));
    expect((await bed.idle()).counts).toEqual({ waiting: 0, accepted: 0, "given-up": 0, lost: 3 });
  });
});

describe("a failing call", () => {
  test.each([
    ["its own webhook, and no other", {}, { waiting: 2, accepted: 2 }],
    ["the whole workspace, with the switch", { blockingScope: "workspace" }, { waiting: 4, accepted: 0 }],
  ] as const)("holds up %s", async (_, switches, counts) => {
    await start(switches);
    await bed.subscribe(["sms_sent"]);
    await bed.subscribe(["email_sent"]);
    bed.receiver.answer = ({ body }) => (body.includes('"object_type":"email"') ? 500 : 200);
    await bed.emit(2);
    await bed.emit(2, { object_type: "sms", metric: "sent" });
    await bed.clock.untilSettled();
    expect((await bed.deliveries()).counts).toEqual({ ...counts, "given-up": 0, lost: 0 });
  });

  test("holds up one of several lanes", async () => {
    await start({ lanes: 2 });
    await bed.subscribe(["email_sent"]);
    bed.receiver.answer = ({ body }) => (body.includes("person-1@") ? 500 : 200);
    const ids = await bed.emit(5);
    await bed.clock.untilSettled();
    expect((await bed.deliveries()).counts).toEqual({ waiting: 1, accepted: 4, "given-up": 0, lost: 0 });
    bed.receiver.answer = () => 200;
    await bed.clock.advance(hour * 1000);
    expect(bed.receiver.eventIds.at(-1)).toBe(ids[0]);
  });
});
