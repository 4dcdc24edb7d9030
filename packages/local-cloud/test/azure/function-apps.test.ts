import { readFileSync } from "node:fs";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { until } from "../until.ts";
import { type App, type AppWorld, failed, startAppWorld, success } from "./app-world.ts";
import { assign, callerToken, inGroup, make, packageOf, remove, roles, testApp, zipOf } from "./support.ts";

jest.setTimeout(120_000);

let world: AppWorld;
let files: Record<string, string>;
const functions = ["attempts", "boom", "echo", "enqueue", "locked", "nothing", "slow", "work"];

beforeAll(async () => {
  files = await packageOf(testApp);
  world = await startAppWorld({ switches: { hostRestartDelay: 100 } });
});
afterAll(() => world.cloud.stop());

const hostsOf = ({ app }: App) =>
  world.cloud.azure
    .census()
    .processes.filter(({ kind, name }) => kind === "function-host" && name === app.properties.name);

function logOf({ app }: App): string {
  const file = world.cloud.azure.functionLogs().find((path) => path.includes(`/${String(app.properties.name)}/`));
  return file === undefined ? "" : readFileSync(file, "utf8");
}

test("without the roles nothing works: the package can't be stored", async () => {
  const app = await world.makeApp();
  expect(app.host).toBe(`https://${String(app.app.properties.defaultHostName)}`);
  expect((await fetch(`${app.host}/nothing`)).status).toBe(404);
  const { status, text } = await world.publish(app, zipOf(files));
  expect(status).toBe(400);
  expect(text).toContain("BlobUploadFailedException: Failed to upload blob to storage account:");
  expect(text).toContain("403 (This request is not authorized to perform this operation using this permission.)");
  expect(await world.kudu(app, "/api/deployments/latest")).toMatchObject({ status: failed, complete: true });
});

