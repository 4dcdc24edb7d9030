import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { type RelayRole, relayRoles } from "../../components/relay/azure/relay-roles.ts";
import { type Grant, isAllowed } from "../../packages/local-cloud/src/azure/identity/data-plane-authorization.ts";
import { startRoleWorld } from "./role-world.ts";

type RoleName = keyof typeof relayRoles;
/** The number of a relay's storage accounts. */
type Accounts = 1 | 2;
type World = Awaited<ReturnType<typeof startRoleWorld>>;

let world: World;
beforeAll(async () => {
  world = await startRoleWorld();
}, 60_000);
afterAll(() => world.stop());

const base = "/subscriptions/s/resourceGroups/g/providers";
const secretId = `${base}/Microsoft.KeyVault/vaults/v/secrets/s`;
const componentId = `${base}/Microsoft.Insights/components/c`;

/** Where the program gives each role. */
function scopes(): Record<RoleName, string> {
  const { accountId, hostAccountId } = world;
  const containers = `${accountId}/blobServices/default/containers`;
  return {
    host: hostAccountId,
    claims: `${containers}/claims`,
    deadLetters: `${containers}/dead-letters`,
    blobs: accountId,
    events: `${accountId}/queueServices/default/queues/events`,
    poison: `${accountId}/queueServices/default/queues/events-poison`,
    tables: accountId,
    secret: secretId,
    metrics: componentId,
  };
}

/** The roles of a relay with that number of storage accounts. */
function rolesWith(accounts: Accounts): [RoleName, RelayRole][] {
  const all = Object.entries(relayRoles) as [RoleName, RelayRole][];
  return all.filter(([, role]) => role.accounts === undefined || role.accounts === accounts);
}

function grantsWithout(accounts: Accounts, left?: RoleName): Grant[] {
  return rolesWith(accounts)
    .filter(([name]) => name !== left)
    .map(([name, { roleId, condition }]) => ({
      principalId: world.principalId,
      roleDefinitionId: roleId,
      scope: scopes()[name],
      activeFrom: 0,
      ...(condition && { condition }),
    }));
}

const signal = () => AbortSignal.timeout(20_000);

/** What the relay and its host do, as described in the table of roles. */
function work(accounts: Accounts): Record<string, (grants: readonly Grant[]) => Promise<unknown>> {
  const { relay, endpoints, hostEndpoints, credential, principalId } = world;
  const ofHost = new BlobServiceClient((accounts === 1 ? endpoints : hostEndpoints).blob, credential);
  const queues = new QueueServiceClient(endpoints.queue, credential);
  const onSecretOrLog = (action: string, resourceId: string) => async (grants: readonly Grant[]) => {
    if (isAllowed(grants, principalId, { actions: [action], resourceId })) return;
    throw Object.assign(new Error(action), { statusCode: 403 });
  };
  const take = async (name: string) => {
    const queue = queues.getQueueClient(name);
    const { receivedMessageItems } = await queue.receiveMessages({ visibilityTimeout: 30 });
    for (const { messageId, popReceipt } of receivedMessageItems) {
      const held = await queue.updateMessage(messageId, popReceipt, undefined, 30);
      await queue.deleteMessage(messageId, held.popReceipt ?? "");
    }
  };
  return {
    "read the code and its own locks and keys (Functions host)": async () => {
      const hosts = ofHost.getContainerClient("azure-webjobs-hosts");
      await hosts.createIfNotExists();
      await hosts.getBlockBlobClient("locks/a").upload("", 0);
      await hosts.getBlobClient("locks/a").getProperties();
      await ofHost.getContainerClient("code").getBlobClient("package.zip").downloadToBuffer();
    },
    "write, read and delete claims": async () => {
      await relay.putClaim("c.json", "{}", signal());
      await relay.readClaim("c.json", signal());
      await relay.deleteClaim("c.json", signal());
    },
    "write and count dead letters": async () => {
      const letter = { name: "2026/11/20/a.json", document: {} as never };
      await relay.putDeadLetter(letter, signal());
      await relay.putDeadLetter(letter, signal());
      await relay.addDeadLetter(letter, signal(), "2026-11-20T10:00:00.000Z");
      await relay.countDeadLetters(1, signal());
    },
    "add messages": () => relay.enqueue("e30=", { delaySeconds: 0, signal: signal() }),
    "take, hold and delete messages (Functions host)": () => take("events"),
    "look at the queue and its marks": async () => {
      await relay.readMarks(signal());
      await queues.getQueueClient("events").peekMessages();
    },
    "move messages that failed (Functions host)": () => queues.getQueueClient("events-poison").sendMessage("e30="),
    "take messages that failed, and put them back": async () => {
      await take("events-poison");
      await relay.enqueue("e30=", { queue: "events-poison", delaySeconds: 0, signal: signal() });
    },
    "look at its head": () => queues.getQueueClient("events-poison").peekMessages(),
    "note deliveries": async () => {
      await relay.tables.create("delivered", signal());
      await relay.tables.putAll(
        "delivered",
        [{ key: { partition: "a", row: "b" }, properties: { metric: "sent" } }],
        signal(),
      );
    },
    count: async () => {
      await relay.tables.create("counts", signal());
      await relay.tables.put("counts", { partition: "a", row: "b" }, signal(), { accepted: 1 });
    },
    "count the instances that send": () => relay.tables.ages("forwarders", "forwarder", signal()),
    "read the secret (App Service, as the app's identity)": onSecretOrLog(
      "Microsoft.KeyVault/vaults/secrets/getSecret/action",
      secretId,
    ),
    "write logs (Functions host)": onSecretOrLog("Microsoft.Insights/Metrics/Write", componentId),
  };
}

