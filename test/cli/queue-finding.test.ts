import { queueFinding } from "../../cli/checks/queue.ts";
import { newEvent, requeueEvent } from "../../relay/core/event/envelope.ts";

const now = new Date("2026-11-20T10:30:00.000Z");
const ago = (milliseconds: number) => new Date(now.getTime() - milliseconds);
const minute = 60_000;
const hour = 60 * minute;

describe("the queue", () => {
  const waiting = (milliseconds: number, lastError?: string) => ({
    ...newEvent({ id: "a", receivedAt: ago(milliseconds).toISOString(), body: "{}" }),
    ...(lastError && { lastError, attempts: 1 }),
  });
  const times = { deliveredAt: undefined, heldAt: undefined, lateAt: undefined };
  const findingOf = (
    events: ReturnType<typeof waiting>[],
    poison = 0,
    messages = 3,
    known: { deliveredAt?: Date; heldAt?: Date; lateAt?: Date } = {},
  ) =>
    queueFinding({
      messages,
      poison,
      queues: new Map([["events", events]]),
      sentAgo: minute,
      times: { ...times, ...known },
      now,
      target: { stack: "dev" },
      code: "urn:code",
    });

  test("waits while its oldest event is young, whatever the age of its messages", () => {
    expect(findingOf([waiting(minute), waiting(5 * minute, "HTTP 503")])).toEqual({
      verdict: "waiting",
      found: "About 3 messages wait, each with one or more events, the oldest event for 5 minutes.",
      details: ["the last attempt: HTTP 503"],
    });
  });

  test("counts a single message as one", () => {
    expect(findingOf([], 1, 1).found).toBe(
      "About 1 message waits, each with one or more events, all hidden until their next attempt; 1 is about to become a dead letter.",
    );
  });

  test("says until when the relay holds events back after a change of the dataflow, whatever their age", () => {
    const readyAt = new Date(now.getTime() + 9 * minute);
    for (const events of [[], [waiting(5 * minute)], [waiting(2 * hour)]]) {
      const finding = queueFinding({
        messages: 3,
        poison: 0,
        queues: new Map([["events", events]]),
        sentAgo: undefined,
        times: { ...times, heldAt: ago(minute) },
        readyAt,
        now,
        target: { stack: "dev" },
        code: "urn:code",
      });
      expect([finding.verdict, finding.todo]).toEqual(["waiting", undefined]);
      expect(finding.found).toContain("The relay sends none before 2026-11-20 10:39 UTC");
    }
  });

  test("is broken once an event waits for an hour, with the reason of the last attempt", () => {
    const { verdict, details, todo } = findingOf([waiting(hour, "HTTP 404"), waiting(minute, "HTTP 404")]);
    expect([verdict, details]).toEqual(["broken", ["the last attempt: HTTP 404"]]);
    expect(todo).toMatch(
      /^The dataflow was changed or deleted, .* npx pulumi up --refresh --stack dev\. No event is lost\.$/,
    );
  });

  test.each([
    ["HTTP 429", /^HTTP 429: Platform throttles\./],
    ["HTTP 503: upstream", /^Platform is down, or accepts fewer events than arrive; see https:\/\/status\.adobe\.com/],
    ["the connection broke", /^Platform is down/],
  ])("names the one remedy for %s", (reason, remedy) => {
    expect(findingOf([waiting(hour, reason)]).todo).toMatch(remedy);
  });

  test.each([
    [undefined, "none has sent anything recently"],
    [3 * hour, "none has sent anything for 3 hours"],
  ])("is broken when its oldest event is old and no forwarder sends (%s ms ago)", (sentAgo, said) => {
    const old = {
      messages: 3,
      poison: 0,
      queues: new Map([["events", [waiting(2 * hour)]]]),
      times: { ...times, heldAt: ago(3 * hour) },
      now,
      target: { stack: "dev" },
      code: "urn:code",
    };
    const finding = queueFinding({ ...old, sentAgo });
    expect(finding.found).toContain(`No forwarder takes them: ${said}.`);
    expect([finding.verdict, finding.todo]).toEqual(["broken", "npx pulumi up --replace 'urn:code' --stack dev"]);
    expect(queueFinding({ ...old, queues: new Map([["events", [waiting(minute)]]]), sentAgo }).verdict).toBe("waiting");
  });

  test("names the age of each of several queues, since only one of their forwarders may have stopped", () => {
    const { details } = queueFinding({
      messages: 3,
      poison: 0,
      queues: new Map([
        ["events", [waiting(minute)]],
        ["events-2", [waiting(2 * hour)]],
        ["events-3", []],
      ]),
      sentAgo: minute,
      times: { ...times, deliveredAt: ago(minute) },
      now,
      target: { stack: "dev" },
      code: "urn:code",
    });
    expect(details).toEqual([
      "events: the oldest event for 1 minute",
      "events-2: the oldest event for 2 hours",
      "events-3: nothing visible",
      "last delivery: 2026-11-20T10:29:00.000Z",
    ]);
  });

  test("is broken at once if the relay holds events until an operator acts, even if none is visible, until it delivers again", () => {
    const held = { deliveredAt: ago(5 * minute), heldAt: ago(minute) };
    for (const events of [[], [waiting(2 * minute, "HTTP 404")]]) {
      const { verdict, runbook, found, details, todo } = findingOf(events, 0, 3, held);
      expect([verdict, runbook]).toEqual(["broken", "alert-held"]);
      expect(found).toContain("The relay holds them, since Platform refuses it, or a setting can't be used.");
      expect(details).toContain("last held: 2026-11-20T10:29:00.000Z");
      expect(todo).toMatch(
        /^npx pulumi up --refresh --stack dev repairs the dataflow;.* tail --since 60 --once --stack dev$/,
      );
    }
    expect(findingOf([], 0, 3, { ...held, deliveredAt: ago(minute) }).verdict).toBe("waiting");
    expect(findingOf([], 2, 0, held).verdict).toBe("waiting");
  });

  test("is broken if events that can't be read wait for more than an hour while none is delivered", () => {
    const late = findingOf([], 0, 3, { deliveredAt: ago(2 * hour), lateAt: ago(minute) });
    expect([late.verdict, late.runbook]).toEqual(["broken", "alert-late"]);
    expect(late.todo).toMatch(/^Platform is down, .* tail --since 60 --once --stack dev$/);
    expect(findingOf([], 0, 3, { deliveredAt: ago(0), lateAt: ago(minute) }).verdict).toBe("waiting");
    // Others that have just arrived can be read.
    const beside = findingOf([waiting(minute, "HTTP 503")], 0, 3, { deliveredAt: ago(2 * hour), lateAt: ago(minute) });
    expect([beside.verdict, beside.runbook]).toEqual(["broken", "alert-late"]);
    expect(beside.found).toMatch(
      /the oldest event for 1 minute\. Some of the events have waited for more than an hour\.$/,
    );
    // A backlog is being delivered, or nobody has tried for hours.
    expect(findingOf([], 0, 3, { deliveredAt: ago(2 * minute), lateAt: ago(minute) }).verdict).toBe("waiting");
    expect(findingOf([], 0, 3, { deliveredAt: ago(9 * hour), lateAt: ago(3 * hour) }).verdict).toBe("waiting");
  });

  test("counts the wait of a replayed event from its replay on", () => {
    const replayed = requeueEvent(waiting(40 * 24 * hour), ago(minute));
    expect(findingOf([replayed]).found).toContain("the oldest event for 1 minute");
  });

  test("reports that its messages can't be read, and which events will soon be given up", () => {
    expect(findingOf([], 2)).toMatchObject({
      verdict: "waiting",
      found:
        "About 3 messages wait, each with one or more events, all hidden until their next attempt; 2 are about to become dead letters.",
      todo: "To see why the last attempts failed: npx customerio-aep tail --since 60 --once --stack dev",
    });
  });
});
