import { createServer } from "node:http";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { frontEnd } from "../../packages/local-cloud/src/azure/app-service/front-end.ts";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { type Listener, listenOn } from "../../packages/local-cloud/src/listen.ts";
import { addCounts, type Counts, noCounts } from "../../relay/core/counts/counts.ts";
import { memoryBudget } from "../../relay/core/intake/memory-budget.ts";
import { containerNames } from "../../relay/core/names.ts";
import { DeployedRelay } from "./deployed-relay.ts";
import { day, minute } from "./durations.ts";
import { FaultProxy, type NetworkFault } from "./fault-proxy.ts";
import type { EventLogs } from "./ledger.ts";
import { credentialSettings, type FlowSource, type RunningDataflow, startDataflow } from "./platform-flow.ts";
import { randomFrom } from "./random.ts";
import { Sender } from "./sender.ts";
import type { SharedClock } from "./shared-clock.ts";
import type { Account, Storage } from "./storage.ts";
import { idsOfDeadLetter, idsOfMessage } from "./stored-ids.ts";

const { signingKey } = localCredentials.customerIo;

/** Milliseconds in which everything has to finish after the last fault. */
const patience = 120_000;

/** Milliseconds: the storage reports its time in whole seconds, and a little late. */
const clockStep = 5_000;

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

/** A relay and its storage account. */
export interface RelayInAccount {
  readonly relay: DeployedRelay;
  readonly account: Account;
}

/** Customer.io, the relay and Platform, with a network between them that can be made to fail. */
export class World {
  readonly random: () => number;
  /** The relay that gets Customer.io's calls, and its storage account. */
  relay: DeployedRelay;
  account: Account;
  /** The relays that it has replaced. */
  readonly #former: RelayInAccount[] = [];
  readonly #makeRelay: () => Promise<RelayInAccount>;
  readonly platform: RunningDataflow;
  /** In front of the relay's storage: blobs, queues and tables. */
  readonly storageNetwork: readonly FaultProxy[];
  readonly platformNetwork: FaultProxy;
  readonly #time: SharedClock;
  readonly customerIo: Sender;
  readonly #front: FaultProxy;
  #balancer: Listener | undefined;
  /** Events that were queued without the intake. */
  readonly #queued: string[] = [];
  readonly #exported: string[] = [];

  private constructor(parts: {
    random: () => number;
    relay: DeployedRelay;
    time: SharedClock;
    account: Account;
    platform: RunningDataflow;
    storageNetwork: readonly FaultProxy[];
    platformNetwork: FaultProxy;
    customerIo: Sender;
    front: FaultProxy;
    makeRelay: () => Promise<RelayInAccount>;
  }) {
    this.#makeRelay = parts.makeRelay;
    this.random = parts.random;
    this.relay = parts.relay;
    this.#time = parts.time;
    this.account = parts.account;
    this.platform = parts.platform;
    this.storageNetwork = parts.storageNetwork;
    this.platformNetwork = parts.platformNetwork;
    this.customerIo = parts.customerIo;
    this.#front = parts.front;
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
    const front = await FaultProxy.start(() => world.#balancer?.port ?? world.relay.nextPort(), random);
    const customerIo = await Sender.start(endpointAt(front));
    const world: World = new World({
      random,
      relay,
      time,
      account,
      platform,
      platformNetwork,
      customerIo,
      front,
      makeRelay: () => deploy(path.join(folder, "successor")),
      storageNetwork: [blob, queue, table],
    });
    return world;
  }

  /** Triggers this number of events, spread over the time (milliseconds). */
  send(count: number, duration: number): Promise<void> {
    return this.customerIo.send(count, duration);
  }

  /** Creates another relay with its own storage account; the webhook is not redirected. */
  makeRelay(): Promise<RelayInAccount> {
    return this.#makeRelay();
  }

  /** From now on this relay gets Customer.io's calls. */
  turnTo({ relay, account }: RelayInAccount): void {
    this.#former.push({ relay: this.relay, account: this.account });
    this.relay = relay;
    this.account = account;
  }

  /** From now on each call goes to the next instance, as with Azure's front end, and not each connection. */
  async balanceCalls(): Promise<void> {
    const serving = async () => {
      const port = this.relay.nextPort();
      return port === undefined ? { status: 503 } : { port };
    };
    const perInstanceConcurrency = () => memoryBudget(2048).calls;
    this.#balancer = await listenOn(
      createServer(frontEnd({ takes: () => true, serving, hostName: () => "relay.example", perInstanceConcurrency })),
    );
  }

