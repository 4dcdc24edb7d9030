import fc from "fast-check";
import { Breaker, type Pause, type Permit, type PermittedRequest } from "../../relay/core/delivery/breaker.ts";
import type { Verdict } from "../../relay/core/delivery/delivery.ts";

const permit = (answer: Permit | Pause): Permit => {
  if ("seconds" in answer) throw new Error(`a pause of ${answer.milliseconds} ms`);
  return answer;
};
const pause = (answer: Permit | Pause): Pause => {
  if ("isProbe" in answer) throw new Error("leave was given");
  return answer;
};

const newBreaker = (random = () => 0) => new Breaker({ requestsPerSecond: 800, random });

/** Begins a request for which there is permission. */
function begin(breaker: Breaker, leave: Permit, now: number, giveUp = () => {}): PermittedRequest {
  const request = breaker.begin(leave, now, giveUp);
  if (!request) throw new Error("no room");
  return request;
}

/** Sends one request and records its result at once, as an answer of Platform. */
function send(breaker: Breaker, verdict: Verdict, now: number, { isFresh = true, retryAfter }: Sending = {}): boolean {
  const request = begin(breaker, permit(breaker.enter(now, isFresh)), now);
  return breaker.record(request, verdict, { now, retryAfter, isAnswer: true });
}
interface Sending {
  readonly isFresh?: boolean;
  readonly retryAfter?: number;
}

function openBreaker(verdict: Verdict = "retry", random = () => 0): Breaker {
  const breaker = newBreaker(random);
  for (let at = 0; at < 20; at += 1) send(breaker, verdict, 0);
  return breaker;
}

test("Platform counts as down after 20 failures in a row, not after 19", () => {
  const breaker = newBreaker();
  for (let at = 0; at < 19; at += 1) send(breaker, "retry", 0);
  send(breaker, "delivered", 0);
  for (let at = 0; at < 19; at += 1) send(breaker, "retry", 0);
  expect(breaker.isAway).toBe(false);
  send(breaker, "retry", 0);
  expect(breaker.isAway).toBe(true);
  expect(breaker.pause(0, true)).toEqual({
    reason: "retry",
    milliseconds: 500,
    seconds: 1,
    why: "Platform accepts nothing; the relay tries again from time to time",
  });
});

test("Platform does not count as down while anything is delivered, however much fails", () => {
  const breaker = newBreaker();
  for (let at = 0; at < 1_000; at += 1) send(breaker, at % 20 === 19 ? "delivered" : at % 2 ? "retry" : "hold", at);
  expect(breaker.isAway).toBe(false);
});

test("Retry-After delays no event while others pass, and while Platform is down, new ones for ten seconds at most", () => {
  const breaker = newBreaker();
  send(breaker, "delivered", 0);
  send(breaker, "retry", 0, { retryAfter: 120 });
  expect(breaker.pause(0, true)).toBeUndefined();
  for (let at = 0; at < 19; at += 1) send(breaker, "retry", 0, { retryAfter: 120 });
  expect([true, false].map((isFresh) => breaker.pause(0, isFresh)?.milliseconds)).toEqual([10_000, 120_000]);
  send(breaker, "retry", 10_000, { retryAfter: 5 });
  expect([true, false].map((isFresh) => breaker.pause(10_000, isFresh)?.milliseconds)).toEqual([5_000, 110_000]);
});

test("events that failed before count for a quarter", () => {
  const breaker = newBreaker();
  for (let at = 0; at < 79; at += 1) send(breaker, "retry", 0, { isFresh: false });
  expect(breaker.isAway).toBe(false);
  send(breaker, "retry", 0, { isFresh: false });
  expect(breaker.isAway).toBe(true);
});

test("one probe at a time; any delivery ends the outage", () => {
  const breaker = openBreaker();
  const probe = permit(breaker.enter(500, true));
  expect(probe.isProbe).toBe(true);
  expect(pause(breaker.enter(501, true)).milliseconds).toBe(499);
  expect(breaker.record(begin(breaker, probe, 500), "delivered", { now: 600, isAnswer: true })).toBe(true);
  expect(permit(breaker.enter(600, true)).isProbe).toBe(false);
  const other = openBreaker();
  expect(send(other, "delivered", 1_000, { isFresh: false })).toBe(true);
  expect(other.isAway).toBe(false);
});

test("a probe without an answer does not prevent the next one", () => {
  const breaker = openBreaker();
  permit(breaker.enter(500, true));
  expect(permit(breaker.enter(1_000, true)).isProbe).toBe(true);
});

