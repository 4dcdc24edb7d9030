import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Census } from "../../relay/azure/counts/census.ts";
import { Tally } from "../../relay/azure/counts/tally.ts";
import { RememberedDuplicates } from "../../relay/azure/delivery/duplicates.ts";
import { healthHandler } from "../../relay/azure/health.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { Tables } from "../../relay/azure/storage/tables.ts";
import { deadEvent } from "../../relay/core/event/dead-letter.ts";
import { newEvent } from "../../relay/core/event/envelope.ts";
import { invocation } from "./support/invocation.ts";
import { noMarks } from "./support/open-ports.ts";

/** An identity endpoint that accepts requests for tokens and never answers. */
let silent: Server;
const unanswered: ServerResponse[] = [];
beforeAll(async () => {
  silent = createServer((_request, response) => void unanswered.push(response));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  process.env.IDENTITY_ENDPOINT = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/msi/token`;
  process.env.IDENTITY_HEADER = "identity header";
});
afterAll(async () => {
  delete process.env.IDENTITY_ENDPOINT;
  delete process.env.IDENTITY_HEADER;
  // A refusal that is not repeated: otherwise the requests go on for seconds, and the process with them.
  for (const response of unanswered) response.writeHead(400).end();
  await new Promise((resolve) => silent.close(resolve));
});

const uri = "https://127.0.0.1:1/account";
const settings = { queueServiceUri: uri, blobServiceUri: uri, tableServiceUri: uri, clientId: "identity" };
const never = { getToken: () => new Promise<never>(() => undefined) };
const hanging = new Tables(async () => ({ ...settings, credential: never }));
const body = JSON.stringify({ event_id: "a", timestamp: 1 });
const letter = deadEvent(newEvent({ id: "a", receivedAt: "2026-11-20T10:00:00.000Z", body }), body, {
  class: "refused",
  reason: "HTTP 400",
  now: new Date("2026-11-20T10:00:00.000Z"),
});

describe("while a token does not arrive, the signal ends", () => {
  const key = { partition: "p", row: "r" };
  test.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
    ["has", (signal) => hanging.has("t", key, signal)],
    ["put", (signal) => hanging.put("t", key, signal)],
    ["create", (signal) => hanging.create("t", signal)],
    ["list", (signal) => hanging.list(signal)],
    ["all", (signal) => hanging.all("t", signal)],
    ["ages", (signal) => hanging.ages("t", "p", signal)],
    ["remove", (signal) => hanging.remove("t", key, signal)],
    ["delete", (signal) => hanging.delete("t", signal)],
  ])("a call of a table: %s", async (_, call) => {
    await expect(call(AbortSignal.timeout(50))).rejects.toMatchObject({ name: "TimeoutError" });
  });

  test.each<[string, (storage: RelayStorageClient, signal: AbortSignal) => Promise<unknown>]>([
    ["enqueue", (storage, signal) => storage.enqueue("e30=", { delaySeconds: 0, signal })],
    ["putClaim", (storage, signal) => storage.putClaim("a", "{}", signal)],
    ["readClaim", (storage, signal) => storage.readClaim("a", signal)],
    ["deleteClaim", (storage, signal) => storage.deleteClaim("a", signal)],
    ["putDeadLetter", (storage, signal) => storage.putDeadLetter(letter, signal)],
    ["check", (storage, signal) => storage.check(signal)],
  ])(
    "a call of the queue or of blobs: %s",
    async (_, call) => {
      const before = unanswered.length;
      // Long enough for Azure's libraries to be loaded, and to ask for the token.
      await expect(call(new RelayStorageClient(settings), AbortSignal.timeout(2_000))).rejects.toMatchObject({
        name: expect.stringMatching(/TimeoutError|AbortError/),
      });
      expect(unanswered.length).toBeGreaterThan(before);
    },
    20_000,
  );
});

test("an event is sent even if duplicates can't be recognized, and the problem is reported", async () => {
  const troubles: string[] = [];
  const duplicates = new RememberedDuplicates({ tables: hanging, clock: () => new Date(), windowDays: 7 });
  const send = async () => ({ fate: "delivered" }) as const;
  expect(
    await duplicates.deliverOnce(
      { id: "a", createdAt: undefined, body: "{}", mayBeRepeated: true, subject: {} },
      send as never,
      (reason) => troubles.push(reason),
    ),
  ).toEqual({ fate: "delivered" });
  expect(troubles).toHaveLength(1);
}, 20_000);

test("an instance counts itself without a table, and keeps its counts for later", async () => {
  const census = new Census({ most: 100, tables: hanging, monotonic: () => performance.now() });
  expect(await census.countInstances()).toBe(40);
  const rows: object[] = [];
  const answering = {
    create: async () => true,
    put: async (...row: unknown[]) => void rows.push(row.at(-1) as object),
  };
  let tables: ConstructorParameters<typeof Tally>[0]["tables"] = hanging;
  const tally = new Tally({
    get tables() {
      return tables;
    },
    clock: () => new Date(),
    monotonic: () => performance.now(),
    schedule: () => undefined,
  });
  tally.add({ outcome: "accepted", accepted: 1 });
  await tally.flush();
  tables = answering;
  await tally.flush();
  expect(rows).toEqual([expect.objectContaining({ accepted: 1 })]);
}, 20_000);

test("/health says within its budget that the storage can't be reached", async () => {
  const handler = healthHandler({
    version: "1.2.3",
    signingKeys: ["key"],
    storage: new RelayStorageClient(settings),
    marks: noMarks,
    budget: 100,
  });
  expect(await handler(undefined as never, invocation().context)).toMatchObject({ status: 503 });
});
