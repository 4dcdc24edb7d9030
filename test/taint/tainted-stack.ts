import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Pulumi } from "../../packages/local-cloud/src/demo/pulumi.ts";
import { type LocalStack, repository, startLocalStack } from "../e2e/local-stack.ts";
import { makePulumiHome } from "../engine/pulumi-home.ts";
import { type Gatekeeper, startAdobe, startCustomerIo, startIdentity } from "./gatekeeper.ts";

/** The engine's most verbose options. */
const talkative = ["--logtostderr", "-v=9"];

/** Variables of the process's environment that a tainted stack changes. */
type Surroundings = Readonly<Record<"TMPDIR" | "PULUMI_HOME", string | undefined>>;

export interface WrittenFile {
  readonly path: string;
  readonly content: Buffer;
}

/** A stack in a local cloud, with new secrets and all of its traces kept. */
export class TaintedStack {
  readonly stack: LocalStack;
  readonly adobe: Gatekeeper;
  readonly customerIo: Gatekeeper;
  readonly identity: Gatekeeper;
  readonly pulumi: Pulumi;
  /** The commands' output and errors. */
  readonly printed: string[] = [];
  readonly #grpcLog: string;
  readonly #folder: string;
  readonly #before: Surroundings;
  readonly #startedAt = Date.now();

  private constructor(
    stack: LocalStack,
    [adobe, customerIo, identity]: readonly [Gatekeeper, Gatekeeper, Gatekeeper],
    folder: string,
    before: Surroundings,
  ) {
    this.stack = stack;
    this.adobe = adobe;
    this.customerIo = customerIo;
    this.identity = identity;
    this.#folder = folder;
    this.#before = before;
    this.#grpcLog = path.join(folder, "grpc.json");
    this.pulumi = stack.pulumiWith({
      AEP_PLATFORM_URL: adobe.url,
      AEP_IMS_URL: adobe.url,
      CUSTOMERIO_APP_API_URL: customerIo.url,
      IDENTITY_ENDPOINT: `${identity.url}/msi/token`,
      PULUMI_DEBUG_GRPC: this.#grpcLog,
      // Without a network, the engine's attempts to reach it would take longer than everything else.
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    });
  }

  /** Temporary files and Pulumi's own are in a separate folder, so that everything left behind in it counts. */
  static async start(clientSecret: string, appApiKey: string): Promise<TaintedStack> {
    const folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-taint-"));
    const { TMPDIR, PULUMI_HOME } = process.env;
    process.env.PULUMI_HOME = await makePulumiHome({ parent: folder, logs: true });
    process.env.TMPDIR = folder;
    const stack = await startLocalStack({ checkpoints: true, byCommands: true });
    await stack.allowDeletingRows();
    const { environment } = stack.cloud;
    const gatekeepers = [
      await startAdobe(environment.AEP_PLATFORM_URL ?? "", clientSecret),
      await startCustomerIo(environment.CUSTOMERIO_APP_API_URL ?? "", appApiKey),
      await startIdentity(new URL(environment.IDENTITY_ENDPOINT ?? "").origin),
    ] as const;
    return new TaintedStack(stack, gatekeepers, folder, { TMPDIR, PULUMI_HOME });
  }

  /** Runs a verbose command that must succeed. */
  async run(...command: string[]): Promise<string> {
    const output = await this.pulumi.run(...command, ...this.#flags());
    this.printed.push(output);
    return output;
  }

  /** Runs a verbose command that must fail, and returns its output. */
  async fail(...command: string[]): Promise<string> {
    const log = path.join(path.dirname(this.stack.cloud.logFile), "pulumi.log");
    const { length } = await readFile(log);
    const error = await this.pulumi.run(...command, ...this.#flags()).then(
      () => undefined,
      (reason: Error) => reason.message,
    );
    if (error === undefined) throw new Error(`pulumi ${command.join(" ")} should have failed.`);
    this.printed.push(error);
    return (await readFile(log)).subarray(length).toString();
  }

  /** Rotates the key with which Customer.io signs. */
  async newSigningKey(): Promise<string> {
    const url = `${this.stack.cloud.environment.CUSTOMERIO_APP_API_URL}/__local/signing-key/rotate`;
    const answer = await fetch(url, { method: "POST" });
    return ((await answer.json()) as { signingKey: string }).signingKey;
  }

  grpcLog(): Promise<string> {
    return readFile(this.#grpcLog, "utf8");
  }

  /** Processes of the local cloud in Azure's stand-in. */
  async processes(): Promise<{ kind: string; pid: number }[]> {
    const answer = await fetch(`${this.stack.cloud.environment.AZURE_RESOURCE_MANAGER_URL}/__local/census`);
    return ((await answer.json()) as { processes: { kind: string; pid: number }[] }).processes;
  }

  /**
   * All files that the run may have written: logs, state with its backups and history, what is left in the temporary folder, with
   * Pulumi's own folder in it, and this repository; without the gRPC log, which has rules of its own.
   */
  async files(): Promise<WrittenFile[]> {
    const found = (await Promise.all([this.#folder, repository].map((folder) => this.#filesIn(folder)))).flat();
    const files = found.map(async (file) => {
      const content = await unlessGone(readFile(file));
      return content && { path: file, content };
    });
    return (await Promise.all(files)).filter((file) => file !== undefined);
  }

  async stop(): Promise<void> {
    await Promise.all([this.adobe.close(), this.customerIo.close(), this.identity.close()]);
    await this.stack.stop();
    for (const [name, value] of Object.entries(this.#before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  #flags(): string[] {
    return [
      "--stack",
      "local",
      "--config-file",
      path.join(path.dirname(this.stack.cloud.logFile), "Pulumi.local.yaml"),
      ...talkative,
    ];
  }

  async #filesIn(folder: string): Promise<string[]> {
    const entries = (await unlessGone(readdir(folder, { withFileTypes: true }))) ?? [];
    const files = entries.map(async (entry): Promise<string[]> => {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) return ["node_modules", ".git"].includes(entry.name) ? [] : this.#filesIn(full);
      if (!entry.isFile() || full === this.#grpcLog) return [];
      const found = await unlessGone(stat(full));
      return found && found.mtimeMs >= this.#startedAt ? [full] : [];
    });
    return (await Promise.all(files)).flat();
  }
}

/** Undefined if a file or folder was deleted meanwhile: engines of other tests delete old logs and temporary files. */
async function unlessGone<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
