import { existsSync } from "node:fs";
import path from "node:path";
import manifest from "../../../../package.json" with { type: "json" };
import { type Child, startChild } from "../../src/azure/child-process.ts";
import { startTestStorage, type TestStorage, until } from "./support.ts";

jest.setTimeout(60_000);

const repository = path.resolve(import.meta.dirname, "../../../..");
const bundle = path.join(repository, "relay/dist");
// The bundle is a build product: `npm run build` makes it.
const whenBuilt = existsSync(path.join(bundle, "index.cjs")) ? describe : describe.skip;

whenBuilt("the relay's bundle in the host alone", () => {
  let storage: TestStorage;
  let child: Child;
  let url: string;

  beforeAll(async () => {
    storage = await startTestStorage("relay");
    const started = new Promise<number>((resolve, reject) => {
      child = startChild({
        module: path.join(repository, "packages/local-cloud/src/azure/function-host.ts"),
        arguments: [bundle],
        environment: {
          NODE_EXTRA_CA_CERTS: storage.certificate.certificateFile,
          RELAY_STORAGE: storage.connectionString,
          CUSTOMERIO_SIGNING_KEYS: "key",
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
    await storage.stop();
  });

  test("its routes answer: an event without a signature is turned away, any other path isn't there", async () => {
    expect((await fetch(`${url}/customerio`, { method: "POST", body: "{}" })).status).toBe(401);
    expect((await fetch(`${url}/customerio`)).status).toBe(404);
    expect((await fetch(`${url}/api/customerio`, { method: "POST" })).status).toBe(404);
    await until(
      async () => (await fetch(`${url}/health`)).status,
      (status) => [200, 503].includes(status),
    );
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ version: manifest.version });
  });
});
