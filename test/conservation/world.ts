import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { Clock } from "../../packages/local-cloud/src/customer-io/clock.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import { credentials, scope } from "../../packages/local-cloud/test/platform/harness.ts";
import { subscriptionNames } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { addCounts, type Counts, noCounts } from "../../relay/core/counts.ts";
import { parseDeadLetter } from "../../relay/core/dead-letter.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import { lookLasts } from "../../relay/core/queue-marks.ts";
import { longestCall } from "../../relay/core/time-limits.ts";
import { copyNotes } from "./copied-notes.ts";
import { DeployedRelay } from "./deployed-relay.ts";
import { traffic } from "./events.ts";
import { FaultProxy, type NetworkFault } from "./fault-proxy.ts";
import type { EventLogs } from "./ledger.ts";
import { MalformedCalls } from "./malformed-calls.ts";
import { type FlowSource, type RunningDataflow, startDataflow } from "./platform-flow.ts";
import { randomFrom } from "./random.ts";
import type { SharedClock } from "./shared-clock.ts";
import type { Account, Storage } from "./storage.ts";

const { appApiKey, signingKey } = localCredentials.customerIo;
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The stand-in's hours in which an old signing key still signs: more than pass by themselves. */
const overlapHours = 1000;

/** Milliseconds that everything may take to come to rest once nothing is wrong any more. */
const patience = 120_000;

export interface WorldOptions {
  readonly seed: number;
  readonly storage: Storage;
  readonly clock: SharedClock;
  /** Where packages and logs go. */
  readonly folder: string;
  /** The relay's built package. */
  readonly bundle: string;
  readonly instances?: number;
  /** Default: `customerio`. */
  readonly source?: FlowSource;
  /** App settings beside those that every relay has. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Customer.io, the relay and Platform, with a network between them that can be made to fail. */
export class World {
  readonly random: () => number;
  /** The relay that Customer.io's calls come to, and its storage account. */
  relay: DeployedRelay;
  account: Account;
  /** Those that it has replaced. */
  readonly #former: { readonly relay: DeployedRelay; readonly account: Account }[] = [];
  readonly #succeed: () => Promise<{ relay: DeployedRelay; account: Account }>;
  readonly platform: RunningDataflow;
  /** In front of the relay's storage: blobs, queues and tables. */
  readonly storageNetwork: readonly FaultProxy[];
  readonly platformNetwork: FaultProxy;
  readonly #time: SharedClock;
  readonly #customerIo: CustomerIoStandIn;
  readonly #clock: Clock;
  readonly #front: FaultProxy;
  readonly #sent: string[] = [];
  /** Events that came into the queue by another way than the intake. */
  readonly #queued: string[] = [];
  readonly #malformed: MalformedCalls;
  #rotatedKey: string | undefined;
  #beating = true;
  #beat: Promise<void> = Promise.resolve();

  private constructor(parts: {
    random: () => number;
    relay: DeployedRelay;
    time: SharedClock;
    account: Account;
    platform: RunningDataflow;
    storageNetwork: readonly FaultProxy[];
    platformNetwork: FaultProxy;
    customerIo: CustomerIoStandIn;
    clock: Clock;
    front: FaultProxy;
    succeed: () => Promise<{ relay: DeployedRelay; account: Account }>;
  }) {
    this.#succeed = parts.succeed;
    this.random = parts.random;
    this.relay = parts.relay;
    this.#time = parts.time;
    this.account = parts.account;
    this.platform = parts.platform;
    this.storageNetwork = parts.storageNetwork;
    this.platformNetwork = parts.platformNetwork;
    this.#customerIo = parts.customerIo;
    this.#clock = parts.clock;
    this.#front = parts.front;
    this.#malformed = new MalformedCalls(() => this.endpoint, signingKey);
  }

  static async start({
    seed,
    storage,
    clock: time,
    folder,
    bundle,
    instances,
    source = "customerio",
    settings,
  }: WorldOptions): Promise<World> {
    const random = randomFrom(seed);
    const platform = await startDataflow(source);
    const blob = await FaultProxy.start(() => storage.ports.blob, random);
    const queue = await FaultProxy.start(() => storage.ports.queue, random);
    const table = await FaultProxy.start(() => storage.ports.table, random);
    const platformNetwork = await FaultProxy.start(() => platform.port, random);
    const deploy = async (place: string) => {
      const account = await storage.nextAccount();
      const relay = new DeployedRelay({
        folder: place,
        bundle,
        clock: time,
        settings: {
          CUSTOMERIO_SIGNING_KEYS: signingKey,
          PLATFORM_STREAMING_URL: platform.streamingUrl(platformNetwork.port),
          RELAY_STORAGE: account.connectionString({ blob: blob.port, queue: queue.port, table: table.port }),
          ...(source === "http" && credentialSettings(platformNetwork.port)),
          ...settings,
        },
      });
      return { relay, account };
    };
    const { relay, account } = await deploy(folder);
    await relay.start(instances);
    const front = await FaultProxy.start(() => world.relay.nextPort(), random);
    const clock = Clock.running();
    const customerIo = await startCustomerIo({
      workspaces: [{ name: "Main", appApiKey, signingKey }],
      switches: { lanes: 8 },
      clock,
    });
    const world: World = new World({
      ...{ random, relay, time, account, platform, platformNetwork, customerIo, clock, front },
      succeed: () => deploy(path.join(folder, "successor")),
      storageNetwork: [blob, queue, table],
    });
    await world.#subscribe();
    world.#beat = world.#keepRetrying();
    return world;
  }

