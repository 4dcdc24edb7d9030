import { cpSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type HostProcess, startHost } from "../../packages/local-cloud/src/azure/app-service/host-process.ts";
import type { SharedClock } from "./shared-clock.ts";

export interface DeployedRelayOptions {
  /** The folder for packages and logs. */
  readonly folder: string;
  /** The built package. */
  readonly bundle: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly clock: SharedClock;
}

interface Instance {
  host: HostProcess | undefined;
  /** Of the host that runs. */
  logFile: string;
  wanted: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** Resolves once the instance has stopped for good. */
  life: Promise<void>;
}

/** How often a listener polls its queue; 2 s in host.json. */
const impatience = { AzureFunctionsJobHost__extensions__queues__maxPollingInterval: "00:00:00.2000000" };

/** Log lines for each execution and event, which the tests read. */
const observed = { AzureFunctionsJobHost__logging__logLevel__Function: "Information", LOG_DETAIL: "events" };

/** The relay's bundle in function hosts, each restarted when it ends, as the platform does. */
export class DeployedRelay {
  readonly #options: DeployedRelayOptions;
  #settings: Readonly<Record<string, string>>;
  #package: string;
  #packages = 0;
  #turn = 0;
  readonly #logFiles: string[] = [];
  #instances: Instance[] = [];
  #held: PromiseWithResolvers<void> | undefined;

  constructor(options: DeployedRelayOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#package = this.#unpack();
  }

  /** The port of the next instance, in turn; undefined if none runs. */
  nextPort(): number | undefined {
    const ports = this.#instances.flatMap(({ host }) => (host ? [host.port] : []));
    this.#turn += 1;
    return ports[this.#turn % Math.max(1, ports.length)];
  }

  /**
   * Starts instances, with the newest settings and package, and waits until they serve.
   *
   * @param clockShift milliseconds by which the clock of these instances is wrong
   */
  async start(instances = 1, clockShift = 0): Promise<void> {
    const environment = {
      ...impatience,
      ...observed,
      ...this.#options.clock.environment,
      // One cache for all hosts of a run, which start faster with it.
      NODE_COMPILE_CACHE: path.join(this.#options.folder, "../compiled"),
      ...this.#settings,
      CLOCK_SHIFT: String(clockShift),
    };
    const started = Array.from({ length: instances }, (): Instance => {
      return { host: undefined, logFile: "", wanted: true, environment, life: Promise.resolve() };
    });
    this.#instances = [...this.#instances, ...started];
    await Promise.all(started.map((instance) => this.#begin(instance)));
  }

  /** Stops all instances that run now. */
  stop(): Promise<void> {
    return this.#end(this.#instances);
  }

  /** Ends instances as a platform does: no new calls, then SIGTERM. */
  async #end(instances: readonly Instance[]): Promise<void> {
    this.#instances = this.#instances.filter((instance) => !instances.includes(instance));
    await Promise.all(
      instances.map(async (instance) => {
        instance.wanted = false;
        const { host } = instance;
        instance.host = undefined;
        await host?.stop(10_000);
        await instance.life;
      }),
    );
  }

  /** New instances take over before the old ones stop. */
  async replace(change: { settings?: Readonly<Record<string, string>>; upgrade?: boolean }): Promise<void> {
    const before = this.#instances;
    if (change.upgrade) this.#package = this.#unpack();
    this.#instances = [];
    await this.#startAnew(before.length, change.settings);
    await this.#end(before);
  }

  /**
   * Starts instances with other settings beside those that run, which keep running and get calls too.
   *
   * @returns a function that ends the former ones
   */
  async join(settings: Readonly<Record<string, string>>): Promise<() => Promise<void>> {
    const before = this.#instances;
    await this.#startAnew(before.length, settings);
    return () => this.#end(before);
  }

  async #startAnew(instances: number, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#settings = { ...this.#settings, ...settings };
    await this.start(Math.max(1, instances));
  }

  /** Kills an instance (SIGKILL) as a crash would, as soon as one runs; it is started again. */
  async kill(): Promise<void> {
    const running = () => this.#instances.flatMap(({ host }) => host ?? []);
    while (running().length === 0) await sleep(20);
    this.#turn += 1;
    await running()[this.#turn % running().length]?.kill();
  }

  /** Kills all instances (SIGKILL) as an outage of their region would: none is started again. */
  async fail(): Promise<void> {
    const lost = this.#instances;
    this.#instances = [];
    await Promise.all(
      lost.map(async (instance) => {
        instance.wanted = false;
        await instance.host?.kill();
        await instance.life;
      }),
    );
  }

  /** What the hosts have logged, each line parsed. */
  log(): { message: string }[] {
    return this.#logFiles.flatMap(linesOf);
  }

  /** Keeps all hosts from receiving messages until `release`. Resolves once no living host holds one. */
  async hold(): Promise<void> {
    this.#held ??= Promise.withResolvers();
    await Promise.all(this.#instances.map(async ({ host }) => host?.hold()));
  }

  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
    for (const { host } of this.#instances) host?.release();
  }

  async #begin(instance: Instance): Promise<void> {
    const { environment } = instance;
    instance.logFile = path.join(this.#options.folder, `host-${this.#logFiles.length}.log`);
    this.#logFiles.push(instance.logFile);
    const host = await startHost({ appFolder: this.#package, logFile: instance.logFile, environment });
    if (host?.error !== undefined) throw new Error(`The function host did not start: ${host.error}`);
    instance.host = host;
    void this.#listen(host);
    instance.life = this.#restartAfter(instance, host);
  }

  async #listen(host: HostProcess | undefined): Promise<void> {
    await this.#held?.promise;
    host?.listenFor(host.functions.map(({ name }) => name));
  }

  async #restartAfter(instance: Instance, host: HostProcess | undefined): Promise<void> {
    await host?.exited;
    instance.host = undefined;
    if (instance.wanted) await this.#begin(instance);
  }

  #unpack(): string {
    this.#packages += 1;
    const folder = path.join(this.#options.folder, `package-${this.#packages}`);
    cpSync(this.#options.bundle, folder, { recursive: true });
    return folder;
  }
}

/** The whole lines of a log; a killed host may have left half of one. */
function linesOf(file: string): { message: string }[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => (line.startsWith("{") && line.endsWith("}") ? [JSON.parse(line) as { message: string }] : []));
}
