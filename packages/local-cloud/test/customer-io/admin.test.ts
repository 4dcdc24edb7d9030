import { sign } from "../../src/customer-io/sending/signature.ts";
import { startSeconds, TestBed, workspace } from "./test-bed.ts";

let bed: TestBed;
beforeEach(async () => {
  bed = await TestBed.start();
});
afterEach(() => bed.close());

describe("events", () => {
  test("are sent as given, with an id and a time if they have none", async () => {
    await bed.subscribe(["email_sent"]);
    const whole = { event_id: "E1", object_type: "email", metric: "sent", timestamp: 7, data: { delivery_id: "d" } };
    const events = await bed.happen({
      events: [whole, { object_type: "email", metric: "sent" }],
    });
    await bed.idle();
    expect(events).toEqual([
      { id: "E1", webhooks: [5] },
      { id: expect.stringMatching(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/), webhooks: [5] },
    ]);
    expect(bed.receiver.calls.map(({ body }) => JSON.parse(body))).toEqual([
      whole,
      { event_id: events[1]?.id, object_type: "email", metric: "sent", timestamp: startSeconds },
    ]);
  });

  test.each([
    ["/events", { make: [{ object_type: "slack", metric: "opened" }] }, "slack has no metric opened"],
    [
      "/events",
      { make: [{ object_type: "sms", metric: "sent", origin: "transactional" }] },
      "sms sent has no origin transactional",
    ],
    ["/events", { events: [{ event_id: 7 }] }, "events[0].event_id"],
    ["/events?workspace=shed", {}, 'There is no workspace "shed".'],
    ["/blast", { recipients: 1, object_type: "slack", metrics: { opened: 1 } }, "slack has no metric opened"],
    ["/blast", { recipients: 0 }, "recipients"],
    ["/faults", { faults: [{ kind: "earthquake" }] }, "faults[0].kind"],
    ["/webhooks/1/test", {}, "There is no webhook 1 that was created here."],
    ["/clock", "{", "The body is not JSON."],
  ])("a wrong request to %s is refused (%#)", async (path, body, reason) => {
    const response = await fetch(`${bed.url}/__local${path}`, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringContaining(reason) });
  });
});

describe("a blast", () => {
  test("triggers each metric for its share of the recipients, each with one delivery", async () => {
    await bed.subscribe(["email_sent", "email_delivered", "email_opened", "email_clicked", "email_bounced"]);
    expect(await bed.local("POST", "/blast", { recipients: 200 })).toEqual({ events: 486, deliveries: 486 });
    await bed.idle();
    const events = bed.receiver.calls.map(({ body }) => JSON.parse(body));
    const count = (metric: string) => events.filter((event) => event.metric === metric).length;
    expect(["sent", "delivered", "bounced", "opened", "clicked"].map(count)).toEqual([200, 196, 4, 80, 6]);
    expect(new Set(events.map(({ data }) => data.delivery_id)).size).toBe(200);
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(486);
    const { acknowledgementMilliseconds: times } = await bed.deliveries();
    expect(Object.keys(times ?? {})).toEqual(["p50", "p95", "p99", "max"]);
  });

  test("triggers only the given metrics, and counts events without a subscriber", async () => {
    await bed.subscribe(["sms_sent"]);
    const blast = { recipients: 10, object_type: "sms", metrics: { sent: 1, clicked: 0.3 }, identifiers: "id-only" };
    expect(await bed.local("POST", "/blast", blast)).toEqual({ events: 13, deliveries: 10 });
    await bed.idle();
    expect(JSON.parse(bed.receiver.calls[9]?.body ?? "").data.identifiers).toEqual({ id: "person-10" });
  });
});

