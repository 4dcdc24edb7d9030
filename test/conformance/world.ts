import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import { type PlatformStandIn, startPlatform } from "../../packages/local-cloud/src/platform/platform.ts";
import { AepClient } from "../../packages/pulumi-aep/src/client/client.ts";
import { config as aepConfig, type Config } from "../../packages/pulumi-aep/src/config.ts";
import { aepPackage } from "../../packages/pulumi-aep/src/provider.ts";
import { provider as customerioProvider } from "../../packages/pulumi-customerio/src/provider.ts";
import { definitionProvider } from "../../packages/pulumi-provider-kit/src/definition/definition-provider.ts";
import { Driver } from "./driver.ts";
import { type RecordingProxy, startRecordingProxy } from "./recording-proxy.ts";
import type { Exchange } from "./validator.ts";

export const { tenantId, ...credential } = localCredentials.platform;
const { signingKey } = localCredentials.customerIo;
export const { appApiKey } = localCredentials.customerIo;

/** Both vendors' stand-ins, each behind a recording proxy, and the providers, which use only the proxies' addresses. */
export class World {
  readonly customerIo: Driver;
  /** A client like that of the aep provider, for calls that it makes only after a failure. */
  readonly client: AepClient;
  readonly platformUrl: string;
  readonly customerIoUrl: string;
  readonly #parts: readonly { close(): Promise<void> }[];
  readonly #proxies: readonly RecordingProxy[];
  readonly #time: { now: number };

  private constructor(
    time: { now: number },
    standIns: readonly [PlatformStandIn, CustomerIoStandIn],
    proxies: readonly [RecordingProxy, RecordingProxy],
    driver: Driver,
  ) {
    this.#time = time;
    this.#parts = [...proxies, ...standIns];
    this.#proxies = proxies;
    const [platform, customerIo] = proxies;
    this.platformUrl = platform.url;
    this.customerIoUrl = customerIo.url;
    this.client = clientOf(platform.url, {});
    this.customerIo = driver;
  }

  static async start(): Promise<World> {
    // Each reading of the clock advances it, so that the seconds of enabling a dataflow pass.
    const time = { now: Date.parse("2026-01-05T10:00:00.000Z") };
    const clock = () => {
      time.now += 100;
      return time.now;
    };
    const platform = await startPlatform({
      credentials: credential,
      tenantId,
      sandboxes: ["prod", credential.sandbox],
      clock,
    });
    const customerIo = await startCustomerIo({ workspaces: [{ name: "Test", appApiKey, signingKey }] });
    const proxies = [
      await startRecordingProxy("platform", platform.url),
      await startRecordingProxy("customer-io", customerIo.url),
    ] as const;
    const driver = await Driver.start(customerioProvider, { appApiKey, appApiUrl: proxies[1].url });
    return new World(time, [platform, customerIo], proxies, driver);
  }

  get exchanges(): readonly Exchange[] {
    return this.#proxies.flatMap(({ exchanges }) => exchanges);
  }

  /** An aep provider, with some settings of its own. */
  async aep(settings: Partial<Config> = {}): Promise<Driver> {
    const provider = definitionProvider({ ...aepPackage, connect: () => clientOf(this.platformUrl, settings) });
    return Driver.start(provider, { ...credential });
  }

  pass(seconds: number): void {
    this.#time.now += seconds * 1000;
  }

  /** Answers the next call with `path` in its path with this status. */
  async platformFault(path: string, status: number, target: "gateway" | "ims" | "inlet" = "gateway"): Promise<void> {
    const effect = { kind: "status", status, retryAfterSeconds: 0 };
    await post(`${this.platformUrl}/__local/faults`, { target, path, effect, calls: 1 });
  }

  async customerIoFault(operation: string, fault: object): Promise<void> {
    await post(`${this.customerIoUrl}/__local/faults`, { faults: [{ operation, ...fault }] });
  }

  async close(): Promise<void> {
    for (const part of this.#parts) await part.close();
  }
}

function clientOf(url: string, settings: Partial<Config>): AepClient {
  const config = aepConfig.parse({ ...credential, imsUrl: url, platformUrl: url, ...settings });
  return new AepClient(config, { pollInterval: 1 });
}

async function post(url: string, body: object): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
}
