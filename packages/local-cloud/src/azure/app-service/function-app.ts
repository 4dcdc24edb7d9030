import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import https from "node:https";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PropertyValue } from "pulumi-provider-kit";
import type { Certificate } from "../../certificate.ts";
import { type Listener, listen, listenOn } from "../../listen.ts";
import { ArmError } from "../arm/arm-error.ts";
import { type Principal, plainValueAt, type Resource, type Subscription, textAt } from "../arm/subscription.ts";
import { OneDeploy } from "../deploy/one-deploy.ts";
import { unpack } from "../deploy/package-archive.ts";
import type { FunctionMetadata } from "../function-host/functions-core.ts";
import type { HostKeys } from "../function-host/http-triggers.ts";
import type { IdentityEndpoint } from "../identity/managed-identity.ts";
import { type Origin, takesCallsFrom } from "../network/access-restrictions.ts";
import type { StorageAccounts } from "../storage/storage-accounts.ts";
import type { AzureSwitches } from "../switches.ts";
import { hostEnvironment } from "./app-environment.ts";
import { FormerInstances } from "./former-instances.ts";
import { concurrencyOf, frontEnd } from "./front-end.ts";
import { type HostProcess, startHost } from "./host-process.ts";
import type { KeyVaultReference } from "./key-vault-references.ts";
import { StandInSiteSettings } from "./site-settings.ts";

const stopGrace = 5_000;
const longestRestartDelay = 60_000;
/** Milliseconds after which a host's start counts as successful. */
const steadyAfter = 10_000;

/** What all function apps of the stand-in share. */
export interface FunctionAppSurroundings {
  readonly certificate: Certificate;
  readonly tokenSecret: string;
  readonly subscription: Subscription;
  readonly storage: StorageAccounts;
  readonly identities: IdentityEndpoint;
  readonly switches: AzureSwitches;
}

interface FunctionAppOptions extends FunctionAppSurroundings {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
}

/** A web app of kind `functionapp`: its front end, its scm site, and the host process behind them. */
export class FunctionApp {
  readonly keys: HostKeys = { master: key(), function: key() };
  readonly #options: FunctionAppOptions;
  readonly #identityHeader: string;
  readonly #instanceId = randomUUID();
  #front: Listener | undefined;
  #scm: Listener | undefined;
  readonly #settings: StandInSiteSettings;
  #appFolder: string | undefined;
  #host: HostProcess | undefined;
  readonly #former = new FormerInstances();
  /** The functions that the platform knows since the last trigger sync; undefined before the first. */
  #known: readonly FunctionMetadata[] | undefined;
  #changes: Promise<void> = Promise.resolve();
  #failures = 0;
  #closed = false;

