import { until } from "../until.ts";
import { type App, type AppWorld, failed, startAppWorld, success } from "./app-world.ts";
import { assign, inGroup, make, packageOf, roles, testApp, zipOf } from "./support.ts";

jest.setTimeout(60_000);

/** The opposite of each default assumption. */
let world: AppWorld;
let files: Record<string, string>;

beforeAll(async () => {
  files = await packageOf(testApp);
  world = await startAppWorld({
    switches: {
      beforeFirstDeploy: 503,
      storageRefusal: "status",
      deploySyncsTriggers: true,
      filesWithoutUnixMode: "readable",
      movedDeploymentStorage: "keeps-code",
      referenceRefreshRestarts: true,
      parallelAccountWrites: "allow",
      roleAssignmentDelay: 1_500,
      messageLease: 2,
      nodeVersions: ["22"],
    },
  });
});
afterAll(() => world.cloud.stop());

test("a role takes effect late, a refused package fails in its status, a deployment syncs the triggers, and a lease is short", async () => {
  const app = await world.makeApp();
  await world.configure(app, { WORK_QUEUE: "work" });
  expect((await fetch(`${app.host}/nothing`)).status).toBe(503);
  const principalId = String(world.identity.properties.principalId);
  await assign(world.provider, principalId, roles.blobOwner, world.account.id);
  await assign(world.provider, principalId, roles.queueContributor, world.account.id);
  const zip = zipOf(files, { unixModes: false });
  const first = await world.deploy(app, zip);
  expect(first).toMatchObject({ status: failed });
  expect(first.status_text).toContain("BlobUploadFailedException");
  await until(
    () => world.deploy(app, zip),
    ({ status }) => status === success,
  );
  expect((await fetch(`${app.host}/nothing`)).status).toBe(204);
  expect(await world.functionNames(app)).toContain("work");

  const attempts = async () => (await (await fetch(`${app.host}/attempts`)).json()) as { dequeueCount: number }[];
  await fetch(`${app.host}/enqueue`, { method: "POST", body: '{"stalls":1}' });
  await until(attempts, (made) => made.length === 1);
  await fetch(`${world.cloud.azure.armUrl}/__local/function-hosts/kill`, { method: "POST" });
  const after = await until(attempts, (made) => made.length === 1 && made[0]?.dequeueCount === 2);
  expect(after).toMatchObject([{ message: { stalls: 1 } }]);
});

describe("an app that runs", () => {
  let app: App;

  beforeAll(async () => {
    app = await world.makeApp();
    await world.configure(app, {
      WORK_QUEUE: "work",
      GREETING: "@Microsoft.KeyVault(VaultName=testvault;SecretName=g)",
    });
    await assign(world.provider, String(world.identity.properties.principalId), roles.secretsUser, world.vault.id);
    await until(
      () => world.deploy(app, zipOf(files)),
      ({ status }) => status === success,
    );
  });

  test("restarts when a refresh of its references brings another value", async () => {
    const greeting = async () => ((await (await fetch(`${app.host}/echo/a/b`)).json()) as { setting: string }).setting;
    expect(await greeting()).toContain("@Microsoft.KeyVault");
    const secret = { ...inGroup, vaultName: "testvault", secretName: "g", properties: { value: "it came" } };
    await make(world.provider, "keyvault:Secret", "g", secret);
    await until(
      async () => {
        await world.arm(app, "POST", "config/configreferences/appsettings/refresh");
        return greeting();
      },
      (value) => value === "it came",
    );
  });

  test("keeps its code when its deployment container moves", async () => {
    await make(world.provider, "storage:BlobContainer", "moved", { ...inGroup, accountName: "testaccount" });
    expect(await world.moveCode(app, "moved")).toBe(200);
    expect((await fetch(`${app.host}/nothing`)).status).toBe(204);
  });

  test.each([
    ["waits for its host as long as the front end does", 30_000, false],
    ["answers 503 while its host starts if the front end does not wait", 0, true],
  ])("%s", async (_, coldStartPatience, isRefused) => {
    world.cloud.azure.change({ coldStartPatience });
    let isRunning = false;
    const restarted = world.arm(app, "POST", "restart").then(() => {
      isRunning = true;
    });
    const statuses: number[] = [];
    while (!isRunning) statuses.push((await fetch(`${app.host}/nothing`)).status);
    await restarted;
    expect(statuses.includes(503)).toBe(isRefused);
    expect((await fetch(`${app.host}/nothing`)).status).toBe(204);
  });
});

test("an app of a Node version that the region doesn't have never starts", async () => {
  const app = await world.makeApp({ runtime: { name: "node", version: "24" } });
  await world.configure(app, { WORK_QUEUE: "work" });
  expect(await world.deploy(app, zipOf(files))).toMatchObject({ status: failed });
  expect((await fetch(`${app.host}/nothing`)).status).toBe(503);
  expect((await world.arm(app, "POST", "syncfunctiontriggers")).status).toBe(400);
});

test("parts of an account may be written at the same time", async () => {
  const names = ["one", "two", "three"];
  const args = { ...inGroup, accountName: "testaccount" };
  await Promise.all(names.map((name) => make(world.provider, "storage:BlobContainer", name, args)));
  expect(world.cloud.azure.census().resources["azure-native:storage:BlobContainer"]).toBe(5);
});
