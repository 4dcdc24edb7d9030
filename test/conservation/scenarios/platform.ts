import { setTimeout as sleep } from "node:timers/promises";
import { day, hour, minute } from "../durations.ts";
import type { Scenario } from "../scenario.ts";

function platformAnswers(status: number, retryAfterSeconds: number): Scenario {
  return {
    name: `Platform answers ${status} to most`,
    async act(world, { count, duration }) {
      await world.platform.platform.addFault({
        target: "inlet",
        rate: 0.7,
        effect: { kind: "status", status, retryAfterSeconds },
      });
      await world.send(count, duration);
      // The requested waits pass, and the fault is still there.
      for (let round = 0; round < 3; round++) {
        await world.pass(minute);
        await sleep(500);
      }
      await world.platform.platform.plain("DELETE", "/__local/faults");
    },
  };
}

/** Scenarios in which Platform refuses events or is away. */
export const platformScenarios: readonly Scenario[] = [
  platformAnswers(429, 5),
  platformAnswers(503, 2),
  {
    name: "two requests of three fail, in several ways",
    async act(world, { count, duration }) {
      const { platform } = world.platform;
      const effects = [
        { kind: "status", status: 500 },
        { kind: "status", status: 503, retryAfterSeconds: 1 },
        { kind: "reset" },
      ];
      for (const effect of effects) await platform.addFault({ target: "inlet", rate: 0.3, effect });
      await world.send(count, duration);
      await sleep(2 * duration);
      await platform.plain("DELETE", "/__local/faults");
    },
  },
  {
    name: "half of the requests get 403",
    async act(world, { count, duration }) {
      const effect = { kind: "status", status: 403 };
      await world.platform.platform.addFault({ target: "inlet", rate: 0.5, effect });
      await world.send(count, duration);
      await sleep(duration);
      await world.platform.platform.plain("DELETE", "/__local/faults");
    },
  },
  {
    name: "everything is refused with 400",
    async act(world, { count, duration }) {
      const effect = { kind: "status", status: 400 };
      await world.platform.platform.addFault({ target: "inlet", rate: 1, effect });
      await world.send(count, duration);
      await world.pass(hour);
      await sleep(500);
      await world.platform.platform.plain("DELETE", "/__local/faults");
    },
  },
  ...[
    { name: "a proxy answers 200 with a page", effect: { kind: "page", status: 200 } },
    { name: "a proxy answers 200 with nothing", effect: { kind: "page", status: 200, body: "" } },
    {
      name: "Platform answers as to a batch that failed",
      effect: {
        kind: "page",
        status: 207,
        contentType: "application/json",
        body: '{"inletId":"i","batchId":"b","receivedTimeMs":1,"responses":[{"statusCode":400,"message":"unknown"}]}',
      },
    },
  ].map(
    ({ name, effect }): Scenario => ({
      name,
      async act(world, { count, duration }) {
        await world.platform.platform.addFault({ target: "inlet", rate: 1, effect });
        await world.send(count, duration);
        await world.pass(hour);
        await sleep(500);
        await world.platform.platform.plain("DELETE", "/__local/faults");
      },
    }),
  ),
  {
    name: "Platform is down for hours",
    async act(world, { count, duration }) {
      await world.without([world.platformNetwork], async () => {
        await world.send(count, duration);
        // Longer than the queue's lease and than the longest step of the retries.
        for (let rounds = 0; rounds < 6; rounds++) {
          await world.pass(30 * minute);
          await sleep(250);
        }
      });
    },
  },
  {
    name: "Platform is down for more than a week",
    mayExpire: true,
    async act(world, { count, duration }) {
      await world.without([world.platformNetwork], async () => {
        await world.send(count / 2, duration / 2);
        for (let days = 0; days < 9; days++) {
          await world.pass(day);
          await sleep(250);
        }
      });
      await world.send(count / 2, duration / 2);
    },
  },
  {
    name: "the dataflow is gone, then back",
    async act(world, { count, duration }) {
      await world.platform.platform.addFault({
        target: "inlet",
        rate: 1,
        effect: { kind: "status", status: 404 },
      });
      await world.send(count, duration);
      await world.pass(hour);
      await sleep(500);
      await world.platform.platform.plain("DELETE", "/__local/faults");
    },
  },
  {
    name: "Adobe IMS gives no tokens for a while",
    source: "http",
    async act(world, { count, duration }) {
      const { platform } = world.platform;
      const refusals = [{ status: 503, retryAfterSeconds: 1 }, { status: 401 }];
      for (const refusal of refusals) {
        await platform.addFault({ target: "ims", rate: 1, effect: { kind: "status", ...refusal } });
        await world.send(count / 4, duration / 4);
        await world.pass(5 * minute);
        await sleep(250);
        await platform.plain("DELETE", "/__local/faults");
      }
      await world.send(count / 2, duration / 2);
    },
  },
];
