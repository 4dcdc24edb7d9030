/**
 * The relay as one would write it without Azure Functions: one Node process with an HTTP server, one queue message for each event, and two
 * loops that read up to 32 messages at a time and make one call for each. Retries are left to the queue's visibility timeout.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type DequeuedMessageItem, QueueServiceClient } from "@azure/storage-queue";

const { QUEUE_CONNECTION = "", QUEUE_NAME = "", SINK_URL = "", SIGNING_KEY = "" } = process.env;
const queue = QueueServiceClient.fromConnectionString(QUEUE_CONNECTION).getQueueClient(QUEUE_NAME);

async function takeIn(request: http.IncomingMessage): Promise<number> {
  const body = await text(request);
  const expected = createHmac("sha256", SIGNING_KEY)
    .update(`v0:${request.headers["x-cio-timestamp"]}:${body}`)
    .digest();
  const given = Buffer.from(String(request.headers["x-cio-signature"]), "hex");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 401;
  await queue.sendMessage(Buffer.from(body).toString("base64"));
  return 200;
}

async function deliver({ messageId, popReceipt, messageText }: DequeuedMessageItem): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(SINK_URL, { method: "POST", headers, body: Buffer.from(messageText, "base64") });
  await response.arrayBuffer();
  if (response.ok) await queue.deleteMessage(messageId, popReceipt);
}

async function forward(): Promise<never> {
  for (;;) {
    const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32, visibilityTimeout: 30 });
    // What fails comes back when its visibility timeout ends.
    await Promise.all(receivedMessageItems.map((message) => deliver(message).catch(() => undefined)));
    if (receivedMessageItems.length === 0) await sleep(200);
  }
}

const server = http.createServer((request, response) => {
  void takeIn(request)
    .catch(() => 500)
    .then((status) => response.writeHead(status).end());
});
server.keepAliveTimeout = 0;
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
void forward();
void forward();
