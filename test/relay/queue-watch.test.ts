import { QueueWatch } from "../../relay/azure/queue-watch.ts";
import type { QueueHead } from "../../relay/azure/storage/event-queues.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { queueNames } from "../../relay/core/names.ts";
import { startAzurite } from "./support/azurite.ts";

const minute = 60_000;

function world(heads: () => readonly QueueHead[] | Promise<readonly QueueHead[]>) {
  let now = 0;
  let looks = 0;
  const lines: Record<string, unknown>[] = [];
  const watch = new QueueWatch({
    storage: {
      peekHeads: async () => {
        looks += 1;
        return heads();
      },
    },
    monotonic: () => now,
    write: (text) => lines.push(JSON.parse(text)),
  });
  /** Checks once a second, as a busy intake does. */
  const pass = async (milliseconds: number) => {
    for (const end = now + milliseconds; now < end; now += 1_000) await watch.check();
  };
  return { watch, pass, lines, looks: () => looks };
}

const head = (id: string, dequeueCount = 0, queue: string = queueNames.events): QueueHead => ({
  queue,
  message: { id, dequeueCount },
});
const empty: QueueHead = { queue: queueNames.events, message: undefined };

test("a message that stays at the head for ten minutes is reported once a minute, by queue", async () => {
  const { watch, pass, lines, looks } = world(() => [head("1"), head("2", 0, queueNames.poison)]);
  await pass(10 * minute);
  expect([lines, looks(), watch.untaken]).toEqual([[], 10, []]);
  await pass(2 * minute);
  expect(watch.untaken).toEqual(["events", "events-poison"]);
  expect(lines).toEqual([
    { outcome: "untaken", queue: "events", untakenSeconds: 600 },
    { outcome: "untaken", queue: "events-poison", untakenSeconds: 600 },
    { outcome: "untaken", queue: "events", untakenSeconds: 660 },
    { outcome: "untaken", queue: "events-poison", untakenSeconds: 660 },
  ]);
});

test.each<[string, (look: number) => QueueHead[]]>([
  ["other messages come to the head, however long the queue is", (look) => [head(`m${look}`)]],
  ["the same message was handed out and came back", (look) => [head("1", look)]],
  ["the queue is empty in between", (look) => (look % 9 === 0 ? [empty] : [head("1")])],
])("nothing is reported while %s", async (_, heads) => {
  let look = 0;
  const { pass, lines } = world(() => heads(look++));
  await pass(120 * minute);
  expect(lines).toEqual([]);
});

test("a queue that does not answer in between has not been empty", async () => {
  let look = 0;
  const { pass, lines } = world(() => (look++ % 2 === 0 ? [head("1")] : []));
  await pass(11 * minute);
  expect(lines).toEqual([{ outcome: "untaken", queue: "events", untakenSeconds: 600 }]);
});

test("while a check runs, the queues are those that the last finished check found; a check meanwhile waits for it", async () => {
  let answer: ((heads: readonly QueueHead[]) => void) | undefined;
  let heads: QueueHead[] | undefined = [head("1")];
  const { watch, pass, looks } = world(
    () => heads ?? new Promise<readonly QueueHead[]>((resolve) => (answer = resolve)),
  );
  // The last look is after nine minutes.
  await pass(10 * minute);
  heads = undefined;
  const checks = [watch.check(), watch.check()];
  expect([looks(), watch.untaken]).toEqual([11, []]);
  answer?.([head("2")]);
  await checks[1];
  expect(watch.untaken).toEqual([]);

  heads = [head("2")];
  await pass(11 * minute);
  expect(watch.untaken).toEqual(["events"]);
  heads = undefined;
  const last = [watch.check(), watch.check()];
  expect(watch.untaken).toEqual(["events"]);
  answer?.([empty]);
  await last[1];
  expect(watch.untaken).toEqual([]);
});

test("a queue that does not answer is not reported, since nobody knows its head", async () => {
  let heads = [head("1"), head("2", 0, queueNames.poison)];
  const { watch, pass } = world(() => heads);
  await pass(11 * minute);
  expect(watch.untaken).toEqual(["events", "events-poison"]);
  heads = [head("1")];
  await pass(minute);
  expect(watch.untaken).toEqual(["events"]);
});

test("the heads of both queues are peeked, and no message is taken", async () => {
  const azurite = await startAzurite();
  const storage = new RelayStorageClient({ connectionString: azurite.connectionString });
  const signal = AbortSignal.timeout(20_000);
  const poison: QueueHead = { queue: "events-poison", message: undefined };
  expect(await storage.peekHeads(signal)).toEqual([empty, poison]);
  await storage.enqueue("e30=", { delaySeconds: 0, signal });
  await storage.enqueue("e30=", { delaySeconds: 600, signal });
  const looks = [await storage.peekHeads(signal), await storage.peekHeads(signal)];
  expect(looks[0]).toEqual([{ queue: "events", message: { id: expect.any(String), dequeueCount: 0 } }, poison]);
  expect(looks[1]).toEqual(looks[0]);
  expect(await azurite.waiting(queueNames.events)).toBe(2);
  await azurite.stop();
}, 60_000);