  /** Lets so many events happen, spread over the time (milliseconds). */
  async send(count: number, duration: number): Promise<void> {
    const events = traffic(this.#sent.length, count);
    const end = Date.now() + duration;
    for (let sent = 0; sent < events.length; ) {
      const part = events.slice(sent, sent + 8);
      await this.#ask("/__local/events", { events: part.flatMap(({ event }) => event ?? []) });
      for (const { id, event } of part) if (event === undefined) this.#malformed.send(id);
      this.#sent.push(...part.map(({ id }) => id));
      sent += part.length;
      await sleep(Math.max(0, ((end - Date.now()) * part.length) / (events.length - sent + part.length)));
    }
  }

  /** Sends all events once more that were sent before, as Customer.io does after an answer that came too late. */
  async sendAgain(): Promise<void> {
    const events = traffic(0, this.#sent.length).flatMap(({ event }) => event ?? []);
    await this.#ask("/__local/events", { events });
  }

  /**
   * Replaces the relay by another one with a storage account of its own, by the steps of `customerio-aep:index:QueueDrain`: the new one is held, the
   * webhook turned, the former one closed and drained, its notes copied; then the new one sends.
   *
   * @param meanwhile happens from the turn on
   */
  async replaceRelay(meanwhile: () => Promise<void>): Promise<void> {
    const { relay: former, account: formerAccount } = this;
    const { relay, account } = await this.#succeed();
    const later = () => new Date(this.now().getTime() + day).toISOString();
    await account.queue(queueNames.events).setMetadata({ sending: `held until ${later()}` });
    await relay.start();
    this.#former.push({ relay: former, account: formerAccount });
    this.relay = relay;
    this.account = account;
    const traffic = meanwhile();
    await formerAccount.queue(queueNames.events).setMetadata({ intake: `closed until ${later()}` });
    await sleep(lookLasts + longestCall);
    const until = Date.now() + patience;
    while ((await formerAccount.waiting()) > 0 && Date.now() < until) await sleep(100);
    await copyNotes({ from: formerAccount.tables, to: account, now: this.now() });
    await account.queue(queueNames.events).setMetadata({ sending: "free" });
    await former.stop();
    await traffic;
  }

  /** Events that are in the queue without the intake's doing. */
  queued(ids: readonly string[]): void {
    this.#queued.push(...ids);
  }

  /** Lets the network between the relay and one of its neighbours suffer a fault while events come. */
  async under(network: readonly FaultProxy[], fault: NetworkFault, share: number, work: () => Promise<void>) {
    for (const proxy of network) proxy.strike(fault, share);
    await work();
    for (const proxy of network) proxy.heal();
  }

  /** Lets nobody be reached behind these proxies meanwhile. */
  async without(network: readonly FaultProxy[], work: () => Promise<void>) {
    await Promise.all(network.map((proxy) => proxy.goDown()));
    await work();
    await Promise.all(network.map((proxy) => proxy.comeUp()));
  }

  /** Makes a new signing key in Customer.io, which signs from `switchSigningKey` on. */
  async rotateSigningKey(): Promise<string> {
    const overlap = { overlapSeconds: overlapHours * 3600 };
    this.#rotatedKey = (await this.#ask<{ signingKey: string }>("/__local/signing-key/rotate", overlap)).signingKey;
    return this.#rotatedKey;
  }

  async switchSigningKey(): Promise<void> {
    await this.#delivered();
    await this.#clock.advance(overlapHours * hour);
    if (this.#rotatedKey !== undefined) this.#malformed.signingKey = this.#rotatedKey;
  }

  /** Sends its events a second time, as Customer.io does after an answer that came too late. */
  async repeatAccepted(times: number): Promise<void> {
    await this.#ask("/__local/faults", { faults: [{ kind: "duplicate", times }] });
  }

  /** The address that Customer.io posts to. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#front.port}/customerio`;
  }

  /** The time of storage and relay. */
  now(): Date {
    return this.#time.now();
  }

  /** Lets the time pass for storage and relay, as soon as nobody holds a message whose lease would end by that. */
  async pass(milliseconds: number): Promise<void> {
    const until = Date.now() + patience;
    do {
      while (this.relay.busy() && Date.now() < until) await sleep(50);
      // A message may be on its way to a host, which begins with it before it answers what comes later.
      await this.relay.answersOnce();
    } while (this.relay.busy() && Date.now() < until);
    await this.#time.pass(milliseconds);
  }

  /** Waits until Customer.io has nothing to send and the relay nothing to do; if either does not come, so it stays. */
  async settle(): Promise<void> {
    await this.#delivered();
    const until = Date.now() + patience;
    let before = -1;
    while (Date.now() < until) {
      const waiting = await this.account.waiting();
      if (waiting === 0) break;
      // What waits is hidden, and nobody works at it: its lease or its delay has to pass.
      if (waiting === before && (await this.account.quiet())) await this.pass(20 * minute);
      before = waiting;
      await sleep(200);
    }
    await this.platform.platform.idle();
  }

  /** Stops the relay and reads all logs. */
  async logs(): Promise<EventLogs> {
    await this.relay.stop();
    await this.platform.platform.idle();
    const accounts = [...this.#former, this].map(({ account }) => account);
    const { deliveries } = await this.#deliveries();
    const receipts = await this.platform.platform.receipts();
    // Nothing stays hidden for longer than 7 days.
    if ((await this.account.waiting()) > 0) await this.#time.pass(8 * day);
    const deadLetters = await each(accounts, (account) => account.blobs(containerNames.deadLetters));
    const messages = await each(accounts, (account) => account.takeAll());
    return {
      sent: [...this.#sent, ...this.#queued],
      accepted: [
        ...deliveries.filter(({ status }) => status === "accepted").map(({ id }) => id),
        ...this.#malformed.accepted,
        ...this.#queued,
      ],
      delivered: receipts.filter(({ fate }) => fate === "delivered").map(({ eventId }) => String(eventId)),
      dead: deadLetters.flatMap(idsOfDeadLetter),
      pending: messages.flatMap(idsOfMessage),
      suppressed: this.outcomes().flatMap(({ outcome, ids }) =>
        outcome === "filtered" && Array.isArray(ids) ? ids.map(String) : [],
      ),
    };
  }

  /** What the relay has logged so far, line by line. */
  outcomes(): Record<string, unknown>[] {
    return this.log().flatMap(({ message }) =>
      message.startsWith('{"outcome"') ? [JSON.parse(message) as Record<string, unknown>] : [],
    );
  }

  /** What all hosts have logged. */
  log(): { message: string }[] {
    return [...this.#former, this].flatMap(({ relay }) => relay.log());
  }

  /** What all relays have counted. */
  async counts(): Promise<Counts> {
    const total = noCounts();
    for (const { account } of [...this.#former, this]) addCounts(total, { ...(await account.counts()) });
    return total;
  }

  async close(): Promise<void> {
    this.#beating = false;
    await this.#beat;
    for (const { relay } of [...this.#former, this]) await relay.stop();
    await this.#customerIo.close();
    await this.platform.platform.close();
    for (const proxy of [this.#front, this.platformNetwork, ...this.storageNetwork]) await proxy.close();
  }

  /** Customer.io waits for an hour after most failures; here each hour is over in a moment. */
  async #keepRetrying(): Promise<void> {
    while (this.#beating) {
      await this.#clock.advance(hour);
      await sleep(300);
    }
  }

  async #subscribe(): Promise<void> {
    const answer = await fetch(`${this.#customerIo.url}/v1/reporting_webhooks`, {
      method: "POST",
      headers: { authorization: `Bearer ${appApiKey}`, "content-type": "application/json" },
      body: JSON.stringify({
        name: "Relay",
        endpoint: this.endpoint,
        events: subscriptionNames,
        disabled: false,
        full_resolution: true,
        with_content: true,
      }),
    });
    if (!answer.ok) throw new Error(`Customer.io answered ${answer.status}: ${await answer.text()}`);
  }

  /** Customer.io has an answer to everything, or no more patience. */
  async #delivered(): Promise<void> {
    const until = Date.now() + patience;
    while (Date.now() < until && (await this.#deliveries()).counts.waiting > 0) await sleep(50);
    await this.#malformed.settle(until - Date.now());
  }

  async #deliveries() {
    const answer = await fetch(`${this.#customerIo.url}/__local/deliveries?limit=1000000`);
    return (await answer.json()) as { counts: { waiting: number }; deliveries: { id: string; status: string }[] };
  }

  async #ask<T>(path: string, body: object): Promise<T> {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(this.#customerIo.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`Customer.io answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}

/** Platform's stand-in is IMS too, by way of a port. */
function credentialSettings(port: number): Record<string, string> {
  return {
    PLATFORM_IMS_URL: `http://127.0.0.1:${port}`,
    PLATFORM_CLIENT_ID: credentials.clientId,
    PLATFORM_CLIENT_SECRET: credentials.clientSecret[0],
    PLATFORM_SCOPES: scope,
    PLATFORM_ORG_ID: credentials.orgId,
  };
}

async function each<T>(accounts: readonly Account[], read: (account: Account) => Promise<T[]>): Promise<T[]> {
  return (await Promise.all(accounts.map(read))).flat();
}

function idsOfDeadLetter(text: string): string[] {
  const { class: why, eventId, body } = parseDeadLetter(text);
  if (eventId !== undefined) return [eventId];
  return why === "unreadable"
    ? idsOfMessage(body)
    : (JSON.parse(body) as { event_id: string }[]).map((one) => one.event_id);
}

function idsOfMessage(text: string): string[] {
  return (JSON.parse(text) as { events: { id: string }[] }).events.map(({ id }) => id);
}