describe("Send test", () => {
  test("sends a signed event without cio_id to a disabled webhook, once", async () => {
    const id = await bed.subscribe(["email_sent"], { disabled: true });
    const result = await bed.local<{ id: string }>("POST", `/webhooks/${id}/test`);
    expect(result).toEqual({ id: expect.any(String), accepted: true, status: 200, milliseconds: expect.any(Number) });
    const [call] = bed.receiver.calls;
    expect(JSON.parse(call?.body ?? "")).toEqual({
      event_id: result.id,
      object_type: "customer",
      metric: "subscribed",
      timestamp: startSeconds,
      data: {
        customer_id: "42",
        email_address: "test@example.com",
        identifiers: { id: "42", email: "test@example.com" },
      },
    });
    expect(call?.headers["x-cio-signature"]).toBe(sign(workspace.signingKey, startSeconds, call?.body ?? ""));
  });

  test("reports a failure and does not retry", async () => {
    const id = await bed.subscribe(["email_sent"]);
    bed.receiver.answer = () => 401;
    expect(await bed.local("POST", `/webhooks/${id}/test`)).toMatchObject({ accepted: false, status: 401 });
    await bed.clock.advance(86_400_000);
    expect(bed.receiver.calls).toHaveLength(1);
  });

  test("has variants that receivers have observed", async () => {
    const id = await bed.subscribe(["email_sent"]);
    await bed.local("POST", `/webhooks/${id}/test`, { variant: "no-object-type" });
    await bed.local("POST", `/webhooks/${id}/test`, { variant: "string-timestamp" });
    const [first, second] = bed.receiver.calls.map(({ body }) => JSON.parse(body));
    expect(Object.keys(first)).toEqual(["data", "event_id", "metric", "timestamp"]);
    expect(second.timestamp).toBe(String(startSeconds));
  });
});

describe("deliveries and idle", () => {
  test("list waiting deliveries, with reason and time", async () => {
    await bed.subscribe(["email_sent"]);
    bed.receiver.answer = () => 401;
    const [first, second] = await bed.emit(2);
    await bed.clock.untilSettled();
    const waiting = [
      {
        id: first,
        webhook: 5,
        status: "waiting",
        attempts: 1,
        lastStatus: 401,
        nextAttemptAt: "2026-01-01T01:00:00.000Z",
      },
      { id: second, webhook: 5, status: "waiting", attempts: 0 },
    ];
    const counts = { waiting: 2, accepted: 0, "given-up": 0, lost: 0 };
    expect(await bed.idle(0)).toEqual({ idle: false, counts, waiting });
    expect(await bed.deliveries()).toEqual({ counts, deliveries: waiting });
  });

  test("idle answers when the last delivery succeeded", async () => {
    await bed.subscribe(["email_sent"]);
    bed.receiver.answer = () => "hold";
    await bed.emit(1);
    const idle = bed.idle();
    await bed.receiver.untilCalled(1);
    bed.receiver.release();
    const counts = { waiting: 0, accepted: 1, "given-up": 0, lost: 0 };
    expect(await idle).toEqual({ idle: true, counts, waiting: [] });
  });

  test("can be filtered", async () => {
    const first = await bed.subscribe(["email_sent"]);
    const second = await bed.subscribe(["email_sent"]);
    const ids = await bed.emit(3);
    await bed.idle();
    const { deliveries } = await bed.deliveries(`?webhook=${second}&limit=2`);
    expect(deliveries.map(({ id }) => id)).toEqual(ids.slice(1));
    expect((await bed.deliveries(`?status=waiting&webhook=${first}`)).deliveries).toEqual([]);
  });
});

test("the clock can be advanced over HTTP", async () => {
  expect(await bed.local("POST", "/clock", { advanceSeconds: 90 })).toEqual({ now: "2026-01-01T00:01:30.000Z" });
  expect(bed.clock.seconds()).toBe(startSeconds + 90);
});

test("closing ends current calls", async () => {
  await bed.subscribe(["email_sent"]);
  bed.receiver.answer = () => "hold";
  await bed.emit(2);
  await bed.receiver.untilCalled(1);
  await bed.close();
  expect(bed.receiver.calls).toHaveLength(1);
  bed = await TestBed.start();
});