/** What fails without a role. */
async function findRefused(accounts: Accounts, grants: readonly Grant[]): Promise<string[]> {
  await world.allow(grants);
  const refused: string[] = [];
  for (const [name, call] of Object.entries(work(accounts))) {
    const error = await call(grants).then(
      () => undefined,
      (thrown: { statusCode?: number; status?: number }) => thrown,
    );
    if (error === undefined) continue;
    expect([name, error.statusCode ?? error.status]).toEqual([name, 403]);
    refused.push(name);
  }
  return refused;
}

describe.each<Accounts>([1, 2])("with storage accounts: %d", (accounts) => {
  test("the table names everything that the relay does", () => {
    const named = rolesWith(accounts).flatMap(([, { neededFor }]) => neededFor);
    expect(Object.keys(work(accounts)).toSorted()).toEqual(named.toSorted());
  });

  test("with all roles everything works", async () => {
    expect(await findRefused(accounts, grantsWithout(accounts))).toEqual([]);
  });

  // Roles that exist with one account and with two are tested with two.
  test.each(Object.keys(relayRoles).filter((name) => accountsOf(name as RoleName) === accounts) as RoleName[])(
    "without the role `%s`, what it is needed for fails, and nothing else",
    async (name) => {
      expect(await findRefused(accounts, grantsWithout(accounts, name))).toEqual(relayRoles[name].neededFor);
    },
  );

  test("the relay's identity can't read or delete a dead letter, and its storage reports a name that is taken", async () => {
    await world.allow(grantsWithout(accounts));
    const letter = { name: `2026/11/21/b${accounts}.json`, document: {} as never };
    expect(await world.relay.putDeadLetter(letter, signal())).toBe(true);
    expect(await world.relay.putDeadLetter(letter, signal())).toBe(false);
    const blob = new BlobServiceClient(world.endpoints.blob, world.credential)
      .getContainerClient("dead-letters")
      .getBlobClient(letter.name);
    for (const call of [() => blob.downloadToBuffer(), () => blob.getProperties(), () => blob.delete()]) {
      await expect(call()).rejects.toMatchObject({ statusCode: 403 });
    }
  });
});

function accountsOf(name: RoleName): Accounts {
  return (relayRoles[name] as RelayRole).accounts ?? 2;
}

test("with two accounts, the roles on events give no access to code and host containers, nor the other way round", async () => {
  await world.allow(grantsWithout(2, "host"));
  const expectRefusal = (url: string, container: string) =>
    expect(
      new BlobServiceClient(url, world.credential).getContainerClient(container).getBlockBlobClient("a").upload("", 0),
    ).rejects.toMatchObject({ statusCode: 403 });
  await expectRefusal(world.hostEndpoints.blob, "code");
  await world.allow(grantsWithout(2).filter(({ scope }) => scope === world.hostAccountId));
  for (const container of ["claims", "dead-letters"]) await expectRefusal(world.endpoints.blob, container);
});

test("it has no access to another queue of the account or another secret of the vault", async () => {
  await world.allow(grantsWithout(2));
  const other = new QueueServiceClient(world.endpoints.queue, world.credential).getQueueClient("other");
  await expect(other.sendMessage("e30=")).rejects.toMatchObject({ statusCode: 403 });
  const access = { actions: ["Microsoft.KeyVault/vaults/secrets/getSecret/action"], resourceId: `${secretId}-other` };
  expect(isAllowed(grantsWithout(2), world.principalId, access)).toBe(false);
});
