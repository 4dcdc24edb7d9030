/** The stack of a command, as in its flags. */
export interface CommandTarget {
  /** Name of the stack; undefined: the one that `pulumi stack select` chose. */
  readonly stack?: string | undefined;
  /** Folder of the Pulumi program, if it is not the operator's working directory. */
  readonly folder?: string | undefined;
  /** File of the stack's settings, if it is not `Pulumi.<stack>.yaml`. */
  readonly configFile?: string | undefined;
  /** The source's name, in a stack with several. */
  readonly source?: string | undefined;
}

/**
 * A command of this package's own CLI, ready to be copied into a shell. Everything that prints one uses this.
 *
 * @param command such as `replay --dry-run`
 */
export function operatorCommand(command: string, { stack, folder, configFile, source }: CommandTarget = {}): string {
  return ["npx customerio-aep", command, ...flags({ stack, cwd: folder, "config-file": configFile, source })].join(" ");
}

/**
 * A command of Pulumi's, ready to be copied into a shell.
 *
 * @param command such as `up --refresh`
 */
export function pulumiCommand(command: string, { stack, folder, configFile }: CommandTarget): string {
  return ["npx pulumi", command, ...flags({ stack, cwd: folder, "config-file": configFile })].join(" ");
}

function flags(values: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${quote(value)}`]));
}

function quote(value: string): string {
  return /^[\w./:@%+=,-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
