import fc from "fast-check";
import type { DeadLetterFilter } from "../../cli/dead-letters/dead-letter-filter.ts";
import { type ReplayAction, replay } from "../../cli/dead-letters/replay.ts";
import { blobName } from "../../relay/core/blob-name.ts";
import { isExpired, isOverdue } from "../../relay/core/delivery/retry-schedule.ts";
import { type DeadLetter, deadBody, deadEvent } from "../../relay/core/event/dead-letter.ts";
import { decodeEnvelope, newEvent, type QueuedEvent, waitingSince } from "../../relay/core/event/envelope.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";

const receivedAt = "2026-11-20T10:00:00.000Z";
const now = new Date("2026-11-21T10:00:00.000Z");

/** The storage account in memory. The n-th call may fail before or after it had its effect. */
class FaultyAccount {
  readonly deadLetters = new Map<string, { content: Buffer; etag: string }>();
  readonly claims = new Map<string, string>();
  readonly messages: string[] = [];
  /** What happens to the next calls; at its end, all calls succeed. */
  faults: ("fails" | "fails after" | "works")[] = [];
  #versions = 0;

  put({ name, document }: { name: string; document: DeadLetter }): string {
    this.#versions += 1;
    this.deadLetters.set(name, { content: Buffer.from(JSON.stringify(document)), etag: String(this.#versions) });
    return name;
  }

  readDeadLetter = (name: string) => this.#act(() => this.deadLetters.get(name));
  readClaim = (name: string) => this.#act(() => this.claims.get(name));
  putClaim = (name: string, body: string) => this.#act(() => void this.claims.set(name, body));
  enqueue = (message: string) => this.#act(() => void this.messages.push(message));
  deleteDeadLetter = (name: string, etag: string) =>
    this.#act(() => {
      const found = this.deadLetters.get(name);
      if (found === undefined) return true;
      return found.etag === etag && this.deadLetters.delete(name);
    });

  /** The events in the queue, with each message decoded as by the forwarder. */
  events(): QueuedEvent[] {
    return this.messages.flatMap((message) => {
      const decoded = decodeEnvelope(JSON.parse(Buffer.from(message, "base64").toString("utf8")));
      if (!decoded.readable) throw new Error(decoded.reason);
      return decoded.events;
    });
  }

  async #act<T>(effect: () => T): Promise<T> {
    const fault = this.faults.shift();
    if (fault === "fails") throw new Error("the storage failed");
    const result = effect();
    if (fault === "fails after") throw new Error("the answer got lost");
    return result;
  }
}

let account: FaultyAccount;
beforeEach(() => {
  account = new FaultyAccount();
});

function putRefused(id: string, data: object = {}, reason = "Platform refused the event: HTTP 400"): string {
  const body = JSON.stringify({ event_id: id, object_type: "email", metric: "sent", timestamp: 1, ...data });
  const event = { ...newEvent({ id, receivedAt, body }), attempts: 3, firstAttemptAt: receivedAt };
  return account.put(deadEvent(event, body, { class: "refused", reason, now }));
}

function run(
  choice: {
    action?: ReplayAction;
    isDry?: boolean;
    filter?: DeadLetterFilter;
    policy?: object;
    signal?: AbortSignal;
  } = {},
) {
  return replay({
    storage: account,
    names: [...account.deadLetters.keys()],
    filter: choice.filter ?? {},
    policy: eventPolicy.parse(choice.policy ?? {}),
    action: choice.action ?? "replay",
    isDry: choice.isDry ?? false,
    perSecond: 1_000_000,
    signal: choice.signal ?? new AbortController().signal,
    progress: () => undefined,
  });
}

test("an event is queued again as it was received, with its attempts counted from zero, and its dead letter is deleted", async () => {
  putRefused("a");
  const counts = await run();
  const body = JSON.stringify({ event_id: "a", object_type: "email", metric: "sent", timestamp: 1 });
  expect(account.events()).toEqual([{ id: "a", receivedAt, queuedAt: expect.any(String), attempts: 0, body }]);
  expect(account.deadLetters.size).toBe(0);
  expect([counts.examined, counts.done, [...counts.kinds]]).toEqual([1, 1, [["refused email sent", 1]]]);
});

test("a body too large for a message becomes a claim", async () => {
  putRefused("large", { data: { content: "x".repeat(60_000) } });
  await run();
  const [event] = account.events();
  if (!event || !("claim" in event)) throw new Error("the event has no claim");
  expect(JSON.parse(account.claims.get(event.claim) ?? "")).toMatchObject({ event_id: "large" });
});

test("a body too large for a message survives the forwarder's cleanup after the event became a dead letter", async () => {
  const data = { content: "x".repeat(60_000) };
  const name = putRefused("large", { data });
  const { body } = JSON.parse(account.deadLetters.get(name)?.content.toString() ?? "{}") as DeadLetter;
  account.claims.set(blobName({ id: "large", receivedAt, body }), body);
  await run();
  // The forwarder deletes the claim only after the dead letter was written, when the rest of its message is done.
  account.claims.delete(blobName({ id: "large", receivedAt, body }));
  const [event] = account.events();
  expect(account.deadLetters.size).toBe(0);
  expect(event && "claim" in event && account.claims.get(event.claim)).toBe(body);
});

