import { pulumiCommand } from "../../relay/core/operator-command.ts";
import { requireNamedFile } from "../command/read-named-file.ts";
import { UsageError } from "../command/usage-error.ts";
import { findSources } from "./find-sources.ts";
import { nameSettingsFile } from "./settings-file.ts";
import { showStack } from "./show-stack.ts";
import { StackSource } from "./source.ts";

/** Which stack a command is about. */
export interface StackChoice {
  /** Default: the one that `pulumi stack select` chose. */
  readonly stack?: string | undefined;
  /** The stack's settings instead of `Pulumi.<stack>.yaml`, like `pulumi`'s flag of the same name. */
  readonly configFile?: string | undefined;
  /** Folder of the program; default: the current one. */
  readonly folder?: string | undefined;
  /** Whether secrets are read in plain text. They stay in this process. */
  readonly secrets: boolean;
}

/** A stack of any program, as the plain Pulumi CLI describes it. */
export class PulumiStack {
  readonly name: string;
  /** Sorted by name; at least one. */
  readonly sources: readonly StackSource[];

  private constructor(name: string, sources: readonly StackSource[]) {
    this.name = name;
    this.sources = sources;
  }

  /** @throws if the stack can't be read, or has no source */
  static async read({ stack, configFile, folder, secrets }: StackChoice): Promise<PulumiStack> {
    if (configFile !== undefined) await requireNamedFile("--config-file", configFile);
    const given = { stack, folder, configFile: nameSettingsFile(folder, configFile) };
    const { resources, settings } = await showStack(given, { secrets });
    const name = resources[0]?.urn.split(":")[2] ?? stack;
    const make = pulumiCommand("up", given);
    if (name === undefined) throw new Error(`The stack is empty. First create everything: ${make}`);
    const found = findSources(resources);
    if (found.length === 0) {
      throw new Error(
        `The stack ${name} has no Customer.io source: neither a component CustomerIoSource nor a ReportingWebhook. To create it: ${make}`,
      );
    }
    const configured = Object.entries(settings);
    const values = configured.map(([key, { value = "" }]) => [key, value]);
    const secretSettings = new Set(configured.flatMap(([key, { secret }]) => (secret ? [key] : [])));
    const providers = new Map(
      resources.filter(({ type }) => type.startsWith("pulumi:providers:")).map((provider) => [provider.urn, provider]),
    );
    // The name that the user gave, since other backends prefix it with an organization.
    const target = { ...given, stack: stack ?? name };
    const sources = found.map(
      (parts) =>
        new StackSource({
          ...parts,
          providers,
          settings: Object.fromEntries(values),
          secretSettings,
          target: found.length === 1 ? target : { ...target, source: parts.name },
        }),
    );
    return new PulumiStack(name, sources);
  }

  /**
   * The chosen sources.
   *
   * @param name undefined: all
   * @throws UsageError if no source has that name
   */
  choose(name: string | undefined): readonly StackSource[] {
    if (name === undefined) return this.sources;
    const chosen = this.sources.filter((source) => source.name === name);
    if (chosen.length > 0) return chosen;
    const names = this.sources.map((source) => source.name).join(", ");
    throw new UsageError(`--source is invalid: the stack ${this.name} has no source ${name}. It has: ${names}`);
  }
}
