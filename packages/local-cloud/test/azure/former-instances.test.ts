import { until } from "../until.ts";
import { type App, type AppWorld, startAppWorld } from "./app-world.ts";
import { assign, packageOf, roles, testApp, zipOf } from "./support.ts";

jest.setTimeout(60_000);

let world: AppWorld;
let app: App;

beforeAll(async () => {
  world = await startAppWorld();
  const { provider, account, vault } = world;
  const principalId = String(world.identity.properties.principalId);
  await assign(provider, principalId, roles.blobOwner, account.id);
  await assign(provider, principalId, roles.queueContributor, account.id);
  await assign(provider, principalId, roles.secretsUser, vault.id);
  app = await world.makeApp();
  await world.configure(app, { WORK_QUEUE: "work", GREETING: "former" });
  await world.deploy(app, zipOf(await packageOf(testApp)));
});
afterAll(() => world.cloud.stop());

async function greetings(calls: number): Promise<string[]> {
  const heard: string[] = [];
  for (let made = 0; made < calls; made++) {
    const answer = await fetch(`${app.host}/echo/hello/there`);
    heard.push(((await answer.json()) as { setting: string }).setting);
  }
  return heard;
}

const hosts = () => world.cloud.azure.census().processes.filter(({ kind }) => kind === "function-host");
const onlyOne = () =>
  until(
    async () => hosts(),
    ({ length }) => length === 1,
  );

test("with a switch, instances with former settings keep running, and calls alternate between both", async () => {
  const { azure } = world.cloud;
  const [former] = hosts();
  azure.change({ formerInstances: 600_000 });
  await world.configure(app, { WORK_QUEUE: "work", GREETING: "new" });
  expect(hosts()).toHaveLength(2);
  expect((await greetings(4)).toSorted()).toEqual(["former", "former", "new", "new"]);
  azure.change({ callsToFormerInstances: false });
  expect(await greetings(3)).toEqual(["new", "new", "new"]);
  azure.change({ callsToFormerInstances: true });
  process.kill(former?.pid ?? 0);
  await onlyOne();
  expect(await greetings(2)).toEqual(["new", "new"]);
});

test("they end after a time", async () => {
  world.cloud.azure.change({ formerInstances: 100 });
  await world.configure(app, { WORK_QUEUE: "work", GREETING: "newest" });
  await onlyOne();
  expect(await greetings(2)).toEqual(["newest", "newest"]);
});

test("switches can be changed over HTTP, and unknown ones are refused", async () => {
  const change = (switches: object) => {
    const url = `${world.cloud.azure.armUrl}/__local/switches`;
    return fetch(url, { method: "POST", body: JSON.stringify(switches) });
  };
  expect(await (await change({ formerInstances: 5 })).json()).toMatchObject({ formerInstances: 5, messageLease: 600 });
  const refused = await change({ formerInstance: 5 });
  expect([refused.status, await refused.json()]).toEqual([400, { error: "Unknown switch: formerInstance." }]);
});
