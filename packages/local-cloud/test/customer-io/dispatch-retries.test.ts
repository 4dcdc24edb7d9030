import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { type Certificate, createCertificate } from "../../src/certificate.ts";
import { transportErrors } from "../../src/customer-io/sending/retry-schedule.ts";
import { defaultCustomerIoSwitches } from "../../src/customer-io/switches.ts";
import { Receiver } from "./receiver.ts";
import { day, hour, startSeconds, TestBed } from "./test-bed.ts";

let bed: TestBed;
afterEach(() => bed.close());

const hourLongStatuses = [400, 401, 402, 403, 404, 405, 410, 429, 500, 502, 521];
const shortStatuses = [302, 307, 408, 409, 413, 422, 501, 503, 504];

/** Sends an event to an endpoint that always fails until Customer.io gives up; returns its delivery. */
async function failForAWeek() {
  await bed.emit(1);
  await bed.clock.advance(8 * day * 1000);
  return (await bed.deliveries()).deliveries[0];
}

describe("failures that are retried after an hour, then with doubled waits, for seven days", () => {
  const attempts = [0, 1, 3, 7, 15, 31, 63, 127].map((hours) => hours * hour);

  test.each(hourLongStatuses)("status %d", async (status) => {
    bed = await TestBed.start();
    await bed.subscribe(["email_sent"]);
    bed.receiver.answer = () => status;
    expect(await failForAWeek()).toMatchObject({ status: "given-up", attempts: 8, lastStatus: status });
    expect(bed.callTimes).toEqual(attempts);
  });

  test.each([
    ["close", transportErrors.endOfFile],
    ["reset", transportErrors.reset],
  ] as const)("a connection that ends by %s", async (answer, error) => {
    bed = await TestBed.start();
    await bed.subscribe(["email_sent"]);
    bed.receiver.answer = () => answer;
    expect(await failForAWeek()).toMatchObject({ status: "given-up", attempts: 8, lastStatus: error });
    expect(bed.callTimes).toEqual(attempts);
  });

  test("a refused connection", async () => {
    bed = await TestBed.start();
    const gone = await Receiver.start();
    await gone.close();
    await bed.subscribe(["email_sent"], { endpoint: gone.url });
    await bed.emit(1);
    await bed.clock.untilSettled();
    expect((await bed.deliveries()).deliveries).toEqual([
      {
        id: expect.any(String),
        webhook: 5,
        status: "waiting",
        attempts: 1,
        lastStatus: "connect: connection refused",
        nextAttemptAt: "2026-01-01T01:00:00.000Z",
      },
    ]);
  });
});

describe("certificates", () => {
  let folder: string;
  let certificate: Certificate;
  let secure: Receiver;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "customer-io-"));
    certificate = await createCertificate(folder);
    secure = await Receiver.start({ key: certificate.key, cert: certificate.certificate });
  });
  afterAll(async () => {
    await secure.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    bed = await TestBed.start();
  });

  test("that aren't trusted fail the call before it is made, for an hour", async () => {
    await bed.subscribe(["email_sent"], { endpoint: secure.url });
    await bed.emit(1);
    await bed.clock.untilSettled();
    expect((await bed.deliveries()).deliveries[0]).toMatchObject({
      lastStatus: "tls: failed to verify certificate: x509:",
      nextAttemptAt: "2026-01-01T01:00:00.000Z",
    });
    expect(secure.calls).toEqual([]);
  });

  test("are trusted through NODE_EXTRA_CA_CERTS", async () => {
    const script = path.join(__dirname, "post-once.ts");
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate.certificateFile };
    const { stdout } = await promisify(execFile)(process.execPath, [script, secure.url], { env });
    expect(stdout).toBe("200");
    expect(secure.calls).toHaveLength(1);
  });
});

describe("failures that are retried soon, then with doubled waits, for seven days", () => {
  test.each(shortStatuses)("status %d", async (status) => {
    bed = await TestBed.start();
    await bed.subscribe(["email_sent"]);
    bed.receiver.answer = () => status;
    expect(await failForAWeek()).toMatchObject({ status: "given-up", attempts: 14, lastStatus: status });
    expect(bed.callTimes).toEqual(Array.from({ length: 14 }, (_, index) => 60 * (2 ** index - 1)));
  });

  test("a call that takes too long, with a late 2xx that leads to a duplicate", async () => {
    bed = await TestBed.start({ switches: { callTimeoutSeconds: 0.5 } });
    await bed.subscribe(["email_sent"]);
    bed.receiver.answer = (_call, index) => (index === 0 ? "hold" : 200);
    const [event] = await bed.emit(1);
    await bed.clock.untilSettled();
    expect((await bed.deliveries()).deliveries[0]).toMatchObject({
      lastStatus: "timeout",
      nextAttemptAt: "2026-01-01T00:01:00.000Z",
    });
    bed.receiver.release();
    await bed.clock.advance(60_000);
    expect(bed.receiver.eventIds).toEqual([event, event]);
    expect(bed.callTimes).toEqual([0, 60]);
    expect((await bed.deliveries()).counts).toEqual({ waiting: 0, accepted: 1, "given-up": 0, lost: 0 });
  });

  test("a call may take four seconds, and the short wait is the switch's", async () => {
    expect(defaultCustomerIoSwitches.callTimeoutSeconds).toBe(4);
    bed = await TestBed.start({ switches: { shortFirstWaitSeconds: 5 } });
    await bed.subscribe(["email_sent"]);
    bed.receiver.answer = (_call, index) => (index < 3 ? 503 : 200);
    await bed.emit(1);
    await bed.clock.advance(35_000);
    expect(bed.callTimes).toEqual([0, 5, 15, 35]);
  });
});

