import path from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { issueToken } from "../../packages/local-cloud/src/azure/identity/access-token.ts";
import type { Grant } from "../../packages/local-cloud/src/azure/identity/data-plane-authorization.ts";
import { Azurite } from "../../packages/local-cloud/src/azure/storage/azurite.ts";
import { createCertificate, trustInThisProcess } from "../../packages/local-cloud/src/certificate.ts";
import { temporaryFolder } from "../../packages/local-cloud/test/azure/support.ts";
import { recordingServer } from "../../packages/pulumi-customerio/test/recording-server.ts";
import { ManagedIdentity } from "../../relay/azure/managed-identity.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";

const tokenSecret = "secret";
const principal = { objectId: "relay", clientId: "33333333-4444-4555-8666-777777777777", tenantId: "t" };
const accountIdOf = (name: string) =>
  `/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/${name}`;

/**
 * A storage account with the relay's queues and containers, one for the Functions host, and the relay's code as an identity whose roles the
 * test gives. Both accounts have a container for the package, as after a move.
 */
export async function startRoleWorld() {
  const { folder, dispose } = await temporaryFolder();
  const certificate = await createCertificate(folder);
  trustInThisProcess(certificate);
  const accessOf = (name: string, grants: readonly Grant[]) => ({
    tokenSecret,
    serviceObjectId: "service",
    accountId: accountIdOf(name),
    allowSharedKeyAccess: true,
    grants,
    messageUpdateNeeds: "write" as const,
  });
  const startAccount = async (account: string) => {
    const access = accessOf(account, []);
    const azurite = await Azurite.start({ account, folder: path.join(folder, account), certificate, access });
    const [blob = "", queue = "", table = ""] = (["blob", "queue", "table"] as const).map((one) =>
      azurite.endpoint(one),
    );
    const keyed = `DefaultEndpointsProtocol=https;AccountName=${account};AccountKey=${azurite.keys[0]};BlobEndpoint=${blob};QueueEndpoint=${queue}`;
    const code = BlobServiceClient.fromConnectionString(keyed).getContainerClient("code");
    await code.create();
    await code.getBlockBlobClient("package.zip").upload("zip", 3);
    return { account, azurite, keyed, endpoints: { blob, queue, table } };
  };
  const accounts = await Promise.all([startAccount("relay"), startAccount("host")]);
  const [{ keyed, endpoints }, host] = accounts;
  for (const name of ["events", "events-poison", "other"]) {
    await QueueServiceClient.fromConnectionString(keyed).getQueueClient(name).create();
  }
  const blobs = BlobServiceClient.fromConnectionString(keyed);
  for (const name of ["claims", "dead-letters"]) await blobs.getContainerClient(name).create();

  const identity = await recordingServer(() => {
    const { token, expiresOn } = issueToken(tokenSecret, { ...principal, audience: "https://storage.azure.com" });
    const body = { access_token: token, expires_on: String(expiresOn), token_type: "Bearer" };
    return {
      headers: { "content-type": "application/json" },
      body: { ...body, resource: "https://storage.azure.com" },
    };
  });
  process.env.IDENTITY_ENDPOINT = `http://127.0.0.1:${identity.port}/msi/token`;
  process.env.IDENTITY_HEADER = "header";
  const { clientId } = principal;
  const uris = { queueServiceUri: endpoints.queue, blobServiceUri: endpoints.blob, tableServiceUri: endpoints.table };
  return {
    accountId: accountIdOf("relay"),
    hostAccountId: accountIdOf("host"),
    principalId: principal.objectId,
    endpoints,
    hostEndpoints: host.endpoints,
    credential: new ManagedIdentity({ clientId }),
    relay: new RelayStorageClient({ ...uris, clientId }),
    allow: (grants: readonly Grant[]) =>
      Promise.all(accounts.map(({ account, azurite }) => azurite.allow(accessOf(account, grants)))),
    async stop() {
      delete process.env.IDENTITY_ENDPOINT;
      delete process.env.IDENTITY_HEADER;
      await identity.close();
      await Promise.all(accounts.map(({ azurite }) => azurite.stop()));
      await dispose();
    },
  };
}