test("an unreadable queue message is put back byte by byte", async () => {
  const text = '{"version":99,"events":"of a newer relay"}';
  account.put(deadBody(Buffer.from(text), { class: "unreadable", reason: "version 99", receivedAt, now }));
  await run();
  expect(account.messages.map((message) => Buffer.from(message, "base64").toString())).toEqual([text]);
});

describe("a dead letter of any age", () => {
  test("waits in the queue from its replay on, and is never given up because of its age", async () => {
    putRefused("a");
    const before = Date.now();
    await run();
    const [event] = account.events();
    if (!event) throw new Error("nothing was replayed");
    expect(waitingSince(event)).toBeGreaterThanOrEqual(before);
    const year = 365 * 24 * 60 * 60 * 1000;
    expect(Date.parse(event.receivedAt)).toBe(Date.parse(receivedAt));
    expect(isOverdue({ ...event, receivedAt: new Date(before - year).toISOString() }, new Date())).toBe(false);
    expect(isExpired(event, new Date(before + year))).toBe(false);
  });

  test("that was a whole message that this relay can read is queued again, with its events' waits restarted", async () => {
    const old = {
      id: "a",
      receivedAt: "2025-01-01T00:00:00.000Z",
      attempts: 9,
      firstAttemptAt: "2025-01-01T00:01:00.000Z",
    };
    const events = Array.from({ length: 64 }, (_, at) => ({
      ...old,
      id: `e${at}`,
      body: "x".repeat(700),
      lastError: "HTTP 500",
    }));
    const text = JSON.stringify({ version: 1, events });
    account.put(deadBody(Buffer.from(text), { class: "unreadable", reason: "an older relay", receivedAt, now }));
    await run();
    expect(account.events().map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    for (const event of account.events()) {
      expect(event).toMatchObject({ receivedAt: old.receivedAt, attempts: 0 });
      expect([event.firstAttemptAt, event.lastError, isOverdue(event, new Date())]).toEqual([
        undefined,
        undefined,
        false,
      ]);
    }
    expect(account.deadLetters.size).toBe(0);
  });

  test("that was a whole message keeps its large bodies, whose claims are rewritten", async () => {
    const body = "x".repeat(60_000);
    const text = JSON.stringify({
      version: 1,
      events: [{ id: "a", receivedAt, attempts: 0, claim: "2026/11/20/a.json" }],
    });
    account.claims.set("2026/11/20/a.json", body);
    account.put(deadBody(Buffer.from(text), { class: "unreadable", reason: "an older relay", receivedAt, now }));
    await run();
    account.claims.delete("2026/11/20/a.json");
    const [event] = account.events();
    expect(event && "claim" in event && account.claims.get(event.claim)).toBe(body);
  });

  test("that was a whole message stays if one of its bodies was swept", async () => {
    const text = JSON.stringify({ version: 1, events: [{ id: "a", receivedAt, attempts: 0, claim: "swept.json" }] });
    account.put(deadBody(Buffer.from(text), { class: "unreadable", reason: "an older relay", receivedAt, now }));
    const counts = await run();
    expect([account.messages.length, account.deadLetters.size]).toEqual([0, 1]);
    expect([...counts.left]).toEqual([["refer to a body that is gone: claims are kept for 90 days", 1]]);
  });
});

/** A body that an older relay treated as malformed, and this one as an event. */
function putMalformed(data: object): void {
  const body = JSON.stringify({ event_id: "m", object_type: "email", metric: "sent", timestamp: 1, data });
  account.put(deadBody(Buffer.from(body), { class: "malformed", reason: "not understood then", receivedAt, now }));
}

test("a body that still is not an event stays and is reported", async () => {
  account.put(deadBody(Buffer.from("[1]"), { class: "malformed", reason: "no object", receivedAt, now }));
  account.put(deadBody(Buffer.from([0xff, 0xfe]), { class: "malformed", reason: "not UTF-8", receivedAt, now }));
  const counts = await run();
  expect([account.messages.length, account.deadLetters.size]).toEqual([0, 2]);
  expect([...counts.left]).toEqual([["hold no event that this version of the relay can read", 2]]);
});

test("a body that the relay can now read loses the personal data that the intake should have removed", async () => {
  putMalformed({ recipient: "ann@example.org", identifiers: { id: "7" } });
  await run({ policy: { personalData: { recipient: "drop" } } });
  const [event] = account.events();
  expect(event?.id).toBe("m");
  expect(JSON.parse(event && "body" in event ? event.body : "{}").data).toEqual({
    recipient: null,
    identifiers: { id: "7" },
  });
  expect(account.deadLetters.size).toBe(0);
});

test("an event that a filter leaves out stays and is reported", async () => {
  putMalformed({ identifiers: { id: "7" } });
  const counts = await run({ policy: { filters: { except: { metrics: ["sent"] } } } });
  expect([account.messages.length, account.deadLetters.size]).toEqual([0, 1]);
  expect([...counts.left]).toEqual([["are left out by the filter except.metrics", 1]]);
});

test("data that the intake redacted is not hashed again", async () => {
  putRefused("a", { data: { recipient: "0f".repeat(32) } });
  await run({ policy: { personalData: { recipient: "hash" } } });
  const [event] = account.events();
  expect(JSON.parse(event && "body" in event ? event.body : "{}").data).toEqual({ recipient: "0f".repeat(32) });
});

test("a blob that is not a dead letter stays and is reported", async () => {
  account.deadLetters.set("note.txt", { content: Buffer.from("not one of ours"), etag: "1" });
  const counts = await run();
  expect([account.deadLetters.size, account.messages.length, [...counts.left.values()]]).toEqual([1, 0, [1]]);
});

test.each(["replay", "purge"] as const)(
  "a dry run of a %s counts what it would do, and changes nothing",
  async (action) => {
    putRefused("a");
    putRefused("b", { metric: "opened" });
    account.put(deadBody(Buffer.from("[]"), { class: "malformed", reason: "no event", receivedAt, now }));
    const counts = await run({ action, isDry: true });
    expect([account.deadLetters.size, account.messages.length, account.claims.size]).toEqual([3, 0, 0]);
    // What can't be replayed can be deleted.
    expect(counts.done).toBe(action === "purge" ? 3 : 2);
    const { done, kinds, left } = await run({ action });
    expect(counts).toMatchObject({ done, kinds, left });
  },
);

test("a purge deletes, and queues nothing", async () => {
  putRefused("a");
  const counts = await run({ action: "purge" });
  expect([counts.done, account.deadLetters.size, account.messages.length]).toEqual([1, 0, 0]);
});

test.each<[string, DeadLetterFilter, string[]]>([
  ["class", { class: "expired" }, []],
  ["reason, in any case", { reason: "payload TOO large" }, ["c"]],
  ["object type", { objectType: "sms" }, ["b"]],
  ["metric", { metric: "sent" }, ["a", "b"]],
  ["times, the end left out", { from: new Date(receivedAt), to: new Date(now) }, ["a", "b", "c"]],
  ["a time before", { to: new Date(receivedAt) }, []],
  ["several at once", { objectType: "email", metric: "sent" }, ["a"]],
])("only dead letters that match the filter are replayed: %s", async (_name, filter, meant) => {
  putRefused("a");
  putRefused("b", { object_type: "sms" });
  putRefused("c", { metric: "opened" }, "Platform refused the event: HTTP 413, Payload Too Large");
  await run({ filter });
  expect(
    account
      .events()
      .map(({ id }) => id)
      .sort(),
  ).toEqual(meant);
  expect(account.deadLetters.size).toBe(3 - meant.length);
});

test("an event that becomes a dead letter again before the old one was removed keeps the new one", async () => {
  const name = putRefused("a");
  const enqueue = account.enqueue;
  account.enqueue = async (message) => {
    await enqueue(message);
    putRefused("a");
  };
  await run();
  expect(account.events()).toHaveLength(1);
  expect([...account.deadLetters.keys()]).toEqual([name]);
});

test("on a stop it finishes the current dead letters, and the next run continues with the rest", async () => {
  for (let index = 0; index < 40; index++) putRefused(`e${index}`);
  const stop = new AbortController();
  const enqueue = account.enqueue;
  account.enqueue = async (message) => {
    await enqueue(message);
    if (account.messages.length === 10) stop.abort();
  };
  const counts = await run({ signal: stop.signal });
  expect(counts.done).toBe(account.messages.length);
  expect(counts.done).toBeLessThan(20);
  await run();
  expect(
    account
      .events()
      .map(({ id }) => id)
      .sort(),
  ).toEqual(Array.from({ length: 40 }, (_, index) => `e${index}`).sort());
  expect(account.deadLetters.size).toBe(0);
});

test("wherever the storage fails, repeated runs replay every event, and never invent one", async () => {
  const fault = fc.constantFrom("works" as const, "works" as const, "fails" as const, "fails after" as const);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), fc.array(fault), async (sizes, faults) => {
      account = new FaultyAccount();
      const ids = sizes.map((isLarge, index) => {
        putRefused(`e${index}`, isLarge ? { data: { content: "x".repeat(50_000) } } : {});
        return `e${index}`;
      });
      account.faults = [...faults];
      let runs = 0;
      while (account.deadLetters.size > 0) {
        runs += 1;
        await run().catch(() => undefined);
        if (runs > faults.length + 1) throw new Error("it does not come to an end");
      }
      expect([...new Set(account.events().map(({ id }) => id))].sort()).toEqual(ids.sort());
      for (const event of account.events()) {
        if ("claim" in event) expect(account.claims.has(event.claim)).toBe(true);
      }
      if (!faults.some((one) => one !== "works")) expect(account.messages).toHaveLength(ids.length);
    }),
    { numRuns: 200 },
  );
});
