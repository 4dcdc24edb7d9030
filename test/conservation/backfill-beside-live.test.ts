import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type AuditParts, audit, openLedger } from "../../cli/audit/audit.ts";
import { dateAt, rangeOf, utcDate } from "../../cli/audit/range.ts";
import { sumCells } from "../../cli/audit/report.ts";
import { planBackfill, sendMissing } from "../../cli/backfill/send-missing.ts";
import { BatchIngestion } from "../../cli/platform/batch-ingestion.ts";
import { DataAccess } from "../../cli/platform/data-access.ts";
import { readQueueMessage } from "../../cli/relay/queue-message.ts";
import { RelayQueues } from "../../cli/relay/relay-queues.ts";
import { RelayTables } from "../../cli/relay/relay-tables.ts";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { AdjustableClock } from "../../packages/local-cloud/src/customer-io/clock.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import { credentials } from "../../packages/local-cloud/test/platform/harness.ts";
import { AepClient } from "../../packages/pulumi-aep/src/client/client.ts";
import { config as aepConfig } from "../../packages/pulumi-aep/src/config.ts";
import { config as customerIoConfig } from "../../packages/pulumi-customerio/src/config.ts";
import { subscriptionNames } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { History } from "../../packages/pulumi-customerio/src/history/history.ts";
import { buildRelay } from "../../relay/build.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import { DeployedRelay } from "./deployed-relay.ts";
import { type RunningDataflow, startDataflow } from "./platform-flow.ts";
import { SharedClock } from "./shared-clock.ts";
import { type Account, queues, Storage } from "./storage.ts";

const { appApiKey, signingKey } = localCredentials.customerIo;
const day = 86_400;
/** Never explains a missing role, since this account is opened with its key. */
const asItIs = { explain: <T>(_role: string, call: () => Promise<T>) => call() };

let folder: string;
let storage: Storage;
let account: Account;
let relay: DeployedRelay;
let platform: RunningDataflow;
let customerIo: CustomerIoStandIn;
let clock: AdjustableClock;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "backfill-beside-live-"));
  const shared = new SharedClock(folder);
  storage = await Storage.start(path.join(folder, "storage"), shared);
  account = await storage.nextAccount();
  platform = await startDataflow("customerio");
  relay = new DeployedRelay({
    folder,
    clock: shared,
    bundle: (await buildRelay()).folder,
    settings: {
      CUSTOMERIO_SIGNING_KEYS: signingKey,
      PLATFORM_STREAMING_URL: platform.streamingUrl(platform.port),
      RELAY_STORAGE: account.connectionString(storage.ports),
    },
  });
  await relay.start();
  clock = AdjustableClock.running();
  customerIo = await startCustomerIo({
    workspaces: [{ name: "Main", appApiKey, signingKey }],
    clock,
    switches: { messageDelaySeconds: 0 },
  });
  const endpoint = `http://127.0.0.1:${relay.nextPort()}/customerio`;
  await post("/v1/reporting_webhooks", { name: "Relay", endpoint, events: subscriptionNames, full_resolution: true });
}, 60_000);

afterAll(async () => {
  await relay.stop();
  await customerIo.close();
  await platform.platform.close();
  await storage.stop();
  await rm(folder, { recursive: true, force: true });
});

