import { readFile } from "node:fs/promises";
import path from "node:path";
import { relayAlerts } from "../../components/relay/monitoring/relay-alerts.ts";
import { isOutcome, lineField, lineNumber } from "../../components/relay/monitoring/relay-log.ts";
import { verificationEvent, verificationId } from "../../events/verification.ts";
import type { Sender } from "../../relay/azure/delivery/paced-client.ts";
import { poisonHandler } from "../../relay/azure/delivery/poison.ts";
import { healthHandler } from "../../relay/azure/health.ts";
import { QueueWatch } from "../../relay/azure/queue-watch.ts";
import type { Pause } from "../../relay/core/delivery/breaker.ts";
import { Pace } from "../../relay/core/delivery/pace.ts";
import { newEvent } from "../../relay/core/event/envelope.ts";
import { queueNames } from "../../relay/core/names.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import { call, signedCall } from "../relay/support/invocation.ts";
import { noMarks, openForwarder } from "../relay/support/open-ports.ts";
import { withoutPace } from "../relay/support/unpaced.ts";
import { AlertLog, alerts, componentId, hour, now } from "./alert-log.ts";
import { type LogRecord, runQuery } from "./kql.ts";

const event = JSON.stringify({ event_id: "a", object_type: "email", metric: "sent", timestamp: 1 });
const receipt = { status: 200, retryAfter: null, detail: "", receipt: true, inletId: "i", xactionId: "x" };
let log: AlertLog;
beforeEach(() => {
  log = new AlertLog();
  // Lines of the host itself.
  log.write("Executing 'Functions.forwarder' (Reason='New queue message', Id=1)");
  log.write("{ not the relay's");
});

describe("no alert is raised", () => {
  test("by a log without lines of the relay", () => {
    expect(log.evaluateAlerts()).toEqual([]);
  });

  test("by accepted and filtered events, with a stranger's calls among them", async () => {
    await log.post(signedCall(event));
    await log.post(call(event, {}));
    await log.post(signedCall(event, "a stranger's key"));
    expect(log.evaluateAlerts()).toEqual([]);
  });

  test("by a stranger's calls while all events are left out by a filter", async () => {
    const policy = eventPolicy.parse({ filters: { except: { metrics: ["sent"] } } });
    await log.post(signedCall(event), { settings: { policy, maximumAgeSeconds: 0 } });
    await log.post(call(event, {}));
    expect(log.evaluateAlerts()).toEqual([]);
  });

  test("by calls without Customer.io's headers in a quiet hour, one by one or in sums", async () => {
    for (let turn = 0; turn < 5; turn++) await log.post(call(event, {}));
    await log.post(call("{}", { "content-length": String(20 * 2 ** 20) }));
    expect(log.evaluateAlerts()).toEqual([]);
  });

  test("by a health check that fails, which the availability test sees", async () => {
    const away = {
      check: () => Promise.reject(new Error("away")),
      countDeadLetters: async () => ({ count: 0, more: false }),
    };
    const handler = healthHandler({
      version: "1.2.3",
      signingKeys: ["key"],
      storage: away,
      marks: noMarks,
      budget: 1_000,
    });
    await log.run((context) => handler(undefined as never, context));
    expect(log.traces.at(-1)?.Message).toContain("unavailable");
    expect(log.evaluateAlerts()).toEqual([]);
  });

  test("by a large blast that takes longer than an hour to deliver", async () => {
    const received = new Date(now.getTime() - 3 * hour).toISOString();
    await log.post(signedCall(event));
    for (let message = 0; message < 20; message++) await log.forward(async () => receipt, received);
    // Some are slowed down by Platform meanwhile.
    for (let message = 0; message < 12; message++) {
      await log.forward(async () => ({ ...receipt, status: 429 }), received);
    }
    expect(log.evaluateAlerts()).toEqual([]);
  });

  test("by a backlog at a low rate, of which most events only wait for their turn", async () => {
    const full: Sender = {
      ...withoutPace({ send: async () => receipt as never }),
      turn: async () =>
        new Pace({ requestsPerSecond: 20, random: () => 0.5 }).turn(0, Number.POSITIVE_INFINITY, 0) as Pause,
    };
    await log.forward(async () => receipt);
    for (let message = 0; message < 20; message++) await log.forward(async () => receipt, undefined, full);
    expect(log.evaluateAlerts()).toEqual([]);
    expect(log.traces.map(({ Message }) => Message).join()).toContain("the rate limit towards Platform is reached");
  });

  test("by a first deployment whose roles propagate for some minutes", () => {
    for (let minutes = 15; minutes > 5; minutes--) log.except(minutes, "AuthorizationPermissionMismatch");
    expect(log.evaluateAlerts()).toEqual([]);
  });

  test("by lines of another relay in the same workspace", () => {
    log.write(JSON.stringify({ outcome: "dead", dead: 1, deadLetter: "d", reason: "r" }), 3);
    log.traces.push({ ...(log.traces.pop() as LogRecord), _ResourceId: `${componentId}-of-another` });
    expect(log.evaluateAlerts()).toEqual([]);
  });

  test("by silence before the first event", () => {
    log.at = new Date(now.getTime() - 30 * hour);
    log.write('{"outcome":"waiting","held":0}');
    expect(log.evaluateAlerts()).toEqual([]);
  });
});

