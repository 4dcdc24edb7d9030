import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { strToU8, type Zippable, zipSync } from "fflate";
import type { Provider, ResourceCall } from "../../../pulumi-provider-kit/src/engine/provider.ts";
import type { PropertyMap } from "../../../pulumi-provider-kit/src/engine/values.ts";
import { type AzureOptions, startAzure } from "../../src/azure/azure.ts";
import type { LocalAzure } from "../../src/azure/local-azure.ts";
import { Azurite } from "../../src/azure/storage/azurite.ts";
import { type Certificate, createCertificate, trustInThisProcess } from "../../src/certificate.ts";
import { localCredentials } from "../../src/credentials.ts";

export const subscriptionId = localCredentials.azure.subscriptionId;
export const groupId = `/subscriptions/${subscriptionId}/resourceGroups/group`;

const unreadableMode = { os: 0 } as const;
const readableMode = { os: 3, attrs: (0o100644 << 16) >>> 0 } as const;

/** A folder that is deleted by `dispose`. */
export async function temporaryFolder(): Promise<{ folder: string; dispose: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "azure-test-"));
  return { folder, dispose: () => rm(folder, { recursive: true, force: true }) };
}

export interface TestStorage {
  readonly connectionString: string;
  readonly certificate: Certificate;
  readonly folder: string;
  stop(): Promise<void>;
}

