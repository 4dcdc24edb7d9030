import type { CustomerIoSwitches } from "../../src/customer-io/switches.ts";
import { day, otherWorkspace, startSeconds, TestBed } from "./test-bed.ts";

interface Message {
  readonly id: string;
  readonly created: number;
  readonly customer_id: string | null;
  readonly metrics: Record<string, number>;
  readonly [attribute: string]: unknown;
}
interface Messages {
  readonly messages: Message[];
  readonly next?: string | null;
}

let bed: TestBed;
afterEach(() => bed.close());

async function start(switches: Partial<CustomerIoSwitches> = {}) {
  bed = await TestBed.start({ switches: { messageDelaySeconds: 0, ...switches } });
}

/** Triggers a message's metrics, at these seconds after the start of the bed's time. */
async function happen(delivery: string, metrics: Record<string, number>, more: object = {}, reported = true) {
  const events = Object.entries(metrics).map(([metric, at]) => {
    const data = { delivery_id: delivery, customer_id: "u1", identifiers: { id: "u1", email: null }, campaign_id: 7 };
    return { object_type: "email", metric, timestamp: startSeconds + at, data, ...more };
  });
  await bed.happen({ events, reported });
}

const list = async (query = "", key?: string) =>
  (await bed.api<Messages>("GET", `/messages${query}`, undefined, key)).body;
const ids = async (query = "") => (await list(query)).messages.map(({ id }) => id);
const between = (from: number, to: number) => `?start_ts=${startSeconds + from}&end_ts=${startSeconds + to}`;

describe("messages", () => {
  test("are recorded whether or not a webhook reports them, one time for each metric", async () => {
    await start();
    await happen("d1", { sent: 0, opened: 10, attempted: 0 }, {}, false);
    await happen("d1", { opened: 20 });
    const { messages } = await list();
    expect(messages).toMatchObject([
      { id: "d1", type: "email", created: startSeconds, customer_id: "u1", campaign_id: 7, subject: null },
    ]);
    expect(messages[0]?.metrics).toMatchObject({ sent: startSeconds, opened: startSeconds + 10 });
    expect(messages[0]?.metrics).not.toHaveProperty("attempted");
    expect((await list("", otherWorkspace.appApiKey)).messages).toEqual([]);
    expect((await bed.api<{ message: Message }>("GET", "/messages/d1")).body.message.id).toBe("d1");
    expect((await bed.api("GET", "/messages/d2")).status).toBe(404);
  });

  test("may have the last time of a repeated metric", async () => {
    await start({ repeatedMetrics: "last", humanMetrics: "count" });
    await happen("d1", { sent: 0, opened: 10 });
    await happen("d1", { opened: 20 });
    expect((await list()).messages[0]?.metrics).toMatchObject({ opened: startSeconds + 20, human_opened: 1 });
  });

  test("are in the window of their creation, of six months at most", async () => {
    await start();
    await happen("old", { sent: -200 * day, opened: -1 });
    await happen("new", { sent: -10 });
    expect(await ids()).toEqual(["new"]);
    expect(await ids(between(-300 * day, 0))).toEqual(["new"]);
    expect(await ids(between(-300 * day, -100 * day))).toEqual(["old"]);
    expect(await ids(between(-10, 0))).toEqual(["new"]);
    expect(await ids(between(-20, -10))).toEqual([]);
  });

  test("at the end of a window may be in it", async () => {
    await start({ windowEnd: "inclusive" });
    await happen("new", { sent: -10 });
    expect(await ids(between(-20, -10))).toEqual(["new"]);
  });

  test.each(["start_ts=2026-01-01", "limit=many", "drafts=yes", "campaign_id=x", "start=nonsense"])(
    "with a wrong %s are an empty list",
    async (wrong) => {
      await start();
      await happen("d1", { sent: 0 });
      expect(await bed.api("GET", `/messages?${wrong}`)).toMatchObject({ status: 200, body: { messages: [] } });
    },
  );

  test("come in pages that shift while messages arrive, or don't", async () => {
    for (const [messagePages, second] of [["shift", ["d1", "d0"]] as const, ["stay", ["d0"]] as const]) {
      await start({ messagePages });
      for (const [at, id] of ["d0", "d1", "d2"].entries()) await happen(id, { sent: at - 9 });
      const first = await list("?limit=2");
      expect(first.messages.map(({ id }) => id)).toEqual(["d2", "d1"]);
      await happen("d3", { sent: -1 });
      expect(await ids(`?limit=2&start=${first.next}`)).toEqual(second);
      if (messagePages === "shift") await bed.close();
    }
  });

  test.each([
    ["empty", { next: "" }],
    ["null", { next: null }],
    ["absent", {}],
  ] as const)("end with a next that is %s", async (lastPage, next) => {
    await start({ lastPage });
    expect(await list()).toEqual({ messages: [], ...next });
  });

  test("appear with a delay", async () => {
    await start({ messageDelaySeconds: 60 });
    await happen("d1", { sent: 0 });
    expect(await ids()).toEqual([]);
    await bed.clock.advance(60_000);
    expect(await ids()).toEqual(["d1"]);
  });

  test("of SMS are Twilio's, drafts are in a separate list, and filters select", async () => {
    await start();
    await happen("sms", { sent: -3 }, { object_type: "sms" });
    await happen("draft", { drafted: -4 });
    await happen("both", { drafted: -5, sent: -5, opened: -4 });
    expect(await ids()).toEqual(["sms", "both"]);
    expect(await ids("?drafts=true")).toEqual(["draft"]);
    expect(await ids("?type=twilio")).toEqual(["sms"]);
    expect(await ids("?metric=opened")).toEqual(["both"]);
    expect(await ids("?campaign_id=8")).toEqual([]);
    await bed.clock.advance(1000);
    expect((await bed.api<Messages>("GET", "/campaigns/7/messages")).body.messages).toHaveLength(2);
    expect((await bed.api<Messages>("GET", "/newsletters/7/messages")).body.messages).toHaveLength(0);
  });

  test("of deleted people have no identifiers", async () => {
    await start();
    await happen("d1", { sent: 0 });
    expect(await bed.local("DELETE", "/people/u1")).toEqual({ messages: 1 });
    const none = { id: null, email: null, cio_id: null };
    expect((await list()).messages).toMatchObject([{ id: "d1", customer_id: null, customer_identifiers: none }]);
  });

  test("may have no customer_identifiers", async () => {
    await start({ messageIdentifiers: "absent" });
    await happen("d1", { sent: 0 });
    expect((await list()).messages[0]).not.toHaveProperty("customer_identifiers");
  });
});

