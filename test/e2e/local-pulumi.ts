import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Document, isMap, parse, parseDocument } from "yaml";
import { Pulumi } from "../../packages/local-cloud/src/demo/pulumi.ts";
import { decrypt, encrypt, passphraseSalt } from "./secrets.ts";
import { vaultSettings } from "./vault.ts";

type Options = ConstructorParameters<typeof Pulumi>[0];

/** A state in the file that Pulumi keeps of a stack: https://www.pulumi.com/docs/iac/concepts/state-and-backends/#local-filesystem */
interface Checkpoint {
  readonly version: number;
  readonly checkpoint: { readonly stack: string; readonly latest?: Deployment };
}

interface Deployment {
  readonly secrets_providers?: { readonly state?: { readonly salt?: string } };
  readonly resources?: readonly { readonly type: string; readonly outputs?: Record<string, unknown> }[];
}

const repository = path.resolve(import.meta.dirname, "../..");

const leanPrograms = { NODE_OPTIONS: `--require "${path.join(repository, "test/lean-programs.cjs")}"` };

/**
 * The engine writes the whole state before and after each step, which is more than half of the processor time that it needs. Only
 * tests that kill it, or that read the state while it runs, need that: https://www.pulumi.com/docs/iac/cli/environment-variables/
 */
const withoutCheckpoints = { PULUMI_SKIP_CHECKPOINTS: "true" };

/**
 * The same stack, whose settings and state are read and written as files. A command of Pulumi takes as much processor time for that as
 * a third of a preview, for its start and for the key of the secrets, and a test needs dozens.
 */
export class LocalPulumi extends Pulumi {
  readonly #state: string;
  readonly #projectFile: string;
  readonly #configFile: string;
  readonly #keySettings: Record<string, string> | undefined;

  constructor(options: Options) {
    // A folder of executables belongs to a user's project, whose programs run as a user's do, with a passphrase.
    const isUsers = options.bin !== undefined;
    const own = isUsers ? withoutCheckpoints : { ...leanPrograms, ...withoutCheckpoints };
    super({ ...options, environment: { ...own, ...options.environment } });
    const { environment, configFile, program = repository } = options;
    this.#state = path.join(fileURLToPath(String(environment.PULUMI_BACKEND_URL).split("?")[0] ?? ""), ".pulumi");
    this.#projectFile = path.join(program, "Pulumi.yaml");
    // A file in the repository is not changed.
    if (configFile !== undefined) this.#keySettings = isUsers ? { encryptionsalt: passphraseSalt } : vaultSettings;
    this.#configFile = configFile ?? path.join(program, `Pulumi.${options.stack}.yaml`);
  }

  override async initialize(): Promise<string> {
    const project = await this.#project();
    await mkdir(path.join(this.#state, "stacks", project), { recursive: true });
    await writeFile(path.join(this.#state, "meta.yaml"), "version: 1\n");
    const stack = `organization/${project}/${this.stack}`;
    await writeFile(
      await this.#stateFile(),
      JSON.stringify({ version: 3, checkpoint: { stack } } satisfies Checkpoint),
    );
    if (this.#keySettings === undefined) return "";
    const settings = await this.#settings();
    settings.delete("encryptionsalt");
    // First, as Pulumi writes them: a test may append to `config`, which is last.
    const pairs = Object.entries(this.#keySettings).map(([name, value]) => settings.createPair(name, value));
    if (isMap(settings.contents)) settings.contents.items.unshift(...pairs);
    await this.#write(settings);
    return "";
  }

  override configure(key: string, value: string, ...flags: "--path"[]): Promise<string> {
    return this.#configure(key, flags.length > 0 ? scalarOf(value) : value, flags.length > 0);
  }

  override configureSecret(key: string, value: string): Promise<string> {
    return this.#configure(key, { secure: encrypt(value) }, false);
  }

  override async unconfigure(key: string): Promise<string> {
    const settings = await this.#settings();
    settings.deleteIn(["config", await this.#fullKey(key)]);
    await this.#write(settings);
    return "";
  }

  override async outputs(): Promise<Record<string, unknown>> {
    const { resources = [], secrets_providers: secrets } = (await this.#checkpoint()).checkpoint.latest ?? {};
    const { outputs = {} } = resources.find(({ type }) => type === "pulumi:pulumi:Stack") ?? {};
    return reveal(outputs, secrets?.state?.salt) as Record<string, unknown>;
  }

  override async exportState(): Promise<string> {
    const { version, checkpoint } = await this.#checkpoint();
    return JSON.stringify({ version, deployment: checkpoint.latest ?? {} }, null, 4);
  }

  async #stateFile(): Promise<string> {
    return path.join(this.#state, "stacks", await this.#project(), `${this.stack}.json`);
  }

  /** The state, which an engine may be writing. */
  async #checkpoint(): Promise<Checkpoint> {
    const file = await this.#stateFile();
    for (let attempt = 1; ; attempt++) {
      try {
        return JSON.parse(await readFile(file, "utf8")) as Checkpoint;
      } catch (error) {
        if (attempt === 50) throw error;
        await wait(20);
      }
    }
  }

  async #settings(): Promise<Document> {
    const settings = parseDocument(await readFile(this.#configFile, "utf8").catch(() => ""));
    return isMap(settings.contents) ? settings : new Document({});
  }

  async #configure(key: string, value: unknown, isPath: boolean): Promise<string> {
    const settings = await this.#settings();
    const [name = "", ...steps] = isPath ? key.split(/[.[\]]+/).filter(Boolean) : [key];
    const keys = steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    settings.setIn(["config", await this.#fullKey(name), ...keys], value);
    await this.#write(settings);
    return "";
  }

  async #write(settings: Document): Promise<void> {
    await writeFile(this.#configFile, settings.toString({ lineWidth: 0 }));
  }

  async #project(): Promise<string> {
    return (parse(await readFile(this.#projectFile, "utf8")) as { name: string }).name;
  }

  async #fullKey(key: string): Promise<string> {
    return key.includes(":") ? key : `${await this.#project()}:${key}`;
  }
}

/** A value in a path, as `pulumi config set --path` takes it. */
function scalarOf(value: string): string | number | boolean {
  if (value === "true" || value === "false") return value === "true";
  return /^(0|[1-9]\d*)$/.test(value) ? Number(value) : value;
}

/** Marks a secret in a state: https://www.pulumi.com/docs/iac/concepts/secrets/ */
const secretMark = ["4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"] as const;

function reveal(value: unknown, of: string | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => reveal(item, of));
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  const [name, mark] = secretMark;
  if (fields[name] === mark) return JSON.parse(decrypt(String(fields.ciphertext), of));
  return Object.fromEntries(Object.entries(fields).map(([key, item]) => [key, reveal(item, of)]));
}
