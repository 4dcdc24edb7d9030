import http from "node:http";
import type { AddressInfo } from "node:net";
import { QueueServiceClient } from "@azure/storage-queue";
import { EventQueues } from "../../relay/azure/storage/event-queues.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { countEventQueues, eventQueues, queueNames, relayQueuesAmong } from "../../relay/core/names.ts";
import { type Azurite, startAzurite } from "./support/azurite.ts";

const signal = AbortSignal.timeout(60_000);
const three = eventQueues(3);

test("names follow the host's rule for poison queues, and the first ones are those of a relay with one queue", () => {
  expect(eventQueues(1)).toEqual([
    { events: "events", poison: "events-poison", functions: { forwarder: "forwarder", poison: "poison" } },
  ]);
  expect(three.slice(1)).toEqual([
    { events: "events-2", poison: "events-2-poison", functions: { forwarder: "forwarder-2", poison: "poison-2" } },
    { events: "events-3", poison: "events-3-poison", functions: { forwarder: "forwarder-3", poison: "poison-3" } },
  ]);
});

test("a relay's queues are found among others, even if some are missing", () => {
  const others = [
    "events-old",
    "other-2",
    "events-0",
    "events-1",
    "events-02",
    "events2",
    "events-2-poison-3",
    "xevents",
  ];
  expect(relayQueuesAmong(others)).toEqual({ events: [], poison: [] });
  expect(countEventQueues(others)).toBe(1);
  const names = ["events-3-poison", "events", "events-2", "events-8", ...others];
  expect(relayQueuesAmong(names)).toEqual({ events: ["events", "events-2", "events-8"], poison: ["events-3-poison"] });
  expect([countEventQueues(names), countEventQueues(["events-4-poison"])]).toEqual([8, 4]);
});

describe("in a storage account", () => {
  let azurite: Azurite;
  beforeAll(async () => {
    azurite = await startAzurite();
    for (const { events, poison } of three.slice(1)) {
      for (const name of [events, poison]) await library(name).create();
    }
  });
  beforeEach(() => Promise.all(three.map(({ events }) => library(events).clearMessages())));
  afterAll(() => azurite.stop());
  const library = (name: string) =>
    QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(name);
  const storage = () => new RelayStorageClient({ connectionString: azurite.connectionString }, three);
  const lengths = () =>
    Promise.all(three.map(async ({ events }) => (await library(events).getProperties()).approximateMessagesCount ?? 0));

  test("messages go to each queue in turn, and all that wait are counted", async () => {
    const client = storage();
    for (let message = 0; message < 12; message += 1) await client.enqueue("bm93", { delaySeconds: 0, signal });
    expect(await lengths()).toEqual([4, 4, 4]);
    expect(await client.check(signal)).toEqual({ waiting: 12 });
  });

  test("a message for a certain queue goes there", async () => {
    const client = storage();
    for (const _ of "1234") await client.enqueue("bm93", { queue: "events-2", delaySeconds: 0, signal });
    expect(await lengths()).toEqual([0, 4, 0]);
    await expect(client.enqueue("bm93", { queue: "events-4", delaySeconds: 0, signal })).rejects.toThrow(
      "The relay has no queue events-4.",
    );
  });

  test("a message that never expires goes into a poison queue", async () => {
    const [first] = three;
    await storage().enqueue("bm93", { queue: first.poison, delaySeconds: 0, signal });
    const { receivedMessageItems: found } = await library(first.poison).receiveMessages();
    expect(found.map(({ messageText, expiresOn }) => [messageText, expiresOn.getUTCFullYear()])).toEqual([
      ["bm93", 9999],
    ]);
    await library(first.poison).clearMessages();
  });

  test("the heads of all queues are seen, poison queues included", async () => {
    const [first, , third] = three;
    await library(first.events).sendMessage("b25l");
    if (third) await library(third.poison).sendMessage("b25l");
    const heads = await storage().peekHeads(signal);
    const visible = heads.filter(({ message }) => message !== undefined);
    expect(visible.map(({ queue }) => queue)).toEqual(["events", "events-3-poison"]);
  });

  test("a queue that is missing does not hide the others' heads", async () => {
    const four = new RelayStorageClient({ connectionString: azurite.connectionString }, eventQueues(4));
    const heads = await four.peekHeads(signal);
    expect(heads.map(({ queue }) => queue)).toEqual(
      three.flatMap(({ events }) => events).concat(three.map(({ poison }) => poison)),
    );
  });

  test("the marks are those of the first queue", async () => {
    await library(queueNames.events).setMetadata({ intake: "open" });
    await library("events-2").setMetadata({ intake: "closed" });
    expect((await storage().readMarks(signal)).metadata).toEqual({ intake: "open" });
  });

  test("a queue that is missing is not healthy", async () => {
    const four = new RelayStorageClient({ connectionString: azurite.connectionString }, eventQueues(4));
    await expect(four.check(signal)).rejects.toMatchObject({ code: "QueueNotFound" });
  });
});

