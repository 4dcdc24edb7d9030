import { VendorError } from "pulumi-provider-kit/http";
import { AdjustableClock } from "../../local-cloud/src/customer-io/clock.ts";
import { startCustomerIo } from "../../local-cloud/src/customer-io/customer-io.ts";
import type { CustomerIoSwitches } from "../../local-cloud/src/customer-io/switches.ts";
import { openAppApi } from "../src/client/app-api.ts";
import { config } from "../src/config.ts";
import { History, type TimeRange } from "../src/history/history.ts";
import type { HistoryMessage } from "../src/history/message.ts";
import { rebuildEvents } from "../src/history/rebuild.ts";
import { type Answer, type RecordingServer, recordingServer } from "./recording-server.ts";

const start = Date.parse("2026-01-01T00:00:00Z") / 1000;
const day = 86_400;
const never = new AbortController().signal;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A stand-in, and a client whose waits let the stand-in's time pass. */
async function open(switches: Partial<CustomerIoSwitches> = {}) {
  const clock = AdjustableClock.stoppedAt(new Date((start + 40 * day) * 1000));
  const workspaces = [{ name: "shop", appApiKey: "key", signingKey: "signing-key" }];
  const standIn = await startCustomerIo({ workspaces, clock, switches: { messageDelaySeconds: 0, ...switches } });
  closing.push(() => standIn.close());
  const settings = config.parse({ appApiKey: "key", appApiUrl: standIn.url });
  const history = new History(settings, { sleep: (milliseconds) => clock.advance(milliseconds) });
  const happen = async (events: readonly object[]) => {
    const body = JSON.stringify({ events, reported: false });
    expect((await fetch(`${standIn.url}/__local/events`, { method: "POST", body })).status).toBe(200);
  };
  return { history, happen, clock };
}

const event = (delivery: string, at: number, metric = "sent") => ({
  object_type: "email",
  metric,
  timestamp: start + at,
  data: { delivery_id: delivery, campaign_id: 7 },
});

async function idsOf(history: History, range: TimeRange): Promise<string[]> {
  const ids: string[] = [];
  for await (const { messages } of history.listMessages(range, never)) ids.push(...messages.map(({ id }) => id));
  return ids;
}

describe("messages", () => {
  test.each(["exclusive", "inclusive"] as const)(
    "are those of the range, once, if windows are %s",
    async (windowEnd) => {
      const { history, happen } = await open({ windowEnd });
      const times = { before: -1, first: 0, border: day, late: 2 * day - 1, end: 3 * day };
      await happen(Object.entries(times).map(([id, at]) => event(id, at)));
      const ids = await idsOf(history, { from: start, to: start + 3 * day });
      expect(ids.toSorted()).toEqual(["border", "first", "late"]);
    },
  );

  test("come page by page, whatever the last page says", async () => {
    for (const lastPage of ["empty", "null", "absent"] as const) {
      const { history, happen } = await open({ lastPage });
      const expected = Array.from({ length: 1001 }, (_, index) => `d${index}`);
      await happen(expected.map((id) => event(id, 5)));
      expect((await idsOf(history, { from: start, to: start + day })).toSorted()).toEqual(expected.toSorted());
    }
  });

  test("stop when a quota is used up, and continue where they stopped", async () => {
    const { history, happen, clock } = await open({ historyCallsPerDay: 3 });
    const expected = Array.from({ length: 6 }, (_, index) => `d${index}`);
    await happen(expected.map((id, index) => event(id, index * day)));
    const found = new Set<string>();
    let from = start;
    let stops = 0;
    for (let isDone = false; !isDone; ) {
      try {
        for await (const { messages, doneUntil } of history.listMessages({ from, to: start + 6 * day }, never)) {
          for (const { id } of messages) found.add(id);
          from = doneUntil;
        }
        isDone = true;
      } catch (error) {
        stops += 1;
        expect((error as Error).message).toContain("has used up a daily quota");
        await clock.advance(day * 1000);
      }
    }
    expect([[...found].toSorted(), stops]).toEqual([expected, 1]);
  });

  test("can be listed as drafts, and their existence can be checked", async () => {
    const { history, happen } = await open();
    expect(await history.hasMessages(never)).toBe(false);
    await happen([event("d1", 0, "drafted"), event("d2", 0)]);
    expect(await history.hasMessages(never)).toBe(true);
    const drafts: string[] = [];
    for await (const { messages } of history.listMessages({ from: start, to: start + 9 }, never, true)) {
      drafts.push(...messages.map(({ id }) => id));
    }
    expect(drafts).toEqual(["d1"]);
  });
});

