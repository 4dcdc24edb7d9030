import http from "node:http";
import type { AddressInfo } from "node:net";
import { QueueServiceClient } from "@azure/storage-queue";
import { Queue } from "../../relay/azure/storage/queue.ts";
import { StorageError } from "../../relay/azure/storage/storage-error.ts";
import { queueNames } from "../../relay/core/names.ts";
import { type Azurite, startAzurite } from "./support/azurite.ts";

const signal = AbortSignal.timeout(60_000);

describe("in a storage account", () => {
  let azurite: Azurite;
  beforeAll(async () => {
    azurite = await startAzurite();
  });
  afterAll(() => azurite.stop());
  const open = (name: string) => new Queue(async () => azurite, name);
  const library = (name: string) =>
    QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(name);

  test("a message never expires, and is hidden for the given time", async () => {
    const queue = open(queueNames.events);
    await queue.put("bm93", { delaySeconds: 0, signal });
    await queue.put("bGF0ZXI=", { delaySeconds: 600, signal });
    expect((await queue.properties(signal)).waiting).toBe(2);
    const { receivedMessageItems } = await library(queueNames.events).receiveMessages({ numberOfMessages: 32 });
    expect(receivedMessageItems.map(({ messageText, expiresOn }) => [messageText, expiresOn.getUTCFullYear()])).toEqual(
      [["bm93", 9999]],
    );
  });

  test("the head is the next message with its count, and stays where it is", async () => {
    const queue = open(queueNames.poison);
    expect(await queue.head(signal)).toBeUndefined();
    await queue.put("b25l", { delaySeconds: 0, signal });
    const { receivedMessageItems } = await library(queueNames.poison).receiveMessages({ visibilityTimeout: 1 });
    while ((await queue.head(signal)) === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    const head = { id: receivedMessageItems[0]?.messageId, dequeueCount: 1 };
    expect([await queue.head(signal), await queue.head(signal)]).toEqual([head, head]);
  });

  test("the properties are the metadata, and the service's time", async () => {
    await library(queueNames.events).setMetadata({ intake: "closed", sending: "held until tomorrow" });
    const { metadata, now } = await open(queueNames.events).properties(signal);
    expect(metadata).toEqual({ intake: "closed", sending: "held until tomorrow" });
    expect(Math.abs(now.getTime() - Date.now())).toBeLessThan(60_000);
  });

  test("a queue that does not exist, and a key that is wrong, are named by Azure's codes", async () => {
    const missing = open("missing").put("b25l", { delaySeconds: 0, signal });
    await expect(missing).rejects.toBeInstanceOf(StorageError);
    await expect(missing).rejects.toMatchObject({
      message: "the storage account's Queue service answered HTTP 404",
      code: "QueueNotFound",
    });
    const connectionString = azurite.connectionString.replace(/AccountKey=[^;]+/, "AccountKey=d3Jvbmc=");
    const refused = new Queue(async () => ({ connectionString }), queueNames.events).properties(signal);
    await expect(refused).rejects.toMatchObject({ status: 403, code: "AuthenticationFailed" });
  });
});

describe("while the service fails", () => {
  let answers: ((response: http.ServerResponse) => void)[];
  let calls: string[];
  const server = http.createServer((request, response) => {
    request.resume();
    calls.push(`${request.method} ${request.url}`);
    (answers.shift() ?? answer(201))(response);
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  beforeEach(() => {
    [answers, calls] = [[], []];
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const answer = (status: number) => (response: http.ServerResponse) => response.writeHead(status).end();
  const breakOff = (response: http.ServerResponse) => response.destroy();
  const put = (limit = signal) => {
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/account/`;
    const credential = { getToken: async () => ({ token: "token", expiresOnTimestamp: Number.POSITIVE_INFINITY }) };
    const access = { queueServiceUri: uri, blobServiceUri: uri, tableServiceUri: uri, credential };
    return new Queue(async () => access, "events").put("b25l", { delaySeconds: 7, signal: limit });
  };

  test.each([
    ["a busy service", answer(503)],
    ["an error of the service", answer(500)],
    ["a connection that breaks", breakOff],
  ])("%s gets the message again, up to three times", async (_, fault) => {
    answers = [fault, fault];
    await put();
    const call = "POST /account/events/messages?messagettl=-1&visibilitytimeout=7";
    expect(calls).toEqual([call, call, call]);
    answers = [fault, fault, fault];
    await expect(put()).rejects.toThrow();
    expect(calls).toHaveLength(6);
  });

  test("a refusal is not repeated", async () => {
    answers = [answer(400)];
    await expect(put()).rejects.toThrow("the storage account's Queue service answered HTTP 400");
    expect(calls).toHaveLength(1);
  });

  test("an aborted signal ends an attempt, the wait between two attempts, and all further ones", async () => {
    const controller = new AbortController();
    answers = [() => controller.abort()];
    await expect(put(controller.signal)).rejects.toThrow("aborted");
    expect(calls).toHaveLength(1);
    const waiting = new AbortController();
    answers = [
      answer(503),
      (response) => {
        answer(503)(response);
        response.once("close", () => setTimeout(() => waiting.abort(), 20));
      },
    ];
    await expect(put(waiting.signal)).rejects.toThrow("aborted");
    expect(calls).toHaveLength(3);
  });
});