/** A storage account alone that accepts its keys; this process trusts its certificate. */
export async function startTestStorage(account: string): Promise<TestStorage> {
  const { folder, dispose } = await temporaryFolder();
  const certificate = await createCertificate(folder);
  trustInThisProcess(certificate);
  const azurite = await Azurite.start({
    account,
    folder: path.join(folder, "storage"),
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
  return {
    connectionString: `DefaultEndpointsProtocol=https;AccountName=${account};AccountKey=${azurite.keys[0]};${endpoints}`,
    certificate,
    folder,
    stop: async () => {
      await azurite.stop();
      await dispose();
    },
  };
}

export interface TestAzure {
  readonly azure: LocalAzure;
  readonly certificate: Certificate;
  readonly folder: string;
  stop(): Promise<void>;
}

export async function startTestAzure(options: Partial<AzureOptions> = {}): Promise<TestAzure> {
  const { folder, dispose } = await temporaryFolder();
  const certificate = await createCertificate(folder);
  trustInThisProcess(certificate);
  const starting = startAzure({ folder: path.join(folder, "azure"), certificate, ...options });
  const azure = await starting.catch(async (error) => {
    await dispose();
    throw error;
  });
  return {
    azure,
    certificate,
    folder,
    stop: async () => {
      await azure.close();
      await dispose();
    },
  };
}

export const inGroup = { resourceGroupName: "group" };

/** Azure with the resource group that `inGroup` names. */
export async function startAzureWithGroup(options: Partial<AzureOptions> = {}): Promise<TestAzure> {
  const cloud = await startTestAzure(options);
  const { provider } = cloud.azure;
  try {
    await provider.configure({ location: "westeurope" });
    await make(provider, "resources:ResourceGroup", "group", inGroup);
  } catch (error) {
    await cloud.stop();
    throw error;
  }
  return cloud;
}

export function callOf(token: string, name: string): ResourceCall {
  const type = `azure-native:${token}`;
  const urn = `urn:pulumi:test::project::${type}::${name}`;
  return { type, urn, name, signal: new AbortController().signal, progress: () => undefined, warn: () => undefined };
}

/** Checks and creates a resource as the engine does. */
export async function make(provider: Provider, token: string, name: string, news: PropertyMap) {
  const call = callOf(token, name);
  const { inputs, failures } = await provider.check(call, { olds: {}, news });
  if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("\n"));
  const created = await provider.create(call, { inputs, preview: false });
  return { ...created, inputs, call };
}

export function remove(provider: Provider, resource: { call: ResourceCall; id: string; properties: PropertyMap }) {
  return provider.delete(resource.call, { id: resource.id, state: resource.properties });
}

export function roleId(guid: string): string {
  return `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${guid}`;
}

export const roles = {
  blobOwner: "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
  queueContributor: "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
  messageSender: "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
  queueReader: "19e7f393-937e-4f77-808e-94535e297925",
  secretsUser: "4633458b-17de-408a-b874-0445c86b69e6",
  secretsOfficer: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
} as const;

export function assign(provider: Provider, principalId: string, role: string, scope: string) {
  const inputs = { scope, principalId, principalType: "ServicePrincipal", roleDefinitionId: roleId(role) };
  return make(provider, "authorization:RoleAssignment", `role-${role}`, inputs);
}

/** Functions of the test app: an echo, a writer to a queue, and a reader that fails as often as its message says. */
export const testApp = `
import { app, output } from "@azure/functions";

const toWork = output.storageQueue({ queueName: "%WORK_QUEUE%", connection: "STORE" });

app.http("echo", {
  methods: ["GET", "POST"],
  route: "echo/{word:alpha}/{*rest}",
  authLevel: "anonymous",
  handler: async (request, context) => {
    context.log("echoing", request.params.word);
    return {
      status: 201,
      headers: { "x-word": request.params.word },
      jsonBody: {
        method: request.method,
        url: request.url,
        query: Object.fromEntries(request.query),
        params: request.params,
        body: request.method === "GET" ? "" : await request.text(),
        setting: process.env.GREETING,
      },
    };
  },
});

app.http("locked", { methods: ["GET"], authLevel: "function", handler: async () => ({ body: "open" }) });
app.http("nothing", { methods: ["GET"], authLevel: "anonymous", handler: async () => undefined });
app.http("boom", { methods: ["GET"], authLevel: "anonymous", handler: async () => { throw new Error("boom"); } });
app.http("slow", {
  methods: ["GET"],
  authLevel: "anonymous",
  handler: async () => {
    await new Promise((resolve) => setTimeout(resolve, Number(process.env.SLOW_MS ?? 300)));
    return { body: "done" };
  },
});

app.http("enqueue", {
  methods: ["POST"],
  authLevel: "anonymous",
  extraOutputs: [toWork],
  handler: async (request, context) => {
    context.extraOutputs.set(toWork, await request.json());
    return { status: 202 };
  },
});

const attempts = [];
app.http("attempts", { methods: ["GET"], authLevel: "anonymous", handler: async () => ({ jsonBody: attempts }) });

app.storageQueue("work", {
  queueName: "%WORK_QUEUE%",
  connection: "STORE",
  handler: async (message, context) => {
    attempts.push({ message, dequeueCount: context.triggerMetadata.dequeueCount, id: typeof context.triggerMetadata.id });
    if (context.triggerMetadata.dequeueCount <= (message.failures ?? 0)) throw new Error("not yet");
    if (context.triggerMetadata.dequeueCount <= (message.stalls ?? 0)) await new Promise(() => {});
  },
});
`;

/** A deployment package of an app from its source, bundled like the relay: CommonJS without the host's module. */
export async function packageOf(source: string, host: object = {}): Promise<Record<string, string>> {
  const bundled = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    external: ["@azure/functions-core"],
    logLevel: "silent",
  });
  const queues = { maxPollingInterval: "00:00:00.2", maxDequeueCount: 3 };
  return {
    "host.json": JSON.stringify({
      version: "2.0",
      extensionBundle: { id: "Microsoft.Azure.Functions.ExtensionBundle", version: "[4.0.0, 5.0.0)" },
      extensions: { http: { routePrefix: "" }, queues },
      ...host,
    }),
    "package.json": JSON.stringify({ main: "index.cjs" }),
    "index.cjs": bundled.outputFiles[0]?.text ?? "",
  };
}

export function zipOf(files: Record<string, string>, options: { unixModes?: boolean } = {}): Uint8Array {
  const mode = options.unixModes === false ? unreadableMode : readableMode;
  const entries: Zippable = {};
  for (const [name, content] of Object.entries(files)) entries[name] = [strToU8(content), mode];
  // Without compression: dozens of packages are created, and each is read once.
  return zipSync(entries, { level: 1 });
}

/** Token of the caller's login, as azure-native returns it. */
export async function callerToken(provider: Provider, endpoint = "https://management.azure.com/"): Promise<string> {
  const { token } = await provider.invoke("azure-native:authorization:getClientToken", { endpoint });
  return (token as unknown as { value: string }).value;
}