describe("with the roles", () => {
  let app: App;

  beforeAll(async () => {
    const { provider, account, vault } = world;
    const principalId = String(world.identity.properties.principalId);
    await assign(provider, principalId, roles.blobOwner, account.id);
    await assign(provider, principalId, roles.queueContributor, account.id);
    await assign(provider, principalId, roles.secretsUser, vault.id);
    app = await world.makeApp();
    await world.configure(app, { WORK_QUEUE: "work", GREETING: "hello" });
  });

  test("only a login with the right may publish, and only a zip", async () => {
    expect((await world.publish(app, zipOf(files), { token: "no-token" })).status).toBe(401);
    const otherAudience = await callerToken(world.provider, "https://storage.azure.com");
    expect((await world.publish(app, zipOf(files), { token: otherAudience })).status).toBe(401);
    expect((await world.publish(app, zipOf(files), { type: "application/octet-stream" })).status).toBe(415);
  });

  test.each([
    ["no zip", new Uint8Array([1, 2, 3]), /can't be unpacked: /],
    ["no host.json", zipOf({ "package.json": "{}" }), /no 'host.json' at its root/],
    ["a folder too deep", zipOf({ "dist/host.json": "{}", "dist/package.json": "{}" }), /no 'host.json' at its root/],
    ["no main", zipOf({ "host.json": "{}", "package.json": "{}" }), /names no 'main'/],
    ["a main that isn't there", zipOf({ "host.json": "{}", "package.json": '{"main":"a.cjs"}' }), /no file 'a.cjs'/],
    [
      "a path out of it",
      zipOf({ "../x": "", "host.json": "{}", "package.json": "{}" }),
      /can't be unpacked: invalid relative path: ..\/x/,
    ],
  ])("%s: the deployment fails, with HTTP 200", async (_what, zip, reason) => {
    const deployment = await world.deploy(app, zip);
    expect(deployment).toMatchObject({ status: failed, active: false });
    expect(deployment.status_text).toMatch(reason);
    const log = (await world.kudu(app, `/api/deployments/${deployment.id}/log`)) as unknown as { message: string }[];
    expect(log.at(-1)?.message).toMatch(reason);
  });

  test("a package whose files lack a Unix mode is accepted, and has no function and no error", async () => {
    const other = await world.makeApp();
    expect(await world.deploy(other, zipOf(files, { unixModes: false }))).toMatchObject({ status: success });
    expect((await world.arm(other, "POST", "syncfunctiontriggers")).status).toBe(204);
    expect(await world.functionNames(other)).toEqual([]);
    expect((await fetch(`${other.host}/nothing`)).status).toBe(404);
  });

  test("a second deployment at the same time is refused", async () => {
    const other = await world.makeApp();
    const answers = await Promise.all([1, 2].map(() => world.publish(other, zipOf(files))));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
  });

  test("a package is deployed, its functions are listed after a sync and run, and it is in the container", async () => {
    expect(await world.arm(app, "POST", "syncfunctiontriggers")).toMatchObject({
      status: 400,
      body: { error: { message: "Encountered an error (ServiceUnavailable) from host runtime." } },
    });
    const deployment = await world.deploy(app, zipOf(files));
    const name = app.app.properties.name;
    expect(deployment).toMatchObject({ status: success, deployer: "test", active: true, site_name: name });
    expect(await world.kudu(app, "/api/deployments/latest")).toEqual(deployment);
    const blobs = await world.cloud.azure.blobs("code");
    expect(blobs.map((blob) => blob.name)).toContain("released-package.zip");

    const answer = await fetch(`${app.host}/echo/word/rest?x=1`, { method: "POST", body: "text" });
    expect(await answer.json()).toMatchObject({
      url: `${app.host}/echo/word/rest?x=1`,
      setting: "hello",
      body: "text",
    });

    expect(await world.functionNames(app)).toEqual(["WarmUp"]);
    expect((await fetch(`${app.host}/enqueue`, { method: "POST", body: '{"failures":1}' })).status).toBe(202);
    expect(await (await fetch(`${app.host}/attempts`)).json()).toEqual([]);
    expect((await world.arm(app, "POST", "syncfunctiontriggers")).status).toBe(204);
    expect(await world.functionNames(app)).toEqual(functions);
    await until(
      async () => (await (await fetch(`${app.host}/attempts`)).json()) as unknown[],
      (attempts) => attempts.length === 2,
    );
  });

  test("host keys come from the running host", async () => {
    const args = { ...inGroup, name: app.app.properties.name ?? "" };
    const { functionKeys } = (await world.provider.invoke("azure-native:web:listWebAppHostKeys", args)) as unknown as {
      functionKeys: { default: { value: string } };
    };
    expect((await fetch(`${app.host}/locked`)).status).toBe(401);
    expect((await fetch(`${app.host}/locked?code=${functionKeys.default.value}`)).status).toBe(200);
    const silent = await world.makeApp();
    const none = { ...inGroup, name: silent.app.properties.name ?? "" };
    await expect(world.provider.invoke("azure-native:web:listWebAppHostKeys", none)).rejects.toThrow(
      'Status=400 Code="BadRequest" Message="Encountered an error (ServiceUnavailable) from host runtime."',
    );
  });

  test("a killed host is started again, and requests meanwhile wait for it", async () => {
    const [before] = hostsOf(app);
    const answer = await fetch(`${world.cloud.azure.armUrl}/__local/function-hosts/kill`, { method: "POST" });
    expect(((await answer.json()) as { killed: number }).killed).toBeGreaterThan(0);
    expect((await fetch(`${app.host}/nothing`)).status).toBe(204);
    expect(hostsOf(app)[0]?.pid).not.toBe(before?.pid);
    expect(await world.functionNames(app)).toEqual(functions);
  });

  test("a Key Vault reference is resolved with the identity's role, and otherwise keeps its text", async () => {
    const secret = await make(world.provider, "keyvault:Secret", "greeting", {
      ...inGroup,
      vaultName: "testvault",
      properties: { value: "from the vault" },
    });
    const { secretUri } = secret.properties.properties as { secretUri: string };
    const setting = async (GREETING: string) => {
      await world.configure(app, { WORK_QUEUE: "work", GREETING });
      return ((await (await fetch(`${app.host}/echo/a/b`)).json()) as { setting: string }).setting;
    };
    expect(await setting(`@Microsoft.KeyVault(SecretUri=${secretUri})`)).toBe("from the vault");
    expect(await setting("@Microsoft.KeyVault(VaultName=testvault;SecretName=greeting)")).toBe("from the vault");
    const later = `@Microsoft.KeyVault(SecretUri=${secretUri}-later)`;
    expect(await setting(later)).toBe(later);

    const references = "config/configreferences/appsettings";
    const answerWith = (status: string) => ({
      status: 200,
      body: { value: [{ name: "GREETING", properties: { status } }] },
    });
    expect(await world.arm(app, "GET", references)).toMatchObject(answerWith("SecretNotFound"));
    await make(world.provider, "keyvault:Secret", "greeting-later", {
      ...inGroup,
      vaultName: "testvault",
      secretName: "greeting-later",
      properties: { value: "it came" },
    });
    const refreshed = await world.arm(app, "POST", `${references}/refresh`);
    expect(refreshed).toMatchObject(answerWith("Resolved"));
    expect(JSON.stringify(refreshed)).not.toContain("it came");
    // Running instances keep the settings with which they were started.
    const readGreeting = async () =>
      ((await (await fetch(`${app.host}/echo/a/b`)).json()) as { setting: string }).setting;
    expect(await readGreeting()).toBe(later);
    expect(await world.arm(app, "POST", "restart")).toMatchObject({ status: 200 });
    expect(await readGreeting()).toBe("it came");
    const listedSettings = await world.arm(app, "POST", "config/appsettings/list");
    expect(listedSettings).toMatchObject({
      status: 200,
      body: { properties: { WORK_QUEUE: "work", GREETING: later } },
    });
  });

  test("settings are replaced as a whole, and one missing connection stops every function", async () => {
    // The next try would end a call that is under way.
    world.cloud.azure.change({ hostRestartDelay: 60_000 });
    const settings = await make(world.provider, "web:WebAppApplicationSettings", "settings", {
      ...inGroup,
      name: app.app.properties.name ?? "",
      properties: { WORK_QUEUE: "work" },
    });
    expect(settings.id).toBe(`${app.app.id}/config/appsettings`);
    expect((await fetch(`${app.host}/nothing`)).status).toBe(503);
    expect(logOf(app)).toContain("Storage account connection string 'AzureWebJobsSTORE' does not exist");
    world.cloud.azure.change({ hostRestartDelay: 1000 });
    await world.configure(app, { WORK_QUEUE: "work", GREETING: "again" });
    expect((await fetch(`${app.host}/nothing`)).status).toBe(204);
  });

  test("Recreate kills what runs; RollingUpdate lets it finish", async () => {
    const slow = ({ host }: App) => fetch(`${host}/slow`).then(({ status }) => status);
    const untilExecuting = (one: App) =>
      until(
        async () => logOf(one),
        (log) => log.includes("Executing 'Functions.slow'"),
      );
    await world.configure(app, { WORK_QUEUE: "work", SLOW_MS: "60000" });
    const killed = slow(app);
    await untilExecuting(app);
    await world.configure(app, { WORK_QUEUE: "work" });
    expect(await killed).toBe(502);

    const rolling = await world.makeApp({ siteUpdateStrategy: { type: "RollingUpdate" } });
    await world.configure(rolling, { WORK_QUEUE: "work", SLOW_MS: "1000" });
    await world.deploy(rolling, zipOf(files));
    const finished = slow(rolling);
    await untilExecuting(rolling);
    await world.configure(rolling, { WORK_QUEUE: "work" });
    expect(await finished).toBe(200);
  });

  test("after its deployment container moves an app has no code until the next deployment; a deleted app ends its processes", async () => {
    const other = await world.makeApp();
    await world.configure(other, { WORK_QUEUE: "work" });
    await world.deploy(other, zipOf(files));
    expect(hostsOf(other)).toHaveLength(1);
    await make(world.provider, "storage:BlobContainer", "moved", { ...inGroup, accountName: "testaccount" });
    expect(await world.moveCode(other, "moved")).toBe(200);
    expect(hostsOf(other)).toHaveLength(0);
    expect((await fetch(`${other.host}/nothing`)).status).toBe(404);
    await world.deploy(other, zipOf(files));
    expect(hostsOf(other)).toHaveLength(1);
    await remove(world.provider, other.app);
    expect(hostsOf(other)).toHaveLength(0);
    await expect(fetch(`${other.host}/nothing`)).rejects.toThrow();
  });
});

test("the admin routes show queues, blobs and the census", async () => {
  const get = async (path: string) => (await fetch(`${world.cloud.azure.armUrl}/__local/${path}`)).json();
  expect(await get("queues")).toContainEqual({ account: "testaccount", queue: "work", messages: 0, visible: [] });
  expect(await get("blobs?container=code")).toContainEqual(expect.objectContaining({ name: "released-package.zip" }));
  expect(await get("census")).toMatchObject({ resources: { "azure-native:storage:StorageAccount": 1 } });
});

test("an account that forbids keys refuses them", async () => {
  const args = { ...inGroup, accountName: "testaccount" };
  const { keys } = (await world.provider.invoke("azure-native:storage:listStorageAccountKeys", args)) as unknown as {
    keys: { value: { value: string } }[];
  };
  const connection = `DefaultEndpointsProtocol=https;AccountName=testaccount;AccountKey=${keys[0]?.value.value};`;
  const queues = QueueServiceClient.fromConnectionString(`${connection}QueueEndpoint=${world.endpoints.queue}`);
  await expect(queues.getQueueClient("work").getProperties()).rejects.toMatchObject({ statusCode: 403 });
  const blobs = BlobServiceClient.fromConnectionString(`${connection}BlobEndpoint=${world.endpoints.blob}`);
  await expect(blobs.getContainerClient("code").getBlobClient("x").download()).rejects.toMatchObject({
    statusCode: 403,
    code: "KeyBasedAuthenticationNotPermitted",
  });
});
