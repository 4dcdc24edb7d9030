import { setTimeout as wait } from "node:timers/promises";
import { eventQueues } from "../../relay/core/names.ts";
import { failureOf, isDraining, type LocalStack, startLocalStack } from "./local-stack.ts";
import { eventOf, Traffic, untilDelivered } from "./traffic.ts";

// Queues are added to a relay that works, and can't be taken away from it. Its deletion waits for what is in each.
let stack: LocalStack;
const minutes = 60_000;
const names = eventQueues(3).map(({ events }) => events);

beforeAll(async () => {
  stack = await startLocalStack({ checkpoints: true });
  await stack.pulumi.up();
}, 4 * minutes);
afterAll(() => stack.stop(), 60_000);

/** All queues in Azure, with the numbers of their messages. */
async function listQueues(): Promise<{ queue: string; messages: number }[]> {
  const answer = await fetch(`${stack.cloud.environment.AZURE_RESOURCE_MANAGER_URL}/__local/queues`);
  return (await answer.json()) as { queue: string; messages: number }[];
}

/** From now on Platform refuses everything; so twelve events wait, and each queue has some. */
async function leaveWaiting(kind: string): Promise<string[]> {
  const { vendors } = stack;
  await vendors.refuseEvents(503);
  const ids = Array.from({ length: 12 }, (_, number) => `${kind}-${number}`);
  for (const id of ids) {
    await vendors.emit([eventOf(id)]);
    await vendors.untilSent();
  }
  expect(await listUsedQueues()).toEqual(names);
  return ids;
}

async function listUsedQueues(): Promise<string[]> {
  return (await listQueues()).flatMap(({ queue, messages }) => (messages > 0 ? [queue] : [])).toSorted();
}

test(
  "queues are added while events arrive",
  async () => {
    const { pulumi, vendors } = stack;
    await pulumi.configure("eventQueues", "3");
    const traffic = new Traffic(vendors, { pause: 250, repeats: true });
    await traffic.during(() => pulumi.up());
    expect(await traffic.missing()).toEqual([]);
    expect([await vendors.lostIds(), await vendors.deadLetteredIds()]).toEqual([[], []]);
  },
  6 * minutes,
);

test(
  "fewer are refused at preview, and without one before the app settings change; the printed command keeps them",
  async () => {
    const { pulumi, configFile, vendors } = stack;
    const waiting = await leaveWaiting("kept");
    await pulumi.configure("eventQueues", "2");
    const refusal = "The relay has 3 queues of events, and can't have fewer";
    const printed = await failureOf(pulumi.preview());
    expect(printed).toContain(refusal);
    // This `up` has no preview.
    expect(await failureOf(pulumi.up())).toContain(refusal);
    expect(await pulumi.exportState()).toMatch(/"EVENT_QUEUES":\s*"3"/);
    await vendors.endFaults();
    await untilDelivered(vendors, waiting);
    const [, command = ""] = printed.match(/Keep them: npx pulumi (config set eventQueues 3)\./) ?? [];
    await pulumi.run(...command.split(" "), "--stack", pulumi.stack, "--config-file", configFile);
    expect(await pulumi.preview()).not.toContain("EVENT_QUEUES");
  },
  6 * minutes,
);

test(
  "a new relay may have fewer, and the former one is deleted only after it has delivered what waits in every queue",
  async () => {
    const { pulumi, vendors } = stack;
    const waiting = await leaveWaiting("drained");
    await pulumi.configure("eventQueues", "1");
    const urns = await pulumi.resources();
    const account = urns.find((urn) => urn.endsWith("azure-native:storage:StorageAccount::cioaep")) ?? "";
    const replaced = pulumi.up("--replace", account);
    let isOver = false;
    void replaced.catch(() => undefined).finally(() => (isOver = true));
    while (!isOver && !(await isDraining(pulumi))) await wait(300);
    // Long enough for the drain to have counted, which it does once the intake has been closed for 8.5 s.
    await wait(12_000);
    expect([isOver, await listUsedQueues()]).toEqual([false, names]);
    await vendors.endFaults();
    await replaced;
    await untilDelivered(vendors, waiting);
    expect((await listQueues()).map(({ queue }) => queue).toSorted()).toEqual(["events", "events-poison"]);
    const traffic = new Traffic(vendors, { pause: 250, repeats: false });
    await traffic.during(async () => undefined);
    expect(await traffic.missing()).toEqual([]);
  },
  6 * minutes,
);
