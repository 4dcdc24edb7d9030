import { checkWebhook } from "../../cli/checks/webhook.ts";
import type { StackSource } from "../../cli/stack/source.ts";
import { follow } from "../../cli/verify/follow.ts";
import { inletStage, readRunTotals, rowStage } from "../../cli/verify/platform-stages.ts";
import { verificationEvent } from "../../events/verification.ts";
import { reveal } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { makeAll } from "../conformance/platform-objects.ts";
import { appApiKey, credential, World } from "../conformance/world.ts";

// A source with a webhook that posts directly to the dataflow, without the engine, with only what the commands read.
let world: World;
let source: StackSource;
let streamingUrl: string;
let webhookId: string;

beforeAll(async () => {
  world = await World.start();
  const aep = await world.aep();
  const { flow, dataset } = await makeAll(aep, "Direct");
  streamingUrl = String(reveal(flow.properties.streamingUrl ?? ""));
  const webhook = { name: "Direct", endpoint: streamingUrl, events: ["email_sent"], disabled: false };
  webhookId = (await world.customerIo.make("customerio:index:ReportingWebhook", webhook)).id;
  const settings: Record<string, Record<string, string>> = {
    aep: { ...credential, platformUrl: world.platformUrl, imsUrl: world.platformUrl },
    customerio: { appApiKey, appApiUrl: world.customerIoUrl },
  };
  source = {
    name: "direct",
    target: { stack: "direct" },
    hasRelay: false,
    nextSteps: [],
    dataflowId: flow.id,
    datasetId: dataset.id,
    providerSettings: (provider: string) => settings[provider] ?? {},
    resource: () => ({ type: "customerio:index:ReportingWebhook", id: webhookId, outputs: {} }),
  } as unknown as StackSource;
}, 60_000);
afterAll(() => world.close());

async function verify(id: string) {
  // The mapping of these objects has the relay's time as its source.
  const event = {
    ...verificationEvent(id, new Date(), "followed"),
    relay: { occurred_at: "2026-01-05T09:00:00.000Z" },
  };
  const before = await readRunTotals(source);
  const reported: string[] = [];
  const outcome = await follow({
    stages: [inletStage(source, event), rowStage(source, id, before)],
    timeout: 5_000,
    signal: new AbortController().signal,
    progress: () => undefined,
    report: (part, { verdict, found }) => reported.push(`${verdict} ${part}: ${found}`),
    monotonic: () => performance.now(),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  });
  return { outcome, reported };
}

test("a verification is posted to the dataflow's inlet, and found in the dataset", async () => {
  world.pass(600);
  const { outcome, reported } = await verify("direct-1");
  expect([outcome, ...reported]).toEqual([
    "through",
    expect.stringMatching(/^fine inlet: Platform's inlet accepted the event in \d+ ms\.$/),
    "fine dataset: Its row is there, with the timestamp 2026-01-05T09:00:00.000Z.",
  ]);
});

test("a refusal by the inlet is reported without its address, which is a secret", async () => {
  await world.platformFault("/collection/", 403, "inlet");
  const { outcome, reported } = await verify("direct-2");
  expect(outcome).toBe("broken");
  expect(reported).toEqual([expect.stringMatching(/^broken inlet: Platform's inlet answered 403/)]);
  expect(reported.join()).not.toContain(new URL(streamingUrl).pathname.split("/").at(-1));
});

test("the webhook is fine if it posts to the stack's dataflow, and its address is never shown", async () => {
  expect(await checkWebhook(source)).toEqual({
    verdict: "fine",
    found: expect.stringContaining("is enabled, for 1 kinds of events."),
  });
  const other = { ...source, dataflowId: "another-flow" } as unknown as StackSource;
  const { verdict, found } = await checkWebhook(other);
  expect([verdict, found]).toEqual([
    "broken",
    expect.stringMatching(/"Direct" \(\d+\) does not post to the dataflow another-flow\.$/),
  ]);
  const relay = { ...source, hasRelay: true, relayUrl: "https://relay.example.org/customerio" };
  expect((await checkWebhook(relay as unknown as StackSource)).found).toMatch(
    /posts to a dataflow of Platform, not to https:\/\/relay\.example\.org\/customerio\.$/,
  );
});
