import { existsSync } from "node:fs";
import path from "node:path";
import { Azurite } from "../../../local/azure/azurite.ts";
import { type Child, startChild } from "../../../local/azure/child-process.ts";
import { createCertificate, trustInThisProcess } from "../../../local/certificate.ts";
import { temporaryFolder, until } from "./support.ts";

jest.setTimeout(60_000);

const repository = path.resolve(import.meta.dirname, "../../..");
const bundle = path.join(repository, "relay/dist");
// The bundle is a build product: `npm run build` makes it.
const whenBuilt = existsSync(path.join(bundle, "index.cjs")) ? describe : describe.skip;

whenBuilt("the relay's bundle in the host alone", () => {
  let temporary: Awaited<ReturnType<typeof temporaryFolder>>;
  let azurite: Azurite;
  let child: Child;
  let url: string;

  beforeAll(async () => {
    temporary = await temporaryFolder();
    const certificate = await createCertificate(temporary.folder);
    trustInThisProcess(certificate);
    azurite = await Azurite.start({
      account: "relay",
      folder: path.join(temporary.folder, "storage"),
      certificate,
      access: {
        tokenSecret: "secret",
        serviceObjectId: "service",
        accountId: "/account",
        allowSharedKeyAccess: true,
        grants: [],
        messageUpdateNeeds: "write",
      },
    });
    const endpoints = `BlobEndpoint=${azurite.endpoint("blob")};QueueEndpoint=${azurite.endpoint("queue")}`;
    const started = new Promise<number>((resolve, reject) => {
      child = startChild({
        module: path.join(repository, "local/azure/function-host.ts"),
        arguments: [bundle],
        environment: {
          NODE_EXTRA_CA_CERTS: certificate.certificateFile,
          RELAY_STORAGE: `DefaultEndpointsProtocol=https;AccountName=relay;AccountKey=${azurite.keys[0]};${endpoints}`,
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
    await azurite.stop();
    await temporary.dispose();
  });

  test("its routes answer: an event without a signature is turned away, any other path isn't there", async () => {
    expect((await fetch(`${url}/customerio`, { method: "POST", body: "{}" })).status).toBe(401);
    expect((await fetch(`${url}/customerio`)).status).toBe(404);
    expect((await fetch(`${url}/api/customerio`, { method: "POST" })).status).toBe(404);
    await until(
      async () => (await fetch(`${url}/health`)).status,
      (status) => [200, 503].includes(status),
    );
  });
});
