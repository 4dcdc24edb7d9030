import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCertificate, trustInThisProcess } from "../../packages/local-cloud/src/certificate.ts";
import { readAppSettings } from "../../relay/azure/settings.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import { type Azurite, startAzurite } from "./support/azurite.ts";

let folder: string;
let azurite: Azurite;
let identityEndpoint: Server;
const asked: { resource: string | null; clientId: string | null; secret: unknown }[] = [];

/** A token as Entra ID writes one, signed by nobody: Azurite reads the claims alone. */
function token(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const nbf = Math.floor(Date.now() / 1000) - 60;
  const claims = {
    aud: "https://storage.azure.com",
    iss: "https://sts.windows.net/tenant/",
    iat: nbf,
    nbf,
    exp: nbf + 3600,
  };
  return `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.x`;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relay-certificate-"));
  const certificate = await createCertificate(folder);
  trustInThisProcess(certificate);
  azurite = await startAzurite(certificate);
  identityEndpoint = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://localhost");
    const secret = request.headers["x-identity-header"];
    asked.push({ resource: searchParams.get("resource"), clientId: searchParams.get("client_id"), secret });
    const expires_on = Math.floor(Date.now() / 1000) + 3600;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        access_token: token(),
        expires_on,
        resource: "https://storage.azure.com",
        token_type: "Bearer",
      }),
    );
  });
  await new Promise<void>((resolve) => identityEndpoint.listen(0, "127.0.0.1", resolve));
  // The variables by which App Service describes the managed identity.
  process.env.IDENTITY_ENDPOINT = `http://127.0.0.1:${(identityEndpoint.address() as AddressInfo).port}/msi/token`;
  process.env.IDENTITY_HEADER = "identity header";
});

afterAll(async () => {
  delete process.env.IDENTITY_ENDPOINT;
  delete process.env.IDENTITY_HEADER;
  identityEndpoint.closeAllConnections();
  await new Promise((resolve) => identityEndpoint.close(resolve));
  await azurite.stop();
  await rm(folder, { recursive: true, force: true });
});

test("queue, blobs and tables open with the user-assigned identity of the settings, and no key", async () => {
  const { storage: settings } = readAppSettings({
    RELAY_STORAGE__queueServiceUri: azurite.queueServiceUri,
    RELAY_STORAGE__blobServiceUri: azurite.blobServiceUri,
    RELAY_STORAGE__tableServiceUri: azurite.tableServiceUri,
    RELAY_STORAGE__credential: "managedidentity",
    RELAY_STORAGE__clientId: "33333333-4444-4555-8666-777777777777",
  });
  const storage = new RelayStorageClient(settings);
  const signal = AbortSignal.timeout(20_000);
  await storage.check(signal);
  await storage.enqueue(Buffer.from('"hello"').toString("base64"), { delaySeconds: 0, signal });
  await storage.putClaim("2026/11/20/claim.json", "{}", signal);
  await storage.tables.create("delivered", signal);
  await storage.tables.put("delivered", { partition: "ab", row: "abcd" }, signal);
  expect(await storage.tables.has("delivered", { partition: "ab", row: "abcd" }, signal)).toBe(true);
  expect(await azurite.take(queueNames.events)).toMatchObject([{ message: "hello" }]);
  expect(await azurite.blobNames(containerNames.claims)).toEqual(["2026/11/20/claim.json"]);
  expect(asked.length).toBeGreaterThan(0);
  for (const request of asked) {
    expect(request).toEqual({
      resource: "https://storage.azure.com",
      clientId: "33333333-4444-4555-8666-777777777777",
      secret: "identity header",
    });
  }
});
