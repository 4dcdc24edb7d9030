import type { Finding } from "../../cli/output/finding.ts";
import { type FollowOptions, follow, type Stage, type StageReport } from "../../cli/verify/follow.ts";

const waiting: StageReport = { verdict: "waiting", found: "not yet" };
const fine: StageReport = { verdict: "fine", found: "there" };

/** A stage with these findings in order, repeating the last one. */
function stage(part: string, ...sights: StageReport[]): Stage {
  return { part, look: async () => (sights.length > 1 ? sights.shift() : sights[0]) ?? fine };
}

/** Follows with a clock that only sleeping advances. */
async function run(stages: Stage[], more: Partial<FollowOptions> = {}) {
  let now = 0;
  const pauses: number[] = [];
  const reported: [string, Finding["verdict"]][] = [];
  const outcome = await follow({
    stages,
    timeout: 60_000,
    signal: new AbortController().signal,
    progress: () => undefined,
    report: (part, { verdict }) => reported.push([part, verdict]),
    monotonic: () => now,
    sleep: async (milliseconds) => {
      pauses.push(milliseconds);
      now += milliseconds;
    },
    ...more,
  });
  return { outcome, pauses, reported };
}

test("goes from stage to stage, and waits with growing delays", async () => {
  const { outcome, pauses, reported } = await run([
    stage("relay", fine),
    stage("delivery", waiting, waiting, waiting, fine),
    stage("dataset", waiting, fine),
  ]);
  expect(outcome).toBe("through");
  expect(reported).toEqual([
    ["relay", "fine"],
    ["delivery", "fine"],
    ["dataset", "fine"],
  ]);
  expect(pauses.map(Math.round)).toEqual([500, 700, 980, 500]);
});

test("ends at a broken stage, and at the intended last one", async () => {
  const broken: StageReport = { verdict: "broken", found: "dead", runbook: "alert-dead-letters" };
  expect(await run([stage("relay", broken), stage("dataset", fine)])).toMatchObject({
    outcome: "broken",
    reported: [["relay", "broken"]],
  });
  expect(await run([stage("relay", { ...fine, end: true }), stage("dataset", fine)])).toMatchObject({
    outcome: "through",
    reported: [["relay", "fine"]],
  });
});

test("gives up when the total time is over, after a last check", async () => {
  const { outcome, pauses, reported } = await run([stage("delivery", waiting)], { timeout: 40_000 });
  expect([outcome, reported]).toEqual(["waiting", [["delivery", "waiting"]]]);
  expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBe(40_000);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(15_000);
});

test("a stage that can't be checked is broken, with the error's message", async () => {
  const reported: string[] = [];
  const look = () => Promise.reject(new Error("Your Azure login lacks a role."));
  const { outcome } = await run([{ part: "delivery", look }], { report: (_part, { found }) => reported.push(found) });
  expect([outcome, reported]).toEqual(["broken", ["Your Azure login lacks a role."]]);
});

test("stops on request", async () => {
  const controller = new AbortController();
  const { outcome } = await run([stage("delivery", waiting)], {
    signal: controller.signal,
    sleep: async () => controller.abort(),
  });
  expect(outcome).toBe("stopped");
});
