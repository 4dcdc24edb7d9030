import { once } from "node:events";
import { createServer } from "node:http";
import net, { type AddressInfo } from "node:net";
import { DefaultAzureCredential } from "@azure/identity";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { RelayQueues } from "../../cli/relay/relay-queues.ts";
import { RelayStorageAccount } from "../../cli/relay/relay-storage.ts";
import { RelayTables } from "../../cli/relay/relay-tables.ts";
import { foldCounts } from "../../relay/azure/counts/fold-counts.ts";
import { Tables } from "../../relay/azure/storage/tables.ts";
import { noCounts } from "../../relay/core/counts/counts.ts";
import { deliveredKey } from "../../relay/core/duplicates/delivered-tables.ts";
import { encodeEnvelopes, newEvent } from "../../relay/core/event/envelope.ts";
import { blobRole, queueRole, startAccount, type TestAccount, tableRole } from "./storage-account.ts";

let operator: TestAccount;
beforeAll(async () => {
  operator = await startAccount([blobRole, queueRole, tableRole]);
}, 60_000);
afterAll(() => operator.stop());

const blob = (container: string, name: string) =>
  new BlobServiceClient(operator.endpoints.blob, new DefaultAzureCredential())
    .getContainerClient(container)
    .getBlockBlobClient(name);

async function write(name: string, text: string): Promise<void> {
  await blob("dead-letters", name).upload(text, Buffer.byteLength(text));
}

test("dead letters are listed with the time when they were written, and read with their version", async () => {
  const before = Date.now() - 1_000;
  await write("2026/11/20/a.json", "Zoë");
  const [entry] = await operator.account.listDeadLetters();
  expect(entry?.name).toBe("2026/11/20/a.json");
  expect(entry?.writtenAt.getTime()).toBeGreaterThanOrEqual(before);
  const read = await operator.account.readDeadLetter("2026/11/20/a.json");
  expect(read?.content.toString()).toBe("Zoë");
  expect(await operator.account.readDeadLetter("2026/11/20/gone.json")).toBeUndefined();
});

test("a dead letter is removed only if it has not changed since it was read", async () => {
  await write("b.json", "first");
  const first = await operator.account.readDeadLetter("b.json");
  await write("b.json", "died again");
  expect(await operator.account.deleteDeadLetter("b.json", first?.etag ?? "")).toBe(false);
  const second = await operator.account.readDeadLetter("b.json");
  expect(second?.content.toString()).toBe("died again");
  expect(await operator.account.deleteDeadLetter("b.json", second?.etag ?? "")).toBe(true);
  expect(await operator.account.readDeadLetter("b.json")).toBeUndefined();
});

test("removing a deleted dead letter is not an error", async () => {
  await expect(operator.account.deleteDeadLetter("never.json", '"0x1"')).resolves.toEqual(expect.any(Boolean));
});

test("a message never expires, and a claim is stored unchanged", async () => {
  await operator.account.enqueue("e30=");
  const queue = new QueueServiceClient(operator.endpoints.queue, new DefaultAzureCredential()).getQueueClient("events");
  const { peekedMessageItems } = await queue.peekMessages();
  expect(peekedMessageItems.map(({ messageText, expiresOn }) => [messageText, expiresOn.getUTCFullYear()])).toEqual([
    ["e30=", 9999],
  ]);
  await operator.account.putClaim("c.json", '{"name":"Zoë"}');
  expect((await blob("claims", "c.json").downloadToBuffer()).toString()).toBe('{"name":"Zoë"}');
});

test("waiting events are reported without receiving them, and messages without events are skipped", async () => {
  const event = newEvent({ id: "w", receivedAt: "2026-11-20T10:00:00.000Z", body: "{}" });
  const [message = ""] = encodeEnvelopes([event]);
  await operator.account.enqueue(message);
  await operator.account.enqueue("not base64 at all");
  for (const _ of "12") expect(await operator.account.peekEvents()).toEqual([event]);
});

test("a dead letter of another relay is added under its own name, and an existing one is kept", async () => {
  expect(await operator.account.addDeadLetter("2026/11/23/e.json@formerstorage", Buffer.from("first"))).toBe(true);
  expect(await operator.account.addDeadLetter("2026/11/23/e.json", Buffer.from("second"))).toBe(false);
  expect((await operator.account.readDeadLetter("2026/11/23/e.json"))?.content.toString()).toBe("first");
});