describe("an alert is raised", () => {
  test("by calls that are refused while none is accepted: the wrong key", async () => {
    for (let minutes = 0; minutes < 5; minutes++) await log.post(signedCall(event, "key of another workspace"));
    expect(log.evaluateAlerts()).toEqual(["refused"]);
  });

  test.each<Record<string, string>>([
    { "x-cio-signature": "sha256=0f" },
    { "x-cio-timestamp": "2026-11-20T10:00:00Z" },
    { "x-cio-timestamp": "1763632800", "x-cio-signature": "0F".repeat(32) },
  ])("by calls with headers in another form, as if Customer.io had changed it: %j", async (headers) => {
    await log.post(call(event, {}));
    await log.post(call(event, headers));
    expect(log.evaluateAlerts()).toEqual(["refused"]);
  });

  test("by calls that are refused, or can't be accepted, only in sums", async () => {
    log.write(JSON.stringify({ outcome: "refused", refused: 812, reasons: ["no signing key fits X-CIO-Signature"] }));
    expect(log.evaluateAlerts()).toEqual(["refused"]);
    log = new AlertLog();
    for (let turn = 0; turn < 2; turn++) await log.post(signedCall(event), { signingKeys: [] });
    log.forgetFirstLines();
    expect(log.evaluateAlerts()).toEqual(["unavailable"]);
  });

  test("by events that are held, or late, only in sums", async () => {
    for (let turn = 0; turn < 2; turn++) await log.forward(async () => ({ ...receipt, status: 403 }));
    log.forgetFirstLines();
    expect(log.evaluateAlerts()).toEqual(["held"]);
    log = new AlertLog();
    const received = new Date(now.getTime() - 5 * hour).toISOString();
    for (let turn = 0; turn < 2; turn++) await log.forward(async () => receipt, received);
    log.forgetFirstLines();
    expect(log.evaluateAlerts()).toEqual(["late"]);
  });

  test("by refused calls an hour after the last good one, as after a rotation", async () => {
    log.at = new Date(now.getTime() - 61 * 60_000);
    await log.post(signedCall(event));
    log.at = now;
    await log.post(signedCall(event, "rotated"));
    expect(log.evaluateAlerts()).toEqual(["refused"]);
  });

  test("by refused calls, or by silence, although an operator's test event was accepted meanwhile", async () => {
    const verifyEvent = JSON.stringify(verificationEvent(verificationId(now, "0a"), now, "followed"));
    const leftOut = JSON.stringify(verificationEvent(verificationId(now, "0b"), now, "filtered"));
    await log.post(signedCall(event, "rotated"));
    for (let turn = 0; turn < 3; turn++) await log.post(signedCall(verifyEvent));
    for (let turn = 0; turn < 3; turn++) await log.post(signedCall(leftOut));
    expect(log.evaluateAlerts()).toEqual(["refused"]);
    await log.post(signedCall(event));
    expect(log.evaluateAlerts()).toEqual([]);
    log = new AlertLog();
    log.at = new Date(now.getTime() - 25 * hour);
    await log.post(signedCall(event));
    log.at = now;
    await log.post(signedCall(verifyEvent));
    expect(log.evaluateAlerts()).toEqual(["silent"]);
  });

  test("by 24 hours without a call, after there were some", async () => {
    log.at = new Date(now.getTime() - 25 * hour);
    await log.post(signedCall(event));
    expect(log.evaluateAlerts()).toEqual(["silent"]);
    log.at = new Date(now.getTime() - 23 * hour);
    await log.post(signedCall(event));
    expect(log.evaluateAlerts()).toEqual([]);
  });

  test("by calls that can't be accepted, or without a signing key", async () => {
    await log.post(signedCall(event), { signingKeys: [] });
    expect(log.evaluateAlerts()).toEqual(["unavailable"]);
  });

  test("by a queue that no function reads", async () => {
    let time = 0;
    const watch = new QueueWatch({
      storage: { peekHeads: async () => [{ queue: "events", message: { id: "1", dequeueCount: 0 } }] },
      monotonic: () => time,
      write: (text) => log.write(text),
    });
    for (; time <= 10 * 60_000; time += 60_000) await watch.check();
    expect(log.evaluateAlerts()).toEqual(["untaken"]);
  });

  test("by dead letters, from the intake, the forwarder and the poison queue", async () => {
    await log.post(signedCall("[]"));
    expect(log.evaluateAlerts()).toEqual(["dead-letters"]);
    log = new AlertLog();
    const storage = { ...log.storage, readClaim: async () => event };
    const handler = poisonHandler({ queue: queueNames.poison, storage, room: openForwarder.room, clock: () => now });
    const poisonous = newEvent({ id: "a", receivedAt: now.toISOString(), body: event });
    await log.run((context) => handler({ version: 1, events: [poisonous] }, context));
    expect(log.evaluateAlerts()).toEqual(["dead-letters"]);
  });

  test("by a dataflow that refuses, and by events that wait for more than an hour", async () => {
    await log.forward(async () => ({ ...receipt, status: 403 }));
    expect(log.evaluateAlerts()).toEqual(["held"]);
    log = new AlertLog();
    await log.forward(async () => ({ ...receipt, status: 503 }), new Date(now.getTime() - 2 * hour).toISOString());
    expect(log.evaluateAlerts()).toEqual(["late"]);
  });
});

