import fc from "fast-check";
import { decodeEnvelope, maxEnvelopeBytes, newEvent } from "../../relay/core/event/envelope.ts";
import { GroupCommit } from "../../relay/core/intake/group-commit.ts";

const event = (id: string, body = "{}") => newEvent({ id, receivedAt: "2026-11-20T10:00:00.000Z", body });

/** Runs everything that can continue. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A storage with writes and timeouts that end when the test says so. */
function harness() {
  const writes: {
    ids: string[];
    end: () => void;
    fail: (error: Error) => void;
    slow: () => void;
    cancelled: boolean;
  }[] = [];
  const slowTimers: { callBack: () => void; cancelled: boolean }[] = [];
  const groups = new GroupCommit({
    write: (message) => {
      expect(message.length).toBeLessThanOrEqual(65_536);
      const decoded = decodeEnvelope(JSON.parse(Buffer.from(message, "base64").toString("utf8")));
      const ids = decoded.readable ? decoded.events.map(({ id }) => id) : [];
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = slowTimers.at(-1);
      writes.push({
        ids,
        end: resolve,
        fail: reject,
        slow: () => timer?.callBack(),
        get cancelled() {
          return timer?.cancelled ?? false;
        },
      });
      return promise;
    },
    whenSlow: (callBack) => {
      const timer = { callBack, cancelled: false };
      slowTimers.push(timer);
      return () => {
        timer.cancelled = true;
      };
    },
  });
  const answers: Record<string, unknown> = {};
  const commit = (id: string, body?: string) => {
    groups.commit(event(id, body)).then(
      (receipt) => {
        answers[id] = receipt;
      },
      (error: Error) => {
        answers[id] = error.message;
      },
    );
  };
  const write = (at: number) => {
    const found = writes[at];
    if (!found) throw new Error(`There was no write ${at}.`);
    return found;
  };
  return { commit, writes, write, answers, ids: () => writes.map(({ ids }) => ids) };
}

test("an idle relay writes an event at once, and answers after the write", async () => {
  const { commit, write, answers, ids } = harness();
  commit("a");
  expect(ids()).toEqual([["a"]]);
  await settle();
  expect(answers).toEqual({});
  write(0).end();
  await settle();
  expect(answers).toEqual({ a: { first: true, ids: ["a"], labels: [] } });
  expect(write(0).cancelled).toBe(true);
});

test("events that arrive during a write share the next message, and the first of them reports", async () => {
  const { commit, write, answers, ids } = harness();
  for (const id of ["a", "b", "c", "d"]) commit(id);
  expect(ids()).toEqual([["a"]]);
  write(0).end();
  await settle();
  expect(ids()).toEqual([["a"], ["b", "c", "d"]]);
  expect(Object.keys(answers)).toEqual(["a"]);
  write(1).end();
  await settle();
  expect(answers).toMatchObject({
    b: { first: true, ids: ["b", "c", "d"], labels: [] },
    c: { first: false, ids: ["b", "c", "d"], labels: [] },
    d: { first: false, ids: ["b", "c", "d"], labels: [] },
  });
});

test("a failed write fails for its own callers only", async () => {
  const { commit, write, answers } = harness();
  for (const id of ["a", "b", "c"]) commit(id);
  write(0).end();
  await settle();
  commit("d");
  write(1).fail(new Error("storage is busy"));
  await settle();
  write(2).end();
  await settle();
  expect(answers).toEqual({
    a: { first: true, ids: ["a"], labels: [] },
    b: "storage is busy",
    c: "storage is busy",
    d: { first: true, ids: ["d"], labels: [] },
  });
});

test("a full message does not wait for the current write", () => {
  const { commit, ids } = harness();
  const half = "x".repeat(maxEnvelopeBytes / 2 - 500);
  commit("a");
  for (const id of ["b", "c", "d"]) commit(id, half);
  expect(ids()).toEqual([["a"], ["b", "c"]]);
});

test("events do not wait for a slow write", async () => {
  const { commit, write, answers, ids } = harness();
  commit("a");
  commit("b");
  write(0).slow();
  expect(ids()).toEqual([["a"], ["b"]]);
  commit("c");
  expect(ids()).toEqual([["a"], ["b"]]);
  write(1).end();
  await settle();
  expect(ids()).toEqual([["a"], ["b"], ["c"]]);
  write(0).end();
  write(2).end();
  await settle();
  expect(Object.keys(answers).sort()).toEqual(["a", "b", "c"]);
});

test("an event too large for any message fails alone", async () => {
  const { commit, write, answers, ids } = harness();
  commit("a");
  commit("b");
  commit("large", "x".repeat(maxEnvelopeBytes));
  write(0).end();
  await settle();
  write(1).end();
  await settle();
  expect(ids()).toEqual([["a"], ["b"]]);
  expect(answers.large).toBe("Event large is too large for a queue message.");
});

test("each event is written once and answered by its own write, in any order of writes and failures", async () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("commit" as const), bytes: fc.integer({ min: 0, max: 40_000 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom("end" as const, "fail" as const, "slow" as const), pick: fc.nat() }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { commit, writes, answers, ids } = harness();
      const committed: string[] = [];
      const failed = new Set<string>();
      const open = new Set<number>();
      const noteWrites = () => {
        for (const at of writes.keys()) if (!ended.has(at)) open.add(at);
      };
      const ended = new Set<number>();
      const finish = (at: number, how: "end" | "fail") => {
        open.delete(at);
        ended.add(at);
        if (how === "fail") for (const id of writes[at]?.ids ?? []) failed.add(id);
        if (how === "fail") writes[at]?.fail(new Error("failed"));
        else writes[at]?.end();
      };
      for (const each of steps) {
        if (each.do === "commit") {
          const id = `e${committed.length}`;
          committed.push(id);
          commit(id, "x".repeat(each.bytes));
        } else {
          noteWrites();
          const at = [...open][each.pick % Math.max(1, open.size)];
          if (at === undefined) continue;
          if (each.do === "slow") writes[at]?.slow();
          else finish(at, each.do);
          await settle();
        }
        // No event waits without a write.
        if (ids().flat().length < committed.length) expect(writes.length).toBeGreaterThan(ended.size);
      }
      for (let at = 0; at < writes.length; at += 1) {
        if (!ended.has(at)) finish(at, "end");
        await settle();
      }
      expect(ids().flat()).toEqual(committed);
      const expected = committed.map((id) => [id, failed.has(id) ? "failed" : "written"]);
      expect(
        committed.map((id) => [id, answers[id] === "failed" ? "failed" : answers[id] ? "written" : "none"]),
      ).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