test("probes of events that failed before do not use up those of fresh events", () => {
  const breaker = openBreaker();
  const stuck = new Set<number>();
  for (let now = 0; now < 60_000; now += 100) {
    const leave = breaker.enter(now, false);
    if ("seconds" in leave) continue;
    stuck.add(now);
    breaker.record(begin(breaker, leave, now), "retry", { now, isAnswer: true });
  }
  expect(stuck.size).toBeGreaterThan(10);
  expect(permit(breaker.enter(60_000, true)).isProbe).toBe(true);
});

test.each<Verdict>(["retry", "hold", "dead"])("in a long outage (%s) probes become rarer", (verdict) => {
  const waits = [1, 10, 20, 600, 3_600, 18_000, 600_000].map((age) => {
    const breaker = openBreaker(verdict);
    send(breaker, verdict, age * 1000);
    return breaker.pause(age * 1000, true)?.milliseconds;
  });
  expect(waits).toEqual([500, 500, 1_000, 30_000, 180_000, 900_000, 900_000]);
});

test("messages come back spread over a quarter of the outage so far, 15 minutes at most, after a wait that is a little blurred", () => {
  const secondsAt = (age: number, random: number) => {
    const breaker = openBreaker("retry", () => random);
    permit(breaker.enter(age * 1000, true));
    return breaker.pause(age * 1000, true)?.seconds;
  };
  expect([10, 600, 3_600, 36_000].map((age) => [secondsAt(age, 0), secondsAt(age, 0.999_99)])).toEqual([
    [1, 4],
    [30, 181],
    [180, 1081],
    [900, 1801],
  ]);
});

test("an outage right after another starts at half of its age; after half a minute it starts at zero", () => {
  const intervalAfter = (milliseconds: number) => {
    const breaker = openBreaker();
    send(breaker, "delivered", 3_600_000);
    const now = 3_600_000 + milliseconds;
    while (!breaker.isAway) send(breaker, "retry", now);
    return breaker.pause(now, true)?.milliseconds;
  };
  expect([0, 29_999, 30_000].map(intervalAfter)).toEqual([90_000, 90_000, 500]);
});

describe("a refusal", () => {
  test("is the event's own fault as long as others pass", () => {
    const breaker = newBreaker();
    expect(breaker.othersPass).toBe(false);
    send(breaker, "delivered", 0);
    expect(breaker.othersPass).toBe(true);
    for (let at = 0; at < 3; at += 1) send(breaker, "dead", 0);
    expect(breaker.othersPass).toBe(false);
    send(breaker, "delivered", 0);
    expect(breaker.othersPass).toBe(true);
  });

  test("of every event is a mistake that an operator has to fix", () => {
    expect(openBreaker("dead").pause(0, true)?.reason).toBe("hold");
    expect(openBreaker("hold").pause(0, true)?.reason).toBe("hold");
  });
});

describe("how many requests may wait for an answer at once", () => {
  const countBegun = (breaker: Breaker, now: number) => {
    const leave = permit(breaker.enter(now, true));
    return Array.from({ length: 300 }, () => breaker.begin(leave, now, () => {})).filter((request) => request).length;
  };

  test("twelve and a probe before the first answer", () => {
    const breaker = newBreaker();
    expect(countBegun(breaker, 0)).toBe(12);
    expect(breaker.begin({ isFresh: true, isProbe: true }, 0, () => {})).toBeDefined();
  });

  test.each([
    [5, 12],
    [50, 80],
    [5_000, 256],
  ])("twice as many as 800 a second need if an answer takes %i ms: %i", (took, expected) => {
    const breaker = newBreaker();
    breaker.record(begin(breaker, permit(breaker.enter(0, true)), 0), "delivered", { now: took, isAnswer: true });
    expect(countBegun(breaker, took)).toBe(expected);
  });

  test("requests that later ones have overtaken don't count", () => {
    const breaker = newBreaker();
    expect(countBegun(breaker, 0)).toBe(12);
    const probe = begin(breaker, { isFresh: true, isProbe: true }, 1);
    breaker.record(probe, "delivered", { now: 6, isAnswer: true });
    expect(countBegun(breaker, 6)).toBe(12);
  });
});