test("activities go back to a time", async () => {
  const { history, happen } = await open();
  await happen([event("d1", 35 * day), event("d2", 38 * day), event("d3", 39 * day, "attempted")]);
  const found: unknown[] = [];
  for await (const page of history.listActivities(start + 36 * day, never)) found.push(...page);
  expect(found).toMatchObject([
    { type: "attempted_email", delivery_id: "d3" },
    { type: "sent_email", delivery_id: "d2" },
  ]);
  for await (const page of history.listActivities(0, never, "sent_email")) expect(page).toHaveLength(2);
});

test.each(["stay", "shift"] as const)(
  "activities that happen during the walk hide no older ones, if pages %s",
  async (messagePages) => {
    const { history, happen } = await open({ messagePages });
    const batch = (name: string, length: number) =>
      Array.from({ length }, (_, place) => event(`${name}${place}`, 38 * day));
    const old = batch("old", 120);
    await happen(old);
    const found: unknown[] = [];
    let pages = 0;
    for await (const page of history.listActivities(start, never)) {
      found.push(...page.map(({ delivery_id: id }) => id));
      pages += 1;
      if (pages === 1) await happen(batch("new", 100).map((one) => ({ ...one, timestamp: one.timestamp + 1 })));
    }
    expect(found.toSorted()).toEqual(old.map(({ data }) => data.delivery_id).toSorted());
  },
);

