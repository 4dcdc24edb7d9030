import { DefaultAzureCredential } from "@azure/identity";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { readToken } from "../../src/azure/identity/access-token.ts";
import { type IdentityEndpoint, startIdentityEndpoint } from "../../src/azure/identity/managed-identity.ts";
import { make, startAzureWithGroup, startTestAzure, type TestAzure } from "./support.ts";

jest.setTimeout(60_000);

describe("the endpoint", () => {
  const tokenSecret = "secret";
  const own = { objectId: "own-object", clientId: "own-client" };
  const other = { objectId: "other-object", clientId: "other-client", resourceId: "/other" };
  let endpoint: IdentityEndpoint;
  let header: string;
  beforeAll(async () => {
    endpoint = await startIdentityEndpoint({ tokenSecret, tenantId: "tenant" });
    header = endpoint.register({ own: () => own, userAssigned: () => [other] });
  });
  afterAll(() => endpoint.close());

  async function ask(query: Record<string, string>, secret = header) {
    const url = `${endpoint.url}?${new URLSearchParams(query)}`;
    const response = await fetch(url, { headers: { "X-IDENTITY-HEADER": secret } });
    return { status: response.status, body: (await response.json()) as Record<string, string> };
  }
  const version = { "api-version": "2019-08-01" };
  const storage = { ...version, resource: "https://storage.azure.com/" };

  test("gives a token of the app's own identity", async () => {
    const { status, body } = await ask(storage);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      token_type: "Bearer",
      resource: "https://storage.azure.com/",
      client_id: "own-client",
    });
    const claims = readToken(tokenSecret, body.access_token ?? "");
    expect(claims).toMatchObject({
      aud: "https://storage.azure.com",
      iss: "https://sts.windows.net/tenant/",
      oid: "own-object",
      appid: "own-client",
      tid: "tenant",
      exp: Number(body.expires_on),
    });
    expect(readToken("another secret", body.access_token ?? "")).toBeUndefined();
  });

  test("finds a user-assigned identity by client id or resource id", async () => {
    expect((await ask({ ...storage, client_id: "OTHER-CLIENT" })).body.client_id).toBe("other-client");
    expect((await ask({ ...storage, mi_res_id: "/Other" })).body.client_id).toBe("other-client");
    expect((await ask({ ...storage, object_id: "other-object" })).body.client_id).toBe("other-client");
  });

  test("refuses a wrong secret, no version, another resource and an unknown identity", async () => {
    expect((await ask(storage, "wrong")).status).toBe(401);
    expect((await ask({ resource: "https://storage.azure.com" })).status).toBe(400);
    expect((await ask({ ...version, resource: "https://example.org" })).body.message).toContain("AADSTS500011");
    expect(await ask({ ...storage, client_id: "unknown" })).toEqual({
      status: 400,
      body: {
        statusCode: 400,
        message: "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
      },
    });
  });
});

describe("the caller's own login", () => {
  let cloud: TestAzure;
  let endpoints: { blob: string; queue: string };
  beforeAll(async () => {
    cloud = await startAzureWithGroup({ callerRoles: ["Storage Queue Data Contributor"] });
    const { provider, identityEndpoint, identityHeader } = cloud.azure;
    Object.assign(process.env, { IDENTITY_ENDPOINT: identityEndpoint, IDENTITY_HEADER: identityHeader });
    const account = {
      resourceGroupName: "group",
      accountName: "identity",
      kind: "StorageV2",
      sku: { name: "Standard_LRS" },
    };
    const { properties } = await make(provider, "storage:StorageAccount", "account", account);
    endpoints = properties.primaryEndpoints as { blob: string; queue: string };
    await make(provider, "storage:Queue", "events", { resourceGroupName: "group", accountName: "identity" });
    await make(provider, "storage:BlobContainer", "claims", { resourceGroupName: "group", accountName: "identity" });
  });
  afterAll(async () => {
    delete process.env.IDENTITY_ENDPOINT;
    delete process.env.IDENTITY_HEADER;
    await cloud.stop();
  });

  test("DefaultAzureCredential finds it, and storage accepts it as far as its roles allow", async () => {
    const credential = new DefaultAzureCredential();
    const queue = new QueueServiceClient(endpoints.queue, credential).getQueueClient("events");
    await queue.sendMessage("hello");
    expect((await queue.receiveMessages()).receivedMessageItems.map(({ messageText }) => messageText)).toEqual([
      "hello",
    ]);
    const blobs = new BlobServiceClient(endpoints.blob, credential).getContainerClient("claims");
    await expect(blobs.getBlockBlobClient("x").upload("x", 1)).rejects.toMatchObject({
      statusCode: 403,
      code: "AuthorizationPermissionMismatch",
    });
  });

  test("a token with another signature is refused", async () => {
    const forged = { getToken: async () => ({ token: "a.b.c", expiresOnTimestamp: Date.now() + 3_600_000 }) };
    const queue = new QueueServiceClient(endpoints.queue, forged).getQueueClient("events");
    await expect(queue.getProperties()).rejects.toMatchObject({ statusCode: 401 });
  });

  test("an unknown role can't be given to the caller", async () => {
    await expect(startTestAzure({ callerRoles: ["King"] })).rejects.toThrow(
      'The local cloud has no built-in role "King"',
    );
  });
});