test("messages of both queues are received, hidden from others meanwhile, counted and removed", async () => {
  const queues = await RelayQueues.open(operator.source);
  for (const message of await queues.take()) await queues.delete(message);
  await operator.account.enqueue("Zmlyc3Q=");
  const poison = new QueueServiceClient(operator.endpoints.queue, new DefaultAzureCredential());
  await poison.getQueueClient("events-poison").sendMessage("c2Vjb25k");
  const first = await queues.take();
  const second = await queues.take();
  expect([...first, ...second].map(({ text }) => text)).toEqual(["Zmlyc3Q=", "c2Vjb25k"]);
  expect([await queues.take(), await queues.count()]).toEqual([[], 2]);
  const [message, other] = [...first, ...second];
  if (!message || !other) throw new Error("nothing was taken");
  expect([await queues.delete(message), await queues.delete(message)]).toEqual([true, false]);
  expect(await queues.delete({ ...other, receipt: message.receipt })).toBe(false);
  expect(await queues.delete(other)).toBe(true);
  expect(await queues.count()).toBe(0);
});

test("further queues of events are read too, and a replayed event goes to the first one", async () => {
  const service = new QueueServiceClient(operator.endpoints.queue, new DefaultAzureCredential());
  for (const name of ["events-2", "events-2-poison", "events-old"]) await service.createQueue(name);
  const event = newEvent({ id: "second", receivedAt: "2026-11-20T10:00:00.000Z", body: "{}" });
  const [message = ""] = encodeEnvelopes([event]);
  await service.getQueueClient("events-2").sendMessage(message);
  await service.getQueueClient("events-2-poison").sendMessage("c2Vjb25k");
  await service.getQueueClient("events-old").sendMessage("b3RoZXI=");
  expect(await operator.account.peekEvents()).toEqual([event]);
  const queues = await RelayQueues.open(operator.source);
  expect(await queues.count()).toBe(2);
  for (const text of [message, "c2Vjb25k"]) {
    const taken = await queues.take();
    expect(taken.map((one) => one.text)).toEqual([text]);
    for (const one of taken) await queues.delete(one);
  }
  expect(await queues.count()).toBe(0);
  for (const name of ["events-2", "events-2-poison", "events-old"]) await service.deleteQueue(name);
});

test("a claim is removed, and removing a deleted one is not an error", async () => {
  await operator.account.putClaim("d.json", "{}");
  for (const _ of "12") await operator.account.deleteClaim("d.json");
  expect(await operator.account.readClaim("d.json")).toBeUndefined();
});

