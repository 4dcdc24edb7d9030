import { largeEmail, samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { keepDuplicates } from "../../relay/azure/delivery/duplicates.ts";
import { forwarderHandler } from "../../relay/azure/delivery/forwarder.ts";
import { PlatformClient } from "../../relay/azure/delivery/platform-client.ts";
import { intakeHandler } from "../../relay/azure/intake/intake.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import { taken as receipt } from "./support/fake-platform.ts";
import { ForwarderWorld } from "./support/forwarder-world.ts";
import { invocation, signedCall, signingKey, takeAll } from "./support/invocation.ts";
import { openForwarder, openGate } from "./support/open-ports.ts";
import { withoutPace } from "./support/unpaced.ts";

const clock = () => new Date("2026-11-20T10:00:00.000Z");
const events = [...samples.map(({ event }) => event), largeEmail(200_000)];
const ids = events.map(({ event_id }) => event_id).sort();

let world: ForwarderWorld;
beforeAll(async () => {
  world = await ForwarderWorld.start();
});
beforeEach(() => world.reset());
afterAll(() => world.stop());

async function post(): Promise<void> {
  const intake = intakeHandler({
    gate: openGate,
    signingKeys: [signingKey],
    settings: takeAll,
    storage: world.storage,
    clock,
    budget: { call: 20_000, write: 20_000, patience: 20_000 },
  });
  const answers = await Promise.all(
    events.map(async (event) => intake(signedCall(JSON.stringify(event)), invocation().context)),
  );
  expect(answers).toEqual(events.map(() => ({ status: 200 })));
}

/** Passes every message of the queue to the forwarder, including those that it puts back, without their delay. */
async function workOff(): Promise<void> {
  const client = withoutPace(new PlatformClient(world.platform.streamingUrl, { timeout: 20_000 }));
  const impatient = {
    enqueue: (text: string, { signal }: { signal: AbortSignal }) =>
      world.storage.enqueue(text, { delaySeconds: 0, signal }),
    readClaim: world.storage.readClaim.bind(world.storage),
    deleteClaim: world.storage.deleteClaim.bind(world.storage),
    putDeadLetter: world.storage.putDeadLetter.bind(world.storage),
  };
  const target = { client, readyAt: undefined };
  const forwarder = forwarderHandler({
    ...openForwarder,
    target,
    storage: impatient,
    duplicates: keepDuplicates,
    clock,
    random: Math.random,
  });
  while ((await world.azurite.waiting(queueNames.events)) > 0) {
    for (const { message } of await world.azurite.take(queueNames.events)) {
      await forwarder(message, invocation().context);
    }
  }
}

test("every sample and a large e-mail go from Customer.io's call to Platform", async () => {
  await post();
  await workOff();
  expect(world.platform.received.map(({ event_id }) => event_id).sort()).toEqual(ids);
  for (const event of events) {
    const body = world.platform.received.find(({ event_id }) => event_id === event.event_id);
    expect(body).toMatchObject({ metric: event.metric, data: { identifiers: event.data?.identifiers ?? {} } });
  }
  for (const container of Object.values(containerNames)) expect(await world.azurite.blobNames(container)).toEqual([]);
});

test("they pass through an outage of Platform, and each event is accepted once", async () => {
  let refusals = 12;
  const taken: unknown[] = [];
  world.platform.answer = ({ event_id }) => {
    if (refusals > 0) {
      refusals -= 1;
      return refusals % 2 === 0 ? { status: 503, headers: { "retry-after": "1" } } : "reset";
    }
    taken.push(event_id);
    return receipt;
  };
  await post();
  await workOff();
  expect(taken.sort()).toEqual(ids);
});