describe("while a queue fails", () => {
  /** Answers by the name of the queue, the last one again and again: a status, a broken connection, or none; 201 by default. */
  let answers: Record<string, (number | "break" | "hang")[]>;
  let calls: string[];
  const server = http.createServer((request, response) => {
    request.resume();
    const [, name = ""] = request.url?.match(/^\/account\/([^/]+)\/messages/) ?? [];
    calls.push(name);
    const [answer = 201, ...later] = answers[name] ?? [];
    if (later.length > 0) answers[name] = later;
    if (answer === "hang") return;
    if (answer === "break") response.destroy();
    else response.writeHead(answer, answer === 503 ? { "x-ms-error-code": "ServerBusy" } : {}).end();
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  beforeEach(() => {
    [answers, calls] = [{}, []];
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const open = () => {
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/account/`;
    const credential = { getToken: async () => ({ token: "token", expiresOnTimestamp: Number.POSITIVE_INFINITY }) };
    const access = { queueServiceUri: uri, blobServiceUri: uri, tableServiceUri: uri, credential };
    return new EventQueues(async () => access, three);
  };

  test.each([
    ["is throttled", 503],
    ["refuses the relay, whose role has not propagated", 403],
    ["does not exist", 404],
  ])("because it %s, the next one gets the message", async (_, status) => {
    answers = { "events-2": [status] };
    const queues = open();
    for (const _ of "123") await queues.put("b25l", { delaySeconds: 0, signal });
    expect(calls.toSorted()).toEqual(["events", "events-2", "events-3", "events-3"]);
  });

  test.each([
    ["a broken connection", "break"],
    ["an error of the service", 500],
  ] as const)("after %s the same queue gets it again, since it may have it", async (_, answer) => {
    answers = Object.fromEntries(three.map(({ events }) => [events, [answer, 503, 503, 201]]));
    await open().put("b25l", { delaySeconds: 0, signal });
    expect(calls).toHaveLength(4);
    expect(new Set(calls).size).toBe(1);
  });

  test("an event that goes back is not put into another queue", async () => {
    answers = { "events-2": [403] };
    await expect(open().put("b25l", { queue: "events-2", delaySeconds: 0, signal })).rejects.toMatchObject({
      status: 403,
    });
    expect(calls).toEqual(["events-2"]);
  });

  test("queues at their limit get it once each, and then the last one twice more", async () => {
    answers = { events: [503], "events-2": [503], "events-3": [503] };
    await expect(open().put("b25l", { delaySeconds: 0, signal })).rejects.toMatchObject({ status: 503 });
    expect(calls).toHaveLength(5);
    expect(new Set(calls.slice(0, 3)).size).toBe(3);
    expect(new Set(calls.slice(2)).size).toBe(1);
  });

  test("and all others too, the last failure is reported", async () => {
    answers = { events: [403], "events-2": [403], "events-3": [403] };
    await expect(open().put("b25l", { delaySeconds: 0, signal })).rejects.toMatchObject({ status: 403 });
    expect(calls.toSorted()).toEqual(["events", "events-2", "events-3"]);
  });

  test("without an answer, no other one gets it in the time that is left", async () => {
    answers = { events: ["hang"], "events-2": ["hang"], "events-3": ["hang"] };
    await expect(open().put("b25l", { delaySeconds: 0, signal: AbortSignal.timeout(100) })).rejects.toThrow();
    expect(new Set(calls).size).toBe(1);
  });

  test("no head is seen of a storage that does not answer", async () => {
    answers = { events: ["hang"], "events-2": ["hang"], "events-3": ["hang"] };
    server.closeAllConnections();
    const heads = await open().peekHeads(AbortSignal.timeout(100));
    expect(heads.map(({ queue }) => queue)).not.toContain("events");
  });
});
