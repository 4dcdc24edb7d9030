import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const repository = path.resolve(import.meta.dirname, "..");
const run = promisify(execFile);

/** Which stack a command is about. */
export interface StackChoice {
  /** Default: the one that `pulumi stack select` chose. */
  readonly stack?: string | undefined;
  /** The stack's settings in place of `Pulumi.<stack>.yaml`, as the flag of the same name of `pulumi`. */
  readonly configFile?: string | undefined;
}

/** A resource of the stack as Pulumi's state has it. */
export interface StackResource {
  readonly type: string;
  readonly id: string;
  readonly urn: string;
  /** When the engine made or changed it last; undefined if the state doesn't say. */
  readonly modifiedAt: Date | undefined;
  readonly outputs: Readonly<Record<string, unknown>>;
}

const exported = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          type: z.string(),
          urn: z.string(),
          id: z.string().default(""),
          // Replaced already, and about to go.
          delete: z.boolean().default(false),
          outputs: z.record(z.string(), z.unknown()).default({}),
          modified: z.string().optional(),
        }),
      )
      .default([]),
  }),
});
const configuration = z.record(z.string(), z.object({ value: z.string().default("") }));

/** A stack as the plain Pulumi CLI tells of it: what was made, and the settings. */
export class PulumiStack {
  readonly name: string;
  readonly #resources: readonly StackResource[];
  readonly #replaced: readonly StackResource[];
  readonly #settings: Readonly<Record<string, string>>;

  private constructor(
    name: string,
    resources: { readonly current: readonly StackResource[]; readonly replaced: readonly StackResource[] },
    settings: Readonly<Record<string, string>>,
  ) {
    this.name = name;
    this.#resources = resources.current;
    this.#replaced = resources.replaced;
    this.#settings = settings;
  }

  /** Reads state and settings, secrets included; they stay in this process. */
  static async read({ stack, configFile }: StackChoice): Promise<PulumiStack> {
    const choice = stack === undefined ? [] : ["--stack", stack];
    const file = configFile === undefined ? [] : ["--config-file", configFile];
    const [state, settings] = await Promise.all([
      pulumi("stack", "export", ...choice),
      pulumi("config", "--json", "--show-secrets", ...choice, ...file),
    ]);
    const all = exported.parse(JSON.parse(state)).deployment.resources.map(({ modified, ...resource }) => ({
      ...resource,
      modifiedAt: modified ? new Date(modified) : undefined,
    }));
    const resources = {
      current: all.filter((resource) => !resource.delete),
      replaced: all.filter((resource) => resource.delete),
    };
    const values = Object.entries(configuration.parse(JSON.parse(settings))).map(([key, { value }]) => [key, value]);
    const name = resources.current[0]?.urn.split(":")[2] ?? stack;
    if (name === undefined) throw new Error("The stack is empty. Make everything first: npx pulumi up");
    return new PulumiStack(name, resources, Object.fromEntries(values));
  }

  /** The outputs of the program. */
  get outputs(): Readonly<Record<string, unknown>> {
    return this.#resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
  }

  /**
   * An output of the program that is text.
   *
   * @throws if it isn't there, with the command that makes it
   */
  output(name: string): string {
    const value = this.outputs[name];
    if (typeof value === "string" || typeof value === "number") return String(value);
    throw new Error(`The stack ${this.name} has no output ${name} yet. Make it: npx pulumi up --stack ${this.name}`);
  }

  /** Whether events go by way of a relay, or straight from Customer.io to Platform. */
  get hasRelay(): boolean {
    return this.#resources.some(({ type }) => type === "customerio-aep:index:FunctionCode");
  }

  /**
   * The stack's one resource of a type; of several, the one that has this name.
   *
   * @throws if there is none, with the command that makes it
   */
  resource(type: string, name?: string): StackResource {
    const found = this.#resources.find(
      (resource) => resource.type === type && (name === undefined || resource.outputs.name === name),
    );
    if (found) return found;
    const what = name === undefined ? type : `${type} "${name}"`;
    throw new Error(`The stack ${this.name} has no ${what}. Make it: npx pulumi up --stack ${this.name}`);
  }

  /** Resources of a type that have been replaced and are still there, since their deletion failed or is yet to come. */
  replaced(type: string): StackResource[] {
    return this.#replaced.filter((resource) => resource.type === type);
  }

  /** The settings of a provider, such as `aep`, without that prefix. */
  settingsOf(provider: string): Record<string, string> {
    const prefix = `${provider}:`;
    const own = Object.entries(this.#settings).filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]));
  }
}

async function pulumi(...command: string[]): Promise<string> {
  // The repository's own Pulumi first, also where this doesn't run by npm.
  const bin = path.join(repository, "node_modules", ".bin");
  const environment = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ""}` };
  const options = { cwd: repository, env: environment, maxBuffer: 2 ** 28 };
  try {
    return (await run("pulumi", [...command, "--non-interactive", "--color", "never"], options)).stdout;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    const said = stderr?.trim().replace(/^error: /, "") || String(error);
    throw new Error(`Could not read the stack: ${said}`);
  }
}
