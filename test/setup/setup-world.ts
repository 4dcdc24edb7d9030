import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text as textOf } from "node:stream/consumers";
import { Progress } from "../../cli/output/progress.ts";
import { type SetupWishes, setUp } from "../../cli/setup/set-up.ts";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import {
  type PlatformStandIn,
  type PlatformSwitches,
  startPlatform,
} from "../../packages/local-cloud/src/platform/platform.ts";
import { startTestAzure, type TestAzure } from "../../packages/local-cloud/test/azure/support.ts";
import { FakePulumi } from "./fake-pulumi.ts";
import type { ScriptedPrompter } from "./scripted-prompter.ts";

const { tenantId, ...credentials } = localCredentials.platform;
const { appApiKey, signingKey } = localCredentials.customerIo;
const program = 'import { CustomerIoSource, StackSettings } from "customerio-aep";\n';
const before = { ...process.env };

/** The services that a setup asks, and a folder for its project. */
export class SetupWorld {
  /** Of the current test. */
  folder = "";
  #platform: PlatformStandIn | undefined;
  #customerIo: CustomerIoStandIn | undefined;
  #azure: TestAzure | undefined;
  readonly #workspaces: readonly string[];

  /** @param workspaces names of Customer.io's; the App API key belongs to the first */
  constructor(...workspaces: string[]) {
    this.#workspaces = workspaces;
  }

  async start(): Promise<void> {
    this.#azure = await startTestAzure();
    const workspaces = this.#workspaces.map((name, index) => ({
      name,
      signingKey,
      appApiKey: index === 0 ? appApiKey : `${appApiKey}-${index}`,
    }));
    this.#customerIo = await startCustomerIo({ workspaces });
  }

  async stop(): Promise<void> {
    await this.#customerIo?.close();
    await this.#azure?.stop();
  }

  async beginTest(): Promise<void> {
    this.folder = await mkdtemp(path.join(tmpdir(), "setup-"));
    const { armUrl, identityEndpoint, identityHeader } = this.#azure?.azure ?? {};
    Object.assign(process.env, {
      PULUMI_CONFIG_PASSPHRASE: "a passphrase",
      CUSTOMERIO_APP_API_URL: this.#customerIo?.url,
      AZURE_RESOURCE_MANAGER_URL: armUrl,
      ARM_USE_MSI: "true",
      IDENTITY_ENDPOINT: identityEndpoint,
      IDENTITY_HEADER: identityHeader,
    });
    await this.usePlatform();
  }

  async endTest(): Promise<void> {
    await this.#platform?.close();
    this.#platform = undefined;
    process.env = { ...before };
    await rm(this.folder, { recursive: true });
  }

  get platformUrl(): string | undefined {
    return this.#platform?.url;
  }

  /** Restarts Platform, with other switches. */
  async usePlatform(switches: Partial<PlatformSwitches> = {}): Promise<void> {
    await this.#platform?.close();
    this.#platform = await startPlatform({ credentials, tenantId, sandboxes: ["prod", "dev"], switches });
    Object.assign(process.env, { AEP_PLATFORM_URL: this.#platform.url, AEP_IMS_URL: this.#platform.url });
  }

  /** A project like this repository's, with the real `pulumi`. */
  async makeProject(): Promise<void> {
    await writeFile(path.join(this.folder, "Pulumi.yaml"), "name: events\nruntime: nodejs\n");
    await writeFile(path.join(this.folder, "index.ts"), program);
  }

  /** The same with a fake `pulumi`. */
  async project(world: Parameters<typeof FakePulumi.install>[1] = {}): Promise<FakePulumi> {
    await this.makeProject();
    return FakePulumi.install(this.folder, world);
  }

  /** An empty folder with a fake `pulumi` and a fake `npm`, which runs this script. */
  async emptyFolder(
    script: string,
    world: Parameters<typeof FakePulumi.install>[1] = {},
    manager = "npm",
  ): Promise<FakePulumi> {
    const pulumi = await FakePulumi.install(this.folder, world);
    const bin = path.join(this.folder, "node_modules/.bin");
    await writeFile(path.join(bin, manager), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    process.env.PATH = `${bin}:${process.env.PATH}`;
    return pulumi;
  }

  wishes(changes: Partial<SetupWishes> = {}): SetupWishes {
    return {
      folder: this.folder,
      stack: undefined,
      configFile: undefined,
      template: undefined,
      backend: undefined,
      skipsPreview: false,
      options: {},
      isQuiet: true,
      ...changes,
    };
  }

  /** Runs a setup, with what it prints. */
  async run(prompter: ScriptedPrompter | undefined, changes: Partial<SetupWishes> = {}) {
    const lines: string[] = [];
    const print = (...more: string[]) => void lines.push(...more);
    const ports = { prompter, environment: process.env, print, progress: new Progress(undefined) };
    const result = await setUp(this.wishes(changes), ports);
    return { result, printed: lines.join("\n") };
  }

  /** Runs the program itself in the project, without a terminal. @returns its exit code, and what it prints */
  async runProgram(...args: string[]): Promise<[number | null, string]> {
    const program = path.join(__dirname, "../../bin/customerio-aep.js");
    const child = spawn(process.execPath, [program, ...args], {
      cwd: this.folder,
      env: process.env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    const [printed, code] = await Promise.all([textOf(child.stdout as NodeJS.ReadableStream), ended]);
    return [code, printed];
  }
}

export const adobe = [
  [/client id/, credentials.clientId],
  [/client secret/, credentials.clientSecret],
  [/organization id/, credentials.orgId],
] as const;

/** Answers to all questions about settings. */
export const everything = [
  [/^Stack/, "dev"],
  ...adobe,
  [/sandbox/, "dev"],
  [/dataset$/, "Create one (recommended)"],
  [/schema/, "Create one (recommended)"],
  [/App API key/, appApiKey],
  [/Delivery/, "relay"],
  [/Azure: region/, "westeurope"],
  [/purpose/, "dev"],
  [/E-mail/, "oncall@example.org"],
  [/Write them/, true],
] as const;

/** The settings that these answers make. */
export const written = {
  "aep:clientId": credentials.clientId,
  "aep:clientSecret": `[secret] ${credentials.clientSecret}`,
  "aep:orgId": credentials.orgId,
  "aep:sandbox": "dev",
  "customerio:appApiKey": `[secret] ${appApiKey}`,
  "customerio:region": "us",
  delivery: "relay",
  "azure-native:subscriptionId": localCredentials.azure.subscriptionId,
  "azure-native:location": "westeurope",
  environment: "dev",
  "alertEmails[0]": "oncall@example.org",
};

/** Gives the credentials by environment variables. */
export function giveCredentials(): void {
  Object.assign(process.env, {
    AEP_CLIENT_ID: credentials.clientId,
    AEP_CLIENT_SECRET: credentials.clientSecret,
    AEP_ORG_ID: credentials.orgId,
    CUSTOMERIO_APP_API_KEY: appApiKey,
  });
}