test("tables, queues and dead letters are all read by the proxy of the environment", async () => {
  const asked: string[] = [];
  const proxy = createServer().on("connect", ({ url = "" }, client) => {
    asked.push(url);
    const { hostname, port } = new URL(`http://${url}`);
    const there = net.connect(Number(port), hostname, () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
    there.pipe(client).pipe(there);
    for (const [one, other] of [
      [there, client],
      [client, there],
    ] as const) {
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
    }
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  process.env.https_proxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  try {
    const account = await RelayStorageAccount.open(operator.source);
    await account.listDeadLetters();
    await account.peekEvents();
    await (await RelayTables.open(operator.source)).readCounts();
    const hosts = [operator.endpoints.blob, operator.endpoints.queue, operator.endpoints.table];
    expect(new Set(asked)).toEqual(new Set(hosts.map((address) => new URL(address).host)));
  } finally {
    delete process.env.https_proxy;
    proxy.close();
    proxy.closeAllConnections();
  }
});

test("dead letters can be listed by a prefix of their names", async () => {
  await write("2026/11/21/d-1.json", "{}");
  await write("2026/11/22/d-2.json", "{}");
  expect((await operator.account.listDeadLetters("2026/11/21/d-")).map(({ name }) => name)).toEqual([
    "2026/11/21/d-1.json",
  ]);
});

describe("the tables", () => {
  const signal = AbortSignal.timeout(60_000);
  const tables = () =>
    new Tables(async () => ({
      queueServiceUri: "",
      blobServiceUri: "",
      tableServiceUri: operator.endpoints.table,
      credential: new DefaultAzureCredential(),
    }));

  test("without any, there are no counts and deliveries are unknown", async () => {
    expect(await operator.tables.readCounts()).toEqual({ total: noCounts(), days: new Map(), unknownPaths: new Map() });
    expect(await operator.tables.readSentAgo()).toBeUndefined();
    expect(await operator.tables.wasDelivered({ id: "a", createdAt: 0 })).toBeUndefined();
  });

  test("the counts of all instances are added up by day, including purges", async () => {
    await tables().create("counts", signal);
    await tables().put("counts", { partition: "2026-11-21", row: "one" }, signal, {
      accepted: 5,
      delivered: 2,
      takenAt: 1_795_000_000,
      unknownPaths: '{"data.swatch":2,"data.taste":1}',
    });
    await tables().put("counts", { partition: "2026-11-21", row: "two" }, signal, {
      accepted: 1,
      unknownPaths: '{"data.swatch":3,"odd":"x"}',
      takenAt: 1_795_000_060,
      refusedAt: 1_795_000_030,
    });
    await tables().put("counts", { partition: "2026-11-20", row: "one" }, signal, {
      accepted: 10,
      filtered: 3,
      unknownPaths: "no JSON",
    });
    const notePurged = await operator.tables.openNote("purged");
    await notePurged(1);
    await notePurged(4);
    await operator.tables.openNote("movedOut");
    const { total, days, countedAt, takenAt, refusedAt, unknownPaths } = await operator.tables.readCounts();
    expect(Object.fromEntries(unknownPaths)).toEqual({ "data.swatch": 5, "data.taste": 1 });
    expect([takenAt, refusedAt]).toEqual([new Date(1_795_000_060_000), new Date(1_795_000_030_000)]);
    expect(total).toEqual({ ...noCounts(), accepted: 16, delivered: 2, filtered: 3, purged: 4 });
    expect([...days.keys()]).toEqual(["2026-11-20", "2026-11-21", new Date().toISOString().slice(0, 10)]);
    expect(days.get("2026-11-21")).toEqual({ ...noCounts(), accepted: 6, delivered: 2 });
    expect(Date.now() - (countedAt?.getTime() ?? 0)).toBeLessThan(60_000);
  });

  test("counts of old days, and the time of the last count, are the same once the relay has folded each day into one row", async () => {
    await tables().put("counts", { partition: "2026-11-22", row: "one" }, signal, { accepted: 1 });
    const before = await operator.tables.readCounts();
    // A sum is written long after its counts.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const nextMonth = new Date(Date.now() + 30 * 24 * 60 * 60 * 1000);
    await foldCounts({ tables: tables(), clock: () => nextMonth });
    expect(await tables().all("counts", signal)).toHaveLength(4);
    expect(await operator.tables.readCounts()).toEqual(before);
  });

  test("the newest row says how long ago an instance sent", async () => {
    await tables().create("forwarders", signal);
    await tables().put("forwarders", { partition: "forwarder", row: "one" }, signal);
    expect(await operator.tables.readSentAgo()).toBeLessThan(60_000);
  });

  test("an event was delivered if a table of any window says so", async () => {
    await tables().create("delivered7d2932", signal);
    await tables().create("delivered3d6841", signal);
    const createdAt = Date.parse("2026-11-20T10:00:00.000Z");
    const withoutTime = { id: "c", createdAt: undefined };
    for (const event of [{ id: "a", createdAt }, withoutTime]) {
      await tables().put("delivered3d6841", deliveredKey({ ...event, body: "{}" }), signal);
    }
    expect(await operator.tables.wasDelivered({ id: "a", createdAt })).toBe(true);
    expect(await operator.tables.wasDelivered({ id: "b", createdAt })).toBe(false);
    expect(await operator.tables.wasDelivered(withoutTime)).toBe(true);
  });
});

// The last tests: the container and the queue stay deleted.
test("a queue that was deleted is named as the cause, with the command that creates it again", async () => {
  await new QueueServiceClient(operator.endpoints.queue, new DefaultAzureCredential()).deleteQueue("events");
  await expect(operator.account.enqueue("e30=")).rejects.toThrow(
    /^A queue of the storage account relaystorage was deleted, .* To recreate it: npx pulumi up --refresh --stack dev$/,
  );
});

test("a container that was deleted is named as the cause, with the way to restore it and the command that creates it again", async () => {
  await new BlobServiceClient(operator.endpoints.blob, new DefaultAzureCredential()).deleteContainer("dead-letters");
  await expect(operator.account.listDeadLetters()).rejects.toThrow(
    /^A container of the storage account relaystorage was deleted, with its content. .* Show deleted containers, .* Otherwise: npx pulumi up --refresh --stack dev$/,
  );
});
