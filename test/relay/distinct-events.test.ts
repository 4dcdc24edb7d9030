import { replay } from "../../cli/dead-letters/replay.ts";
import { RememberedDuplicates } from "../../relay/azure/delivery/duplicates.ts";
import { forwarderHandler } from "../../relay/azure/delivery/forwarder.ts";
import { PlatformClient } from "../../relay/azure/delivery/platform-client.ts";
import { poisonHandler } from "../../relay/azure/delivery/poison.ts";
import { intakeHandler } from "../../relay/azure/intake/intake.ts";
import { admit } from "../../relay/core/event/admit.ts";
import { digestBody } from "../../relay/core/event/event-id.ts";
import { signatureOf } from "../../relay/core/intake/verify.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import { ForwarderWorld } from "./support/forwarder-world.ts";
import { invocation, signedCall, signingKey } from "./support/invocation.ts";
import { openForwarder, openGate } from "./support/open-ports.ts";
import { withoutPace } from "./support/unpaced.ts";

const clock = () => new Date("2026-11-20T10:00:00.000Z");
const policy = eventPolicy.parse({ personalData: { content: "drop", email: "drop", recipient: "drop" } });

/** Another window for each test, and so other tables, which hold no notes of earlier tests. */
let windowDays = 7;
let world: ForwarderWorld;
beforeAll(async () => {
  world = await ForwarderWorld.start();
});
beforeEach(async () => {
  await world.reset();
  windowDays += 1;
});
afterAll(() => world.stop());

async function post(bodies: readonly string[], signingKeys: readonly string[] = [signingKey]): Promise<void> {
  const budget = { call: 20_000, write: 20_000, patience: 20_000 };
  const intake = intakeHandler({
    gate: openGate,
    signingKeys,
    settings: { policy, maximumAgeSeconds: 0 },
    storage: world.storage,
    clock,
    budget,
  });
  for (const body of bodies) expect(await intake(signedCall(body), invocation().context)).toEqual({ status: 200 });
}

async function workOff(): Promise<void> {
  const forwarder = forwarderHandler({
    ...openForwarder,
    target: {
      client: withoutPace(new PlatformClient(world.platform.streamingUrl, { timeout: 20_000 })),
      readyAt: undefined,
    },
    storage: world.storage,
    duplicates: new RememberedDuplicates({ tables: world.storage.tables, clock, windowDays }),
    clock,
    random: Math.random,
  });
  while ((await world.azurite.waiting(queueNames.events)) > 0) {
    for (const { message } of await world.azurite.take(queueNames.events)) {
      await forwarder(message, invocation().context);
    }
  }
}

/** Events that are the same once their personal data are dropped. */
const event = (address: string, { id, size = 0 }: { id?: string; size?: number } = {}) =>
  JSON.stringify({
    ...(id !== undefined && { event_id: id }),
    timestamp: 1_727_953_200,
    object_type: "email",
    metric: "sent",
    data: { recipient: address, content: address, subject: "x".repeat(size) },
  });
const addresses = ["ann@example.org", "bob@example.org", "cay@example.org"];

describe.each([
  ["without an id", {}],
  ["under one id", { id: "shared" }],
  ["too large for a message, without an id", { size: 100_000 }],
  ["too large for a message, under one id", { id: "shared", size: 100_000 }],
])("events that differ only in what is dropped, %s,", (_, options) => {
  const bodies = addresses.map((address) => event(address, options));

  test("all arrive, each once", async () => {
    await post([...bodies, ...bodies]);
    await workOff();
    await post(bodies);
    await workOff();
    expect(world.platform.received).toHaveLength(bodies.length);
    expect(new Set(world.platform.received.map(({ event_id }) => event_id)).size).toBe(
      "id" in options ? 1 : bodies.length,
    );
    for (const address of addresses) expect(JSON.stringify(world.platform.received)).not.toContain(address);
    for (const container of Object.values(containerNames)) expect(await world.azurite.blobNames(container)).toEqual([]);
  });

  test("become separate dead letters, and all arrive after a replay", async () => {
    await post(bodies);
    const poison = poisonHandler({ queue: queueNames.poison, storage: world.storage, room: openForwarder.room, clock });
    for (const { message } of await world.azurite.take(queueNames.events)) await poison(message, invocation().context);
    const names = await world.azurite.blobNames(containerNames.deadLetters);
    const letters = await world.azurite.deadLetters();
    expect(new Set(letters.map(({ digest }) => digest)).size).toBe(bodies.length);
    const contentOf = (name: string) => Buffer.from(JSON.stringify(letters[names.indexOf(name)]));
    const counts = await replay({
      storage: {
        readDeadLetter: async (name) => ({ content: contentOf(name), etag: "1" }),
        deleteDeadLetter: async () => true,
        readClaim: (name) => world.storage.readClaim(name, AbortSignal.timeout(5_000)),
        putClaim: (name, body) => world.storage.putClaim(name, body, AbortSignal.timeout(5_000)),
        enqueue: (text) => world.storage.enqueue(text, { delaySeconds: 0, signal: AbortSignal.timeout(5_000) }),
      },
      names,
      filter: {},
      policy,
      action: "replay",
      isDry: false,
      perSecond: 1_000,
      signal: new AbortController().signal,
      progress: () => undefined,
    });
    expect(counts).toMatchObject({ done: bodies.length });
    await workOff();
    await post(bodies);
    await workOff();
    expect(world.platform.received).toHaveLength(bodies.length);
  });
});

test("a signing key added below the present one changes nothing, so a repeated call is still recognized", async () => {
  const body = event("ann@example.org");
  await post([body]);
  await post([body], [signingKey, "another-key"]);
  await workOff();
  expect(world.platform.received).toHaveLength(1);
});

test("without the signing key, a guessed address can't be confirmed from what is stored", () => {
  const body = event("ann@example.org");
  const [one, other] = [signingKey, "another-key"].map((secret) => admit(body, policy, secret));
  expect(one).toMatchObject({ digest: digestBody(body, signingKey) });
  expect(one?.kind === "admitted" && one.digest).not.toBe(other?.kind === "admitted" && other.digest);
  expect(one).toMatchObject({ id: expect.stringContaining(digestBody(body, signingKey)) });
});

test("a digest is not a signature of any call", () => {
  const call = { timestamp: "1", body: Buffer.from("{}") };
  expect(digestBody("v0:1:{}", signingKey)).not.toBe(signatureOf(signingKey, call).toString("hex").slice(0, 32));
});

test("without data to remove there is no digest, and messages are unchanged", () => {
  const admission = admit(event("ann@example.org"), eventPolicy.parse({}), signingKey);
  expect(admission).not.toHaveProperty("digest");
});
