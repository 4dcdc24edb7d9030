import { largeEmail, samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { keepDuplicates } from "../../relay/azure/delivery/duplicates.ts";
import { forwarderHandler } from "../../relay/azure/delivery/forwarder.ts";
import { PlatformClient } from "../../relay/azure/delivery/platform-client.ts";
import { intakeHandler } from "../../relay/azure/intake/intake.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import { type Azurite, startAzurite } from "./support/azurite.ts";
import { type FakePlatform, taken as receipt, startFakePlatform } from "./support/fake-platform.ts";
import { invocation, signedCall, signingKey, takeAll } from "./support/invocation.ts";
import { unpaced } from "./support/unpaced.ts";

const clock = () => new Date("2026-11-20T10:00:00.000Z");
const events = [...samples.map(({ event }) => event), largeEmail(200_000)];
const ids = events.map(({ event_id }) => event_id).sort();

let azurite: Azurite;
let platform: FakePlatform;
let storage: RelayStorageClient;
beforeAll(async () => {
  azurite = await startAzurite();
  platform = await startFakePlatform();
  storage = new RelayStorageClient({ connectionString: azurite.connectionString });
});
beforeEach(async () => {
  await azurite.reset();
  platform.reset();
});
afterAll(async () => {
  await platform.stop();
  await azurite.stop();
});

async function post(): Promise<void> {
  const intake = intakeHandler({
    signingKeys: [signingKey],
    settings: takeAll,
    storage,
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
  const client = unpaced(new PlatformClient(platform.streamingUrl, { timeout: 20_000 }));
  const impatient = {
    enqueue: (text: string, { signal }: { signal: AbortSignal }) => storage.enqueue(text, { delaySeconds: 0, signal }),
    readClaim: storage.readClaim.bind(storage),
    deleteClaim: storage.deleteClaim.bind(storage),
    putDeadLetter: storage.putDeadLetter.bind(storage),
  };
  const target = { client, readyAt: undefined };
  const forwarder = forwarderHandler({
    target,
    storage: impatient,
    duplicates: keepDuplicates,
    clock,
    random: Math.random,
  });
  while ((await azurite.waiting(queueNames.events)) > 0) {
    for (const { message } of await azurite.take(queueNames.events)) await forwarder(message, invocation().context);
  }
}

test("every sample and a large e-mail go from Customer.io's call to Platform", async () => {
  await post();
  await workOff();
  expect(platform.received.map(({ event_id }) => event_id).sort()).toEqual(ids);
  for (const event of events) {
    const body = platform.received.find(({ event_id }) => event_id === event.event_id);
    expect(body).toMatchObject({ metric: event.metric, data: { identifiers: event.data?.identifiers ?? {} } });
  }
  for (const container of Object.values(containerNames)) expect(await azurite.blobNames(container)).toEqual([]);
});

test("through an outage of Platform, and each event is accepted once", async () => {
  let refusals = 12;
  const taken: unknown[] = [];
  platform.answer = ({ event_id }) => {
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
