import { createHmac } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { QueueServiceClient } from "@azure/storage-queue";
import manifest from "../../package.json" with { type: "json" };
import { type Child, startChild } from "../../packages/local-cloud/src/azure/app-service/child-process.ts";
import { functionHost } from "../../packages/local-cloud/src/azure/app-service/host-process.ts";
import { startTestStorage, type TestStorage } from "../../packages/local-cloud/test/azure/support.ts";
import { until } from "../../packages/local-cloud/test/until.ts";

jest.setTimeout(60_000);

const repository = path.resolve(import.meta.dirname, "../..");
const bundle = path.join(repository, "relay/dist");
// The bundle is a build product: `npm run build` makes it.
const whenBuilt = existsSync(path.join(bundle, "index.cjs")) ? describe : describe.skip;

whenBuilt("the relay's bundle in the host alone", () => {
  let storage: TestStorage;
  /** Replaces the account's blob service: accepts every request and never answers. */
  let silent: Server;
  let child: Child;
  let url: string;

  beforeAll(async () => {
    storage = await startTestStorage("relay");
    silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const queues = QueueServiceClient.fromConnectionString(storage.connectionString);
    await queues.getQueueClient("events").create();
    const started = new Promise<number>((resolve, reject) => {
      child = startChild({
        module: functionHost,
        arguments: [bundle],
        environment: {
          NODE_EXTRA_CA_CERTS: storage.certificate.certificateFile,
          RELAY_STORAGE: storage.connectionString.replace(
            /BlobEndpoint=[^;]*/,
            `BlobEndpoint=http://127.0.0.1:${port}/relay`,
          ),
          CUSTOMERIO_SIGNING_KEYS: "key",
          INSTANCE_MEMORY_MB: "512",
          PLATFORM_STREAMING_URL: "http://127.0.0.1:1/collection/inlet?x-adobe-flow-id=flow",
        },
        output: { onLine: () => undefined },
        onMessage: (message) => {
          const { state, port } = message as { state: string; port: number };
          if (state === "running") resolve(port);
          else reject(new Error(JSON.stringify(message)));
        },
      });
    });
    url = `http://127.0.0.1:${await started}`;
  });
  afterAll(async () => {
    await child.stop(5_000);
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
    await storage.stop();
  });

  test("its routes answer: 401 to an event without a signature, 404 to any other path", async () => {
    expect((await fetch(`${url}/customerio`, { method: "POST", body: "{}" })).status).toBe(401);
    expect((await fetch(`${url}/customerio`)).status).toBe(404);
    expect((await fetch(`${url}/api/customerio`, { method: "POST" })).status).toBe(404);
    await until(
      async () => (await fetch(`${url}/health`)).status,
      (status) => [200, 503].includes(status),
    );
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ version: manifest.version });
  });

  test("the smallest instance has no room for three large bodies, however they are sent; small ones pass", async () => {
    const post = async (text: string, chunked = false) => {
      const timestamp = "1717430405";
      const signature = createHmac("sha256", "key").update(`v0:${timestamp}:${text}`).digest("hex");
      const response = await fetch(`${url}/customerio`, {
        method: "POST",
        headers: { "x-cio-timestamp": timestamp, "x-cio-signature": signature },
        body: chunked ? new Blob([text]).stream() : text,
        duplex: "half",
      } as RequestInit);
      return [response.status, response.headers.get("retry-after")];
    };
    const event = (id: string, content: string) => JSON.stringify({ event_id: id, timestamp: 1, data: { content } });
    const large = "x".repeat(7 * 2 ** 20);
    const all = Promise.all([post(event("one", large)), post(event("two", large), true), post(event("three", large))]);
    expect(await post(event("small", ""))).toEqual([200, null]);
    // Two wait for a storage that never answers, and hold their bytes meanwhile.
    const byWait = ([, wait]: (string | number | null)[]) => (wait === null ? 1 : 0);
    expect((await all).toSorted((one, other) => byWait(one) - byWait(other))).toEqual([
      [503, "1"],
      [503, null],
      [503, null],
    ]);
    expect(await post(event("four", large))).toEqual([503, null]);
  });
});