describe("requests that are not answered", () => {
  /** Answers take 5 ms, and then so many requests of the same time hang. */
  const hang = (count: number, given: number[] = []) => {
    const breaker = newBreaker();
    breaker.record(begin(breaker, permit(breaker.enter(0, true)), 0), "delivered", { now: 5, isAnswer: true });
    const requests = Array.from({ length: count }, (_, at) =>
      begin(breaker, permit(breaker.enter(10, true)), 10, () => given.push(at)),
    );
    return { breaker, requests, given };
  };
  const deliver = (breaker: Breaker, from: number, now: number) =>
    breaker.record(begin(breaker, permit(breaker.enter(from, true)), from), "delivered", { now, isAnswer: true });

  test("mean after a second that Platform is down, if there are five of them", () => {
    const { breaker } = hang(5);
    expect([breaker.pause(1_010, true), breaker.isAway]).toEqual([undefined, false]);
    expect([breaker.pause(1_011, true), breaker.isAway]).toEqual([undefined, false]);
    expect(breaker.pause(1_021, true)).toMatchObject({ reason: "retry", milliseconds: 500 });
    const { breaker: other } = hang(4);
    expect([other.pause(7_000, true), other.pause(7_100, true)]).toEqual([undefined, undefined]);
  });

  test("mean nothing if the answers are there after a moment, since the process itself stood still", () => {
    const { breaker, requests } = hang(5);
    const next = permit(breaker.enter(10, true));
    expect(breaker.begin(next, 9_000, () => undefined)).toBeUndefined();
    for (const request of requests) breaker.record(request, "delivered", { now: 9_002, isAnswer: true });
    expect(breaker.begin(next, 9_020, () => undefined)).toBeDefined();
    expect(breaker.isAway).toBe(false);
  });

  test("mean nothing while others are answered, with whatever status", () => {
    const { breaker } = hang(10);
    for (let now = 500; now < 8_000; now += 500) send(breaker, now % 1_000 ? "retry" : "delivered", now);
    expect(breaker.isAway).toBe(false);
  });

  test("mean nothing before four times as long as recent answers took, and nothing before the first answer", () => {
    const breaker = newBreaker();
    const permits = permit(breaker.enter(0, true));
    for (let at = 0; at < 12; at += 1) begin(breaker, permits, 0);
    expect([breaker.pause(60_000, true), breaker.pause(60_100, true)]).toEqual([undefined, undefined]);
    const slow = newBreaker();
    slow.record(begin(slow, permits, 0), "delivered", { now: 1_000, isAnswer: true });
    for (let at = 0; at < 12; at += 1) begin(slow, permits, 1_000);
    const waits = [4_980, 5_000, 5_001, 5_011].map((now) => slow.pause(now, true)?.milliseconds);
    expect(waits).toEqual([undefined, undefined, undefined, 500]);
  });

  test("are given up once Platform is back, unless its answers are still slow", () => {
    const quick = hang(5);
    for (const now of [1_490, 1_500]) quick.breaker.pause(now, true);
    expect(deliver(quick.breaker, 2_000, 2_005)).toBe(true);
    expect(quick.given).toEqual([0, 1, 2, 3, 4]);
    const slow = hang(5);
    for (const now of [1_490, 1_500]) slow.breaker.pause(now, true);
    expect(deliver(slow.breaker, 2_000, 4_000)).toBe(true);
    expect(slow.given).toEqual([]);
  });

  test("are not given up without an outage: their events may need that long", () => {
    const { breaker, given } = hang(4);
    for (let now = 500; now < 8_000; now += 500) deliver(breaker, now, now + 5);
    expect(given).toEqual([]);
  });

  test("don't count as failures in a row once a later one was delivered", () => {
    const { breaker, requests } = hang(11);
    deliver(breaker, 500, 505);
    for (const request of requests) breaker.record(request, "retry", { now: 8_000, isAnswer: false });
    for (let at = 0; at < 19; at += 1) send(breaker, "retry", 8_000);
    expect(breaker.isAway).toBe(false);
  });
});

test("events that fail among others that pass: the outage that was none takes four times as many failures the next time", () => {
  const breaker = newBreaker();
  const failuresUntilDown = (now: number) => {
    for (let count = 1; ; count += 1) {
      send(breaker, "retry", now);
      if (breaker.isAway) return count;
    }
  };
  const counts = [0, 1_000, 2_000, 3_000, 4_000].map((now) => {
    const count = failuresUntilDown(now);
    send(breaker, "delivered", now + 600);
    return count;
  });
  expect(counts).toEqual([20, 80, 320, 320, 320]);
  expect(failuresUntilDown(60_000)).toBe(20);
});

const step = fc.record({
  wait: fc.nat(120_000),
  isFresh: fc.boolean(),
  verdict: fc.constantFrom<Verdict>("delivered", "dead", "retry", "hold"),
  retryAfter: fc.option(fc.nat(3_600), { nil: undefined }),
});

test("it never stays closed: a probe is allowed within an hour, and a successful one ends the outage", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const breaker = newBreaker(() => 0.999);
      let now = 0;
      for (const { wait, isFresh, verdict, retryAfter } of steps) {
        now += wait;
        const leave = breaker.enter(now, isFresh);
        if ("isProbe" in leave) {
          breaker.record(begin(breaker, leave, now), verdict, { now, retryAfter, isAnswer: true });
        } else expect(leave.seconds).toBeGreaterThanOrEqual(1);
      }
      now += 60 * 60 * 1000;
      for (const isFresh of [true, false]) {
        send(breaker, "delivered", now, { isFresh });
        expect(breaker.isAway).toBe(false);
      }
    }),
  );
});