describe("the alert on late events", () => {
  /** A line from some minutes ago about events that were received some hours before it. */
  const forwardAt = (minutesAgo: number, status: number, hoursBefore: number) => {
    log.evaluateAlerts();
    log.at = new Date(now.getTime() - minutesAgo * 60_000);
    return log.forward(
      async () => ({ ...receipt, status }),
      new Date(now.getTime() - hoursBefore * hour).toISOString(),
    );
  };

  test("stays from one attempt to the next, an hour later, and ends with the first delivery", async () => {
    await forwardAt(100, 200, 0);
    await forwardAt(65, 503, 2);
    expect(log.evaluateAlerts()).toEqual(["late"]);
    await forwardAt(0, 200, 2);
    expect(log.evaluateAlerts()).toEqual([]);
  });

  test("does not mind an old event that fails beside others that are delivered", async () => {
    await forwardAt(70, 200, 0);
    await forwardAt(60, 503, 2);
    expect(log.evaluateAlerts()).toEqual([]);
  });

  test("ends after two hours without a line, for another alert says if no function runs", async () => {
    await forwardAt(125, 503, 2);
    expect(log.evaluateAlerts()).toEqual([]);
  });
});

describe("an alert of Platform or Azure is raised", () => {
  test("when most events get a temporary error", async () => {
    await log.forward(async () => receipt);
    for (let message = 0; message < 10; message++) await log.forward(async () => ({ ...receipt, status: 503 }));
    expect(log.evaluateAlerts()).toEqual(["retrying"]);
  });

  test("while Platform accepts nothing, but not while events wait for another reason", async () => {
    const away = (reason: "retry" | "hold"): Sender => ({
      ...withoutPace({ send: async () => receipt as never }),
      pause: () => ({ reason, milliseconds: 60_000, seconds: 60, why: "Platform takes nothing" }),
    });
    await log.forward(async () => receipt, undefined, away("retry"));
    expect(log.evaluateAlerts()).toEqual(["paused"]);
    log = new AlertLog();
    await log.forward(async () => receipt, undefined, away("hold"));
    expect(log.evaluateAlerts()).toEqual(["held"]);
  });

  test("by functions that fail for longer than a deployment takes", () => {
    for (let minutes = 29; minutes > 0; minutes -= 2) log.except(minutes, "TypeError");
    expect(log.evaluateAlerts()).toEqual(["exceptions"]);
  });

  test("by a workspace that accepts no more records today", () => {
    const Detail = "The data volume limit was reached. The data type is App. OverQuota.";
    log.operations.push({ TimeGenerated: now, Category: "Ingestion", Detail });
    expect(log.evaluateAlerts()).toEqual(["cap"]);
  });

  test("by events that wait for more than four hours, although some are delivered", async () => {
    await log.forward(async () => receipt, new Date(now.getTime() - 5 * hour).toISOString());
    expect(log.evaluateAlerts()).toEqual(["late"]);
  });
});