describe("with answers that are wrong or say to wait", () => {
  let server: RecordingServer;
  const waits: number[] = [];

  async function ask(...answers: Answer[]): Promise<string[]> {
    return idsOf(await openWith(answers), { from: start, to: start + day });
  }

  async function openWith(answers: Answer[]): Promise<History> {
    waits.length = 0;
    const opened = await recordingServer(() => answers.shift() ?? { status: 500 });
    closing.push(() => opened.close());
    server = opened;
    const settings = config.parse({ appApiKey: "secret-text", appApiUrl: `http://127.0.0.1:${server.port}` });
    return new History(settings, {
      sleep: async (milliseconds) => {
        waits.push(milliseconds);
      },
    });
  }
  const page = (ids: string[], next?: string): Answer => ({
    body: { messages: ids.map((id) => ({ id, type: "email", created: start })), next },
  });

  test("repeated entries count once", async () => {
    expect(await ask(page(["a", "b"], "2"), page(["b", "c"], "3"), page(["c"]))).toEqual(["a", "b", "c"]);
    expect(server.requests[1]?.url).toContain("start=2");
  });

  test.each([
    ["the same next", [page(["a"], "2"), page(["b"], "2")]],
    ["a page without anything new", [page(["a"], "2"), page(["a"], "3")]],
  ])("%s is an error and not a walk without end", async (_, answers) => {
    await expect(ask(...answers)).rejects.toThrow("Customer.io returned the same page again.");
  });

  test("another shape is an error", async () => {
    await expect(ask({ body: { messages: "none" } })).rejects.toThrow("did not match the App API's description");
    await expect(ask({ body: "<html>" })).rejects.toThrow("customerio:appApiUrl");
  });

  test("attributes of another type are converted or left out, and the message is listed", async () => {
    const odd = {
      id: "odd",
      type: "email",
      created: start,
      customer_id: 42,
      campaign_id: "7",
      action_id: "none",
      subject: ["Hello"],
      customer_identifiers: "u1",
      metrics: { sent: start + 1.5, opened: "yesterday", human_opened: { count: 2 }, clicked: null },
    };
    const unknown = new Map<string, number>();
    const history = await openWith([{ body: { messages: [odd] } }]);
    for await (const { messages } of history.listMessages({ from: start, to: start + day }, never)) {
      const data = { delivery_id: "odd", customer_id: "42", identifiers: { id: "42" }, campaign_id: 7 };
      expect(messages.flatMap((message) => rebuildEvents(message, unknown))).toEqual([
        { object_type: "email", metric: "sent", timestamp: start + 1, data },
      ]);
    }
    expect([...unknown]).toEqual([["email_opened", 1]]);
  });

  test("Retry-After is waited for, and its absence ends the walk at the first call", async () => {
    expect(await ask({ status: 429, headers: { "Retry-After": "7" } }, page(["a"]))).toEqual(["a"]);
    expect(waits).toContain(7000);
    const error = await ask({ status: 429 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(VendorError);
    expect((error as Error).message).toContain("The Customer.io account has used up a daily quota.");
    expect(server.requests).toHaveLength(1);
  });

  test("a key without access to messages says so", async () => {
    await expect(ask({ status: 403 })).rejects.toThrow("The key has no access to messages and activities");
  });

  test("calls are an eighth of a second apart", async () => {
    await ask(page(["a"], "2"), page(["b"], "3"), page(["c"]));
    expect(waits).toHaveLength(2);
    expect(Math.max(...waits)).toBeLessThanOrEqual(250);
    expect(Math.max(...waits)).toBeGreaterThan(0);
  });
});

test("clients with the same key share their calls a second", () => {
  const settings = config.parse({ appApiKey: "shared", appApiUrl: "http://127.0.0.1:1" });
  expect(openAppApi(settings)).toBe(openAppApi({ ...settings }));
  expect(openAppApi({ ...settings, appApiKey: "other" })).not.toBe(openAppApi(settings));
});

describe("events that are rebuilt from a message", () => {
  const message = (more: Partial<HistoryMessage>): HistoryMessage => ({
    id: "d1",
    type: "email",
    created: start,
    ...more,
  });
  const unknown = new Map<string, number>();
  beforeEach(() => unknown.clear());

  test("are one for each time of a metric that webhooks report", () => {
    const metrics = { created: start, sent: start + 1, opened: start + 2, human_opened: start + 2, prefetch_opened: 3 };
    const identifiers = { id: "u1", email: null, cio_id: "c1" };
    const events = rebuildEvents(
      message({
        metrics,
        customer_id: "u1",
        customer_identifiers: identifiers,
        subject: "Hello",
        campaign_id: 7,
        action_id: null,
      }),
      unknown,
    );
    const data = { delivery_id: "d1", customer_id: "u1", identifiers, subject: "Hello", campaign_id: 7 };
    expect(events).toEqual([
      { object_type: "email", metric: "sent", timestamp: start + 1, data },
      { object_type: "email", metric: "opened", timestamp: start + 2, data },
    ]);
    expect([...unknown]).toEqual([]);
  });

  test.each([
    ["u1", { id: "u1" }],
    ["", undefined],
    [null, undefined],
  ])("have the customer id %j as their only identifier if the list has no identifiers", (customer_id, identifiers) => {
    const [sent] = rebuildEvents(message({ metrics: { sent: start }, customer_id }), unknown);
    expect(sent?.data.identifiers).toEqual(identifiers);
  });

  test("of Twilio are SMS, and have no subject", () => {
    const [sent] = rebuildEvents(message({ type: "twilio", metrics: { sent: start }, subject: "x" }), unknown);
    expect(sent).toEqual({ object_type: "sms", metric: "sent", timestamp: start, data: { delivery_id: "d1" } });
  });

  test("have the failure's text only if there is one failure", () => {
    const text = (metrics: Record<string, number>) =>
      rebuildEvents(message({ metrics, failure_message: "550" }), unknown).map(({ data }) => data.failure_message);
    expect(text({ sent: start, bounced: start })).toEqual([undefined, "550"]);
    expect(text({ dropped: start, bounced: start })).toEqual([undefined, undefined]);
  });

  test("are counted by name and not made if their type, metric or time is unknown", () => {
    const made = [
      message({ type: "live_notification", metrics: { sent: start } }),
      message({ metrics: { teleported: start, opened: 12 } }),
      message({ type: "customer", metrics: { subscribed: start } }),
      message({ type: "in_app", metrics: { delivered: start } }),
    ].flatMap((one) => rebuildEvents(one, unknown));
    expect(made).toEqual([]);
    expect(Object.fromEntries(unknown)).toEqual({
      live_notification: 1,
      email_teleported: 1,
      email_opened: 1,
      customer: 1,
      in_app_delivered: 1,
    });
  });
});