  private constructor(options: FunctionAppOptions) {
    this.#options = options;
    this.#settings = new StandInSiteSettings({ ...options, site: () => this.#site });
    this.#identityHeader = options.identities.register({
      own: () => this.#systemIdentity(),
      userAssigned: () => this.#userIdentities(),
    });
    mkdirSync(options.folder, { recursive: true });
  }

  /** Opens the app's two addresses. Nothing runs before the first deployment. */
  static async create(options: FunctionAppOptions): Promise<FunctionApp> {
    const app = new FunctionApp(options);
    const { certificate, key } = { ...options.certificate };
    const server = https.createServer({ cert: certificate, key, maxHeaderSize: 32 * 1024 });
    const takes = (origin: Origin) => takesCallsFrom(origin, "main", app.#configuration);
    const perInstanceConcurrency = () => concurrencyOf(app.#site?.inputs);
    const serving = () => app.#serving();
    server.on("request", frontEnd({ takes, serving, hostName: () => app.hostName, perInstanceConcurrency }));
    app.#front = await listenOn(server);
    const deploy = new OneDeploy({
      ...options,
      app,
      takes: (origin) => takesCallsFrom(origin, "scm", app.#configuration),
    });
    app.#scm = await listen(deploy.routes.fetch, options.certificate);
    return app;
  }

  get name(): string {
    return this.#options.name;
  }

  get hostName(): string {
    return `127.0.0.1:${this.#front?.port}`;
  }

  get scmHostName(): string {
    return `127.0.0.1:${this.#scm?.port}`;
  }

  /** One JSON line each from the host, in order. */
  get logFile(): string {
    return path.join(this.#options.folder, "host.log");
  }

  get hostPid(): number | undefined {
    return this.#host?.pid;
  }

  /** Process ids of hosts that still run with former settings or code. */
  get formerPids(): readonly number[] {
    return this.#former.pids();
  }

  get settings(): Readonly<Record<string, string>> {
    return this.#settings.values;
  }

  /** Replaces the whole set of app settings and restarts the host. */
  async changeSettings(settings: Readonly<Record<string, string>>): Promise<void> {
    this.#settings.change(settings);
    await this.restart();
  }

  /** The state of the settings that refer to a vault, by name. */
  get references(): ReadonlyMap<string, KeyVaultReference> {
    return this.#settings.references;
  }

  /** Resolves the settings' references again. */
  async refreshReferences(): Promise<void> {
    if (this.#settings.refresh() && this.#options.switches.referenceRefreshRestarts) await this.restart();
  }

  /** Installs a deployed package and restarts the host with it. */
  async install(files: ReadonlyMap<string, Uint8Array>, deploymentId: string): Promise<void> {
    const folder = path.join(this.#options.folder, deploymentId);
    await unpack(files, folder);
    const previous = this.#appFolder;
    this.#appFolder = folder;
    await this.restart();
    if (previous !== undefined) rmSync(previous, { recursive: true, force: true });
    if (this.#options.switches.deploySyncsTriggers) await this.syncTriggers();
  }

  /** Removes the code, as Azure does with an app whose deployment container is empty. */
  async uninstall(): Promise<void> {
    const folder = this.#appFolder;
    this.#appFolder = undefined;
    this.#change(async () => {
      const host = this.#host;
      this.#host = undefined;
      await host?.kill();
    });
    await this.#changes;
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }

  /** Replaces the host process. `siteUpdateStrategy` decides whether running work is killed at once, or drained. */
  async restart(): Promise<void> {
    this.#failures = 0;
    this.#change(() => this.#replaceHost());
    await this.#changes;
  }

  /** Makes the platform read the host's functions: only then do their triggers fire. */
  async syncTriggers(): Promise<void> {
    await this.#changes;
    if (this.#host === undefined || this.#host.error !== undefined) {
      throw new ArmError(400, "BadRequest", "Encountered an error (ServiceUnavailable) from host runtime.");
    }
    this.#known = this.#host.functions;
    this.#host.listenFor(this.#known.map(({ name }) => name));
  }

  /** The functions that ARM lists: those known since the last sync, or the placeholder's `WarmUp` before the first. */
  listFunctions(): readonly FunctionMetadata[] {
    return this.#known ?? [{ name: "WarmUp", bindings: {} }];
  }

  /** Kills the host process as a crash would; the platform starts another. */
  async killHost(): Promise<void> {
    await this.#host?.kill();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#changes;
    const host = this.#host;
    this.#host = undefined;
    await Promise.all([this.#front?.close(), this.#scm?.close(), host?.stop(stopGrace), this.#former.kill()]);
  }

  /** The principal behind one of the app's identities; without an id, the system-assigned one. */
  principal(identityId: string | undefined): Principal | undefined {
    if (identityId === undefined) return this.#systemIdentity();
    return this.#userIdentities().find(({ resourceId }) => resourceId.toLowerCase() === identityId.toLowerCase());
  }

  get #site(): Resource | undefined {
    return this.#options.subscription.get(this.#options.id);
  }

  get #configuration(): PropertyValue | undefined {
    return this.#site && plainValueAt(this.#site.inputs, "siteConfig");
  }

  #systemIdentity(): Principal | undefined {
    const objectId = this.#site && textAt(this.#site.outputs, "identity.principalId");
    return objectId ? { objectId, clientId: objectId } : undefined;
  }

  #userIdentities(): (Principal & { resourceId: string })[] {
    const attached = this.#site && plainValueAt(this.#site.outputs, "identity.userAssignedIdentities");
    const ids = Object.keys((attached as object | undefined) ?? {}).map((id) => id.toLowerCase());
    return this.#options.subscription.identities().filter(({ resourceId }) => ids.includes(resourceId.toLowerCase()));
  }

  /** Where requests go: the host's port, or a status with which the front end answers itself. */
  async #serving(): Promise<{ port: number } | { status: number }> {
    const { switches } = this.#options;
    if (this.#site && plainValueAt(this.#site.inputs, "enabled") === false) return { status: 403 };
    if (this.#appFolder === undefined) return { status: switches.beforeFirstDeploy };
    if (this.#host === undefined) {
      const patience = new AbortController();
      const waiting = sleep(switches.coldStartPatience, undefined, { signal: patience.signal }).catch(() => undefined);
      await Promise.race([this.#changes, waiting]);
      patience.abort();
    }
    if (this.#host === undefined) return { status: 503 };
    return { port: (switches.callsToFormerInstances ? this.#former.next(this.#host) : this.#host).port };
  }

  #change(act: () => Promise<void>): void {
    this.#changes = this.#changes.then(act).catch((error) => this.#note(String(error)));
  }

  async #replaceHost(): Promise<void> {
    const site = this.#site;
    const appFolder = this.#appFolder;
    if (this.#closed || site === undefined || appFolder === undefined) return;
    const rolling = textAt(site.inputs, "functionAppConfig.siteUpdateStrategy.type") === "RollingUpdate";
    const previous = this.#host;
    const { formerInstances } = this.#options.switches;
    if (!rolling) {
      this.#host = undefined;
      if (previous && formerInstances > 0) this.#former.keepAlive(previous, formerInstances);
      else await previous?.kill();
    }
    this.#host = await this.#startHost(site, appFolder);
    if (rolling) await previous?.stop(stopGrace);
  }

  async #startHost(site: Resource, appFolder: string): Promise<HostProcess | undefined> {
    const version = textAt(site.inputs, "functionAppConfig.runtime.version");
    if (version !== "" && !this.#options.switches.nodeVersions.includes(version)) {
      await this.#note(`The runtime node ${version} is not available in this region: the app can't start.`);
      return undefined;
    }
    const { storage, identities, certificate } = this.#options;
    const environment = hostEnvironment({
      settings: this.#settings.environment(),
      siteName: this.name,
      hostName: this.hostName,
      instanceId: this.#instanceId,
      keys: this.keys,
      certificateFile: certificate.certificateFile,
      storageEndpoints: storage.endpointsByName(),
      messageLease: this.#options.switches.messageLease,
      identity: site.outputs.identity === undefined ? undefined : { url: identities.url, header: this.#identityHeader },
    });
    const host = await startHost({ appFolder, logFile: this.logFile, environment });
    if (host === undefined || host.error !== undefined) this.#startLater();
    else host.listenFor((this.#known ?? []).map(({ name }) => name));
    const started = Date.now();
    void host?.exited.then(() => {
      if (this.#host !== host || this.#closed) return;
      this.#host = undefined;
      if (Date.now() - started > steadyAfter) this.#failures = 0;
      // Restart at once after a first crash, later with growing delays.
      if (this.#failures > 0) return this.#startLater();
      this.#failures = 1;
      this.#change(() => this.#replaceHost());
    });
    return host;
  }

  #startLater(): void {
    const delay = Math.min(this.#options.switches.hostRestartDelay * 2 ** this.#failures, longestRestartDelay);
    this.#failures += 1;
    setTimeout(() => {
      if (this.#host === undefined || this.#host.error !== undefined) this.#change(() => this.#replaceHost());
    }, delay).unref();
  }

  async #note(message: string): Promise<void> {
    const line = { timestamp: new Date().toISOString(), level: "error", category: "Platform", message };
    await appendFile(this.logFile, `${JSON.stringify(line)}\n`);
  }
}

function key(): string {
  return randomBytes(40).toString("base64url");
}