test("neither a stranger's calls nor silence raise an alert before events are expected; the alert on silence can be switched off", () => {
  const onIn = (choices: Parameters<typeof relayAlerts>[0]) =>
    Object.entries(relayAlerts(choices))
      .filter(([, { enabled }]) => enabled)
      .map(([name]) => name);
  const always = ["cap", "dead-letters", "held", "late", "paused", "retrying", "untaken"];
  expect(onIn({ expectsEvents: false, silenceHours: 24 }).sort()).toEqual(always);
  expect(onIn({ expectsEvents: true, silenceHours: 0 }).sort()).toEqual(
    [...always, "exceptions", "refused", "unavailable"].sort(),
  );
  expect(onIn({ expectsEvents: true, silenceHours: 24 })).toEqual(Object.keys(alerts));
});

test("each alert is raised by a test above", async () => {
  const tests = await readFile(__filename, "utf8");
  const raised = Array.from(tests.matchAll(/evaluateAlerts\(\)\)\.toEqual\(\["([\w-]+)"\]\)/g), ([, name]) => name);
  const missing = Object.keys(alerts).filter((name) => !raised.includes(name));
  expect(missing.map((name) => `test/components/relay-alerts.test.ts does not raise ${name}`)).toEqual([]);
});

test("docs/reliability.md names each alert among its failures", async () => {
  const page = await readFile(path.join(__dirname, "../../docs/reliability.md"), "utf8");
  const [, failures = ""] = /^## What happens in each failure\n([\s\S]*?)^## /m.exec(page) ?? [];
  const missing = Object.keys(alerts).filter((name) => !failures.includes(`\`${name}\``));
  expect(missing.map((name) => `docs/reliability.md has no failure that raises ${name}`)).toEqual([]);
});

test("the compiler refuses a query for an unknown field or outcome", () => {
  // @ts-expect-error
  expect(lineNumber("heldEvents")).toBe("tolong(line.heldEvents)");
  // @ts-expect-error
  expect(lineNumber("reason")).toBe("tolong(line.reason)");
  // @ts-expect-error
  expect(lineField("rules")).toBe("line.rules");
  // @ts-expect-error
  expect(isOutcome("died")).toBe('tostring(line.outcome) == "died"');
});

test("a query with an unknown field or operator fails here", () => {
  expect(() => runQuery("AppTraces | where Massage == 1", { AppTraces: log.traces }, now)).toThrow("no column Massage");
  expect(() => runQuery("AppTraces | top 5 by TimeGenerated", {}, now)).toThrow("Unknown operator");
});