test("a draft that was sent later may be in the drafts", async () => {
  await start({ draftedThenSent: "drafts" });
  await happen("both", { drafted: -1, sent: -1 });
  expect([await ids(), await ids("?drafts=true")]).toEqual([[], ["both"]]);
});

describe("activities", () => {
  const activities = async (query = "") =>
    (await bed.api<{ activities: { id: string; type: string }[] }>("GET", `/activities${query}`)).body.activities;

  test("are those of 30 days, the newest first, attempts among them, and replies not", async () => {
    await start();
    await happen("d0", { sent: -31 * day });
    await happen("d1", { attempted: -20, sent: -10 });
    await happen("d2", { replied: -1 }, { object_type: "sms" });
    await bed.happen({ make: [{ object_type: "customer", metric: "unsubscribed" }] });
    expect((await activities()).map(({ type }) => type)).toEqual(["attribute_change", "sent_email", "attempted_email"]);
    expect(await activities("?type=sent_email")).toMatchObject([{ delivery_id: "d1", data: { delivery_id: "d1" } }]);
    expect(await activities("?limit=1")).toHaveLength(1);
    expect(await activities("?limit=one")).toEqual([]);
  });

  test("may have the id of the event", async () => {
    await start({ activityIds: "event-id" });
    const [sent] = await bed.emit(1);
    expect(await activities()).toMatchObject([{ id: sent }]);
  });
});

describe("metrics", () => {
  const hasSeries = (series: object) => ({ status: 200, body: { metric: { series } } });

  test("count deliveries by the day of their creation", async () => {
    await start();
    await happen("d1", { sent: 0, opened: 3 * day });
    await happen("d1", { opened: 4 * day });
    await happen("d2", { sent: day, dropped: day });
    const query = `version=2&res=days&start=${startSeconds}&end=${startSeconds + 2 * day - 1}`;
    const series = { created: [1, 1], sent: [1, 1], opened: [1, 0], suppressed: [0, 1] };
    expect(await bed.api("GET", `/campaigns/7/metrics?${query}`)).toMatchObject(hasSeries(series));
    const elsewhere = await bed.api("GET", `/campaigns/7/metrics?${query}&tz=America/New_York`);
    expect(elsewhere).toMatchObject(hasSeries({ created: [1, 1, 0] }));
  });

  test("of the first version end now, in Eastern time", async () => {
    await start();
    await happen("d1", { sent: -1 }, { data: { delivery_id: "d1", newsletter_id: 4 } });
    const answer = await bed.api("GET", "/newsletters/4/metrics?version=2&period=days&steps=3");
    expect(answer).toMatchObject(hasSeries({ sent: [0, 0, 1] }));
  });

  test("refuse what they can't count", async () => {
    await start();
    expect((await bed.api("GET", "/campaigns/7/metrics?version=2&res=days")).status).toBe(400);
    expect((await bed.api("GET", "/campaigns/7/metrics?steps=1")).status).toBe(400);
  });
});

describe("calls for the past", () => {
  test("have a daily quota, whose 429 has no Retry-After", async () => {
    await start({ historyCallsPerDay: 2 });
    await list();
    await list();
    const refused = await bed.api("GET", "/activities");
    expect(refused.status).toBe(429);
    expect(refused.headers.has("Retry-After")).toBe(false);
    expect((await bed.api("GET", "/reporting_webhooks")).status).toBe(200);
    await bed.clock.advance(day * 1000);
    expect((await bed.api("GET", "/activities")).status).toBe(200);
  });

  test("need a right of their own", async () => {
    await start({ appApiKeyAccess: "no-history" });
    expect((await bed.api("GET", "/messages")).status).toBe(403);
    expect((await bed.api("GET", "/reporting_webhooks")).status).toBe(200);
  });
});