test("a call may last longer than an idle connection is kept", async () => {
  bed = await TestBed.start();
  await bed.subscribe(["email_sent"]);
  bed.receiver.answer = (_call, index) => (index === 1 ? "hold" : 200);
  await bed.emit(2);
  await bed.receiver.untilCalled(2);
  setTimeout(() => bed.receiver.release(), 1500);
  expect((await bed.idle()).counts.accepted).toBe(2);
  expect(bed.receiver.calls).toHaveLength(2);
});

test("redirects aren't followed", async () => {
  bed = await TestBed.start();
  await bed.subscribe(["email_sent"]);
  bed.receiver.answer = () => 307;
  await bed.emit(1);
  await bed.clock.untilSettled();
  expect(bed.receiver.calls).toHaveLength(1);
});

test.each([200, 201, 202, 204])("status %d is a success", async (status) => {
  bed = await TestBed.start();
  await bed.subscribe(["email_sent"]);
  bed.receiver.answer = () => status;
  await bed.emit(2);
  expect((await bed.idle()).counts.accepted).toBe(2);
});

test("events wait behind a failing one, and continue when it is given up", async () => {
  bed = await TestBed.start();
  await bed.subscribe(["email_sent"]);
  bed.receiver.answer = ({ body }) => (body.includes("person-1@") ? 404 : 200);
  const [stuck, ...rest] = await bed.emit(4);
  await bed.clock.advance(7 * day * 1000 - 1);
  expect(new Set(bed.receiver.eventIds)).toEqual(new Set([stuck]));
  await bed.clock.advance(1);
  expect(bed.receiver.eventIds.slice(8)).toEqual(rest);
  expect((await bed.deliveries()).counts).toEqual({ waiting: 0, accepted: 3, "given-up": 1, lost: 0 });
});

test("a new endpoint is used from the next attempt on, which is not earlier", async () => {
  bed = await TestBed.start();
  const id = await bed.subscribe(["email_sent"], { endpoint: `${bed.receiver.url}/old` });
  bed.receiver.answer = () => 404;
  const [event] = await bed.emit(1);
  await bed.clock.untilSettled();
  await bed.api("PUT", `/reporting_webhooks/${id}`, { endpoint: bed.receiver.url });
  bed.receiver.answer = () => 200;
  await bed.clock.advance(hour * 1000 - 1);
  expect(bed.receiver.calls).toHaveLength(1);
  await bed.clock.advance(1);
  expect(bed.receiver.eventIds).toEqual([event, event]);
});

test("the header's timestamp can stay that of the first attempt; the event's always does", async () => {
  bed = await TestBed.start({ switches: { timestampOnRetry: "first" } });
  await bed.subscribe(["email_sent"]);
  bed.receiver.answer = (_call, index) => (index < 2 ? 500 : 200);
  await bed.emit(1);
  await bed.clock.advance(day * 1000);
  expect(bed.callTimes).toEqual([0, 0, 0]);
  expect(new Set(bed.receiver.calls.map(({ body }) => body)).size).toBe(1);
  expect(JSON.parse(bed.receiver.calls[2]?.body ?? "").timestamp).toBe(startSeconds);
});

test("order is kept, each wait follows the rule, and each event is delivered once, for any failures", async () => {
  const failure = fc.constantFrom(...hourLongStatuses, ...shortStatuses);
  const failures = fc.array(fc.array(failure, { maxLength: 4 }), { minLength: 1, maxLength: 4 });
  bed = await TestBed.start();
  await bed.subscribe(["email_sent"]);
  await fc.assert(
    fc.asyncProperty(failures, async (ofEachEvent) => {
      const script = ofEachEvent.flatMap((statuses) => [...statuses, 200]);
      const { receiver, clock } = bed;
      receiver.calls.length = 0;
      receiver.answer = (_call, index) => script[index] ?? 200;
      const started = clock.seconds();
      const ids = await bed.emit(ofEachEvent.length);
      await clock.advance(30 * day * 1000);

      let time = started;
      const expected = ofEachEvent.flatMap((statuses, event) => {
        const attempts = [{ id: ids[event], time }];
        let wait = 0;
        for (const status of statuses) {
          wait = Math.max(2 * wait, hourLongStatuses.includes(status) ? hour : 60);
          time += wait;
          attempts.push({ id: ids[event], time });
        }
        return attempts;
      });
      const { eventIds, timestamps } = receiver;
      expect(eventIds.map((id, index) => ({ id, time: timestamps[index] }))).toEqual(expected);
    }),
    { numRuns: 30 },
  );
  expect((await bed.deliveries()).counts).toMatchObject({ waiting: 0, "given-up": 0, lost: 0 });
});