async function post(address: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${appApiKey}`, "content-type": "application/json" };
  const answer = await fetch(customerIo.url + address, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`Customer.io answered ${answer.status}: ${await answer.text()}`);
}

const today = Math.floor(Date.now() / 1000);
/** Messages of the last month, none younger than eight days. */
const messages = Array.from({ length: 60 }, (_, at) => ({
  id: `delivery-${at}`,
  created: today - 30 * day + at * 0.36 * day,
}));

/** Records metrics of a message; only those that are reported reach the webhook. */
async function happen(id: string, metrics: Readonly<Record<string, number>>, reported: boolean): Promise<void> {
  const events = Object.entries(metrics).map(([metric, at]) => ({
    object_type: "email",
    metric,
    timestamp: Math.floor(at),
    data: {
      delivery_id: id,
      customer_id: id,
      identifiers: { id, email: `${id}@example.org` },
      recipient: `${id}@example.org`,
    },
  }));
  await post("/__local/events", { events, reported });
}

/** Waits until Customer.io, the relay and Platform have nothing left to do. */
async function settle(): Promise<void> {
  for (;;) {
    const answer = await fetch(`${customerIo.url}/__local/deliveries?limit=1`);
    const { counts } = (await answer.json()) as { counts: { waiting: number } };
    if (counts.waiting === 0 && (await account.waiting()) === 0) break;
    // The calls to the App API move the clock, so that a webhook call under way may come too late for Customer.io, and is repeated.
    await clock.advance(3_600_000);
    await sleep(50);
  }
  await platform.platform.idle();
}

/** How often Platform has accepted each occurrence. */
async function deliveries(): Promise<number> {
  return (await platform.platform.receipts()).filter(({ fate }) => fate === "delivered").length;
}

const range = rangeOf(utcDate.parse(dateAt(today - 31 * day)), utcDate.parse(dateAt(today)), 1);
const history = () =>
  new History(customerIoConfig.parse({ appApiKey, appApiUrl: customerIo.url }), {
    sleep: (milliseconds) => clock.advance(milliseconds),
  });

function partsIn(name: string): AuditParts {
  const url = platform.platform.url;
  const [clientSecret] = credentials.clientSecret;
  const settings = { clientId: credentials.clientId, clientSecret, orgId: credentials.orgId, sandbox: "dev" };
  const client = new AepClient(aepConfig.parse({ ...settings, imsUrl: url, platformUrl: url }));
  const place = (field: string) =>
    String(
      platform.parts.mappings.find(({ destination }) => String(destination).endsWith(`.customerio.${field}`))
        ?.destination,
    );
  return {
    subject: "the shop",
    range,
    folder: path.join(folder, name),
    now: new Date(),
    history: history(),
    kept: undefined,
    access: new DataAccess(client, platform.parts.datasetId),
    ingestion: new BatchIngestion(client, platform.parts.datasetId),
    paths: {
      delivery: place("delivery_id"),
      objectType: place("object_type"),
      metric: place("metric"),
      timestamp: place("timestamp"),
    },
    relay: {
      accounts: [
        {
          tables: new RelayTables(asItIs, account.tables),
          queues: new RelayQueues(
            asItIs,
            queues.map((name) => account.queue(name)),
          ),
          storage: {
            async peekMessages() {
              const { peekedMessageItems } = await account
                .queue(queueNames.events)
                .peekMessages({ numberOfMessages: 32 });
              return new Map([
                [queueNames.events, peekedMessageItems.map(({ messageText }) => readQueueMessage(messageText))],
              ]);
            },
            readClaim: async () => undefined,
          },
        },
      ],
      pause: (milliseconds) => sleep(milliseconds),
    },
    deadLetters: undefined,
    expectation: { filters: undefined, subscribed: undefined },
    signal: new AbortController().signal,
    progress: () => undefined,
  };
}

/** Sends what an audit in a folder has found missing. */
async function backfill(name: string, enqueue: (message: string) => Promise<void>): Promise<number> {
  const parts = partsIn(name);
  await audit(parts);
  const ledger = await openLedger(parts.folder);
  const counts = { sent: 0, streamed: 0, kinds: new Map(), impossible: new Map() };
  try {
    const { newest } = await planBackfill(ledger, undefined);
    await sendMissing(
      {
        ledger,
        history: parts.history,
        policy: eventPolicy.parse({}),
        created: { from: range.createdFrom, to: newest + 1 },
        perSecond: 100,
        onWait: () => undefined,
        now: () => new Date(),
        queue: { enqueue, count: () => account.waiting() },
        sleep: (milliseconds) => sleep(milliseconds),
        signal: new AbortController().signal,
        progress: () => undefined,
      },
      counts,
    );
    return counts.sent;
  } finally {
    ledger.close();
  }
}

test("each event of a backfill and each live event of the same messages becomes exactly one row", async () => {
  for (const [at, { id, created }] of messages.entries()) {
    await happen(id, { sent: created, delivered: created + 60 }, at % 3 !== 0);
  }
  await settle();
  const queued: string[] = [];
  const enqueue = async (message: string) => {
    queued.push(message);
    await account.queue(queueNames.events).sendMessage(message, { messageTimeToLive: -1 });
  };
  let [live, isOver] = [0, false];
  const living = (async () => {
    for (const { id } of messages) {
      await happen(id, { opened: Date.now() / 1000, clicked: Date.now() / 1000 }, true);
      live += 2;
      await sleep(10);
    }
    isOver = true;
  })();
  // The first run ends like a process that is killed right after it has put its third message into the queue.
  const killed = backfill("backfill", async (message) => {
    await enqueue(message);
    if (queued.length === 3) throw new Error("killed");
  });
  await expect(killed).rejects.toThrow("killed");
  await backfill("backfill", enqueue);
  await living;
  expect([live, isOver]).toEqual([120, true]);
  await settle();

  // An audit does not compare the last hour.
  const later = new Date(Date.now() + 2 * 3_600_000);
  const { cells, missingFile, extraFile } = await audit({ ...partsIn("afterwards"), now: later });
  expect([missingFile, extraFile]).toEqual([undefined, undefined]);
  expect(sumCells(cells)).toMatchObject({ recorded: 240, found: 240, missing: 0, extra: 0, young: 0, waiting: 0 });
  expect(await deliveries()).toBe(240);

  // The very same messages again, as after any kill: the relay knows what they hold.
  for (const message of Array.from(queued)) await enqueue(message);
  await settle();
  expect(await deliveries()).toBe(240);
  const blobs = await account.blobs(containerNames.deadLetters);
  expect(blobs).toEqual([]);
}, 120_000);