  /** Dead letters that were exported before they were deleted, as texts. */
  addExported(deadLetters: readonly string[]): void {
    this.#exported.push(...deadLetters);
  }

  /** Adds events that are in the queue without the intake. */
  addQueued(ids: readonly string[]): void {
    this.#queued.push(...ids);
  }

  /** Runs `work` with a fault in the network between the relay and one of its neighbors. */
  async under(network: readonly FaultProxy[], fault: NetworkFault, share: number, work: () => Promise<void>) {
    for (const proxy of network) proxy.strike(fault, share);
    await work();
    for (const proxy of network) proxy.heal();
  }

  /** Runs the work while these proxies are down. */
  async without(network: readonly FaultProxy[], work: () => Promise<void>) {
    await Promise.all(network.map((proxy) => proxy.goDown()));
    await work();
    await Promise.all(network.map((proxy) => proxy.comeUp()));
  }

  /** Makes Customer.io sign with its new key once it has nothing left to send. */
  async switchSigningKey(): Promise<void> {
    await this.customerIo.settle(patience);
    await this.customerIo.switchSigningKey();
  }

  /** The address that Customer.io posts to. */
  get endpoint(): string {
    return endpointAt(this.#front);
  }

  /** The shared time of storage and relay. */
  readonly now = () => this.#time.now();

  /**
   * Advances the time of storage and relay while no host holds a message, since that would end the message's lease.
   *
   * @throws if a host still holds one after two minutes
   */
  async pass(milliseconds: number): Promise<void> {
    const relays = [...this.#former, this].map(({ relay }) => relay);
    const late = sleep(patience, "late" as const, { ref: false });
    try {
      const held = Promise.all(relays.map((relay) => relay.hold()));
      if ((await Promise.race([held, late])) === "late") {
        throw new Error(`No time can pass: a host has had a message in hand for ${patience / 1000} s.`);
      }
      await this.#time.pass(milliseconds);
      // A lease from before the storage reads the new time would end at once.
      while ((await this.account.now()).getTime() < this.#time.now().getTime() - clockStep) await sleep(20);
    } finally {
      for (const relay of relays) relay.release();
    }
  }

  /** Waits until Customer.io has nothing to send and the relay nothing to do, or until the time is over. */
  async settle(): Promise<void> {
    await this.customerIo.settle(patience);
    const until = Date.now() + patience;
    let before = -1;
    while (Date.now() < until) {
      const waiting = await this.account.waiting();
      if (waiting === 0) break;
      // Waiting messages are hidden and not being processed: their lease or delay has to pass.
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
    const accepted = await this.customerIo.acceptedIds();
    const receipts = await this.platform.platform.receipts();
    // Nothing stays hidden for longer than 7 days.
    if ((await this.account.waiting()) > 0) await this.#time.pass(8 * day);
    const deadLetters = await each(accounts, (account) => account.blobs(containerNames.deadLetters));
    const messages = await each(accounts, (account) => account.takeAll());
    return {
      sent: [...this.customerIo.sent, ...this.#queued],
      accepted: [...accepted, ...this.#queued],
      delivered: receipts.filter(({ fate }) => fate === "delivered").map(({ eventId }) => String(eventId)),
      dead: [...deadLetters, ...this.#exported].flatMap(idsOfDeadLetter),
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
    // Relays stop first and end their calls properly: after calls that Customer.io aborts, Node 24 may keep a handle and never exit.
    for (const { relay } of [...this.#former, this]) await relay.stop();
    await this.customerIo.close();
    await this.platform.platform.close();
    await this.#balancer?.close();
    for (const proxy of [this.#front, this.platformNetwork, ...this.storageNetwork]) await proxy.close();
  }
}

function endpointAt({ port }: FaultProxy): string {
  return `http://127.0.0.1:${port}/customerio`;
}

async function each<T>(accounts: readonly Account[], read: (account: Account) => Promise<T[]>): Promise<T[]> {
  return (await Promise.all(accounts.map(read))).flat();
}
