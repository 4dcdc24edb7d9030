import fc from "fast-check";
import { keepDuplicates, RememberedDuplicates } from "../../relay/azure/delivery/duplicates.ts";
import { forwarderHandler } from "../../relay/azure/delivery/forwarder.ts";
import { poisonHandler } from "../../relay/azure/delivery/poison.ts";
import { intakeHandler } from "../../relay/azure/intake/intake.ts";
import { queueNames } from "../../relay/core/names.ts";
import host from "../../relay/host.json" with { type: "json" };
import { type Fault, FaultyWorld } from "./support/faulty-world.ts";
import { invocation, linesAtOnce, signedCall, signingKey, takeAll } from "./support/invocation.ts";
import { openForwarder, openGate } from "./support/open-ports.ts";
import { withoutPace } from "./support/unpaced.ts";

/** Short, since timers of dead processes run until then. A call that takes longer is only repeated. */
const budget = { call: 500, write: 400, patience: 50 };

/** Posts the bodies as Customer.io does, repeating all that did not get 200. Returns how often each got 200. */
async function post(world: FaultyWorld, bodies: readonly string[]): Promise<void> {
  let open = bodies;
  while (open.length > 0) {
    const { storage, clock, run } = world.startProcess();
    const intake = intakeHandler({
      gate: openGate,
      signingKeys: [signingKey],
      settings: takeAll,
      storage,
      clock,
      budget,
      refusals: linesAtOnce(),
    });
    const answers = await Promise.all(
      open.map((body) =>
        run(() => intake(signedCall(body), invocation().context)).then(
          (response) => (response as { status: number }).status,
          () => 0,
        ),
      ),
    );
    open = open.filter((_, at) => answers[at] !== 200);
    world.now += 60 * 60 * 1000;
  }
}

/** After as many hand-outs, the host never runs a function for a message of a poison queue again. */
const mostHandOuts = host.extensions.queues.maxDequeueCount;

/** Empties the queues as the Functions host does: a failed message is retried, and moves to the poison queue after several failures. */
async function workOff(world: FaultyWorld, { maxDequeueCount = 5, windowDays = 0 } = {}): Promise<void> {
  const { events, "events-poison": poison } = world.queues as Record<
    "events" | "events-poison",
    (typeof world.queues)[string]
  >;
  for (;;) {
    const [queue, name] = events.length > 0 ? [events, queueNames.events] : [poison, queueNames.poison];
    const message = queue.shift();
    if (!message) return;
    world.now += 10 * 60 * 60 * 1000;
    const { storage, tables, platform, clock, run } = world.startProcess();
    const duplicates = windowDays > 0 ? new RememberedDuplicates({ tables, clock, windowDays }) : keepDuplicates;
    const target = { client: withoutPace(platform), readyAt: undefined };
    const handler =
      name === queueNames.events
        ? forwarderHandler({ ...openForwarder, target, storage, duplicates, clock, random: () => 0.5 })
        : poisonHandler({ queue: name, storage, room: openForwarder.room, clock });
    message.dequeueCount += 1;
    if (name === queueNames.poison) {
      if (message.dequeueCount > mostHandOuts) throw new Error("The host withholds the message.");
      // A renewal that fails three times in a row is left out: the message is then withheld.
      if (message.dequeueCount === mostHandOuts) world.faults = [];
    }
    const parsed: unknown = JSON.parse(Buffer.from(message.text, "base64").toString("utf8"));
    const { context } = invocation({ dequeueCount: String(message.dequeueCount) });
    const completed = await run(() => handler(parsed, context)).then(
      () => true,
      () => false,
    );
    if (completed) continue;
    if (name === queueNames.events && message.dequeueCount >= maxDequeueCount) {
      poison.push({ ...message, dequeueCount: 0 });
    } else queue.push(message);
  }
}

const kinds = {
  small: (id: string) => JSON.stringify({ event_id: id, timestamp: 1_727_953_200 }),
  large: (id: string) =>
    JSON.stringify({ event_id: id, timestamp: 1_727_953_200, data: { content: "x".repeat(49_000) } }),
  malformed: (id: string) => JSON.stringify([{ id }]),
};
const kind = fc.constantFrom<keyof typeof kinds>("small", "small", "large", "malformed");
const fault = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Fault>("none") },
  { weight: 3, arbitrary: fc.constantFrom<Fault>("fail", "failAfter", "die", "dieAfter") },
);
const status = fc.constantFrom(200, 200, 503, 429, 400, 404, 401);

test("each accepted event ends in Platform or as a dead letter, whatever fails and whenever the relay dies", async () => {
  const script = fc.array(fault, { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(kind, { minLength: 1, maxLength: 12 }),
      fc.array(fc.tuple(script, script), { minLength: 1, maxLength: 2 }),
      fc.array(status, { maxLength: 60 }),
      fc.record({ maxDequeueCount: fc.constantFrom(1, 5), windowDays: fc.constantFrom(0, 1, 7) }),
      async (events, rounds, statuses, options) => {
        const world = new FaultyWorld(statuses);
        const bodies = events.map((kind, at) => kinds[kind](`e${at}`));
        // In a second round Customer.io sends the same events again.
        for (const [whilePosting, whileWorking] of rounds) {
          world.faults = [...whilePosting];
          await post(world, bodies);
          world.faults = [...whileWorking];
          await workOff(world, options);
        }
        const buried = new Set([...world.deadLetters.values()].map(({ body }) => body));
        const lost = bodies.filter((body, at) => !world.delivered.has(`e${at}`) && !buried.has(body));
        expect(lost).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});

test("if nothing fails, each event is delivered exactly once", async () => {
  const world = new FaultyWorld([]);
  const bodies = Array.from({ length: 200 }, (_, at) => kinds[at % 10 === 0 ? "large" : "small"](`e${at}`));
  await post(world, bodies);
  expect(world.queues[queueNames.events]?.length).toBeLessThan(100);
  await workOff(world);
  expect([...world.delivered.values()]).toEqual(bodies.map(() => 1));
  expect(world.claims.size).toBe(0);
  expect(world.deadLetters.size).toBe(0);
});

test("if nothing fails, events that Customer.io sends again within the window are delivered exactly once", async () => {
  const world = new FaultyWorld([]);
  const bodies = Array.from({ length: 50 }, (_, at) => kinds[at % 10 === 0 ? "large" : "small"](`e${at}`));
  for (let round = 0; round < 3; round += 1) {
    await post(world, bodies);
    await workOff(world, { windowDays: 7 });
    world.now += 24 * 60 * 60 * 1000;
  }
  expect([...world.delivered.values()]).toEqual(bodies.map(() => 1));
  expect(world.claims.size).toBe(0);
});

test("an outage of Platform neither loses events nor sends delivered ones again", async () => {
  const world = new FaultyWorld([200, 200, ...Array.from({ length: 30 }, () => 503)]);
  await post(
    world,
    Array.from({ length: 100 }, (_, at) => kinds.small(`e${at}`)),
  );
  await workOff(world);
  expect(world.delivered.size).toBe(100);
  expect([...world.delivered.values()].every((times) => times === 1)).toBe(true);
});
