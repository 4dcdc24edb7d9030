import { z } from "zod";
import type { Progress } from "../output/progress.ts";
import type { StackSource } from "../stack/source.ts";
import type { Ending } from "./exit-codes.ts";

/** One option of a command. */
export interface OptionDefinition<Schema extends z.ZodType = z.ZodType> {
  /** Placeholder for its value in help, such as `number`; absent: the option is a switch. */
  readonly value?: string;
  /** One letter. */
  readonly short?: string;
  readonly description: string;
  /** Parses the given text, or true for a switch. Help shows its default and its allowed values. */
  readonly schema: Schema;
}

/** Options by their names, without the dashes. */
export type OptionTable = Readonly<Record<string, OptionDefinition>>;

/** The parsed values for a table of options. */
export type ValuesOf<Options extends OptionTable> = {
  readonly [Name in keyof Options]: z.output<Options[Name]["schema"]>;
};

/** What a command gets to do its work. */
export interface CommandContext {
  /** Prints lines for people; with `--json`, nothing. */
  readonly print: (...lines: string[]) => void;
  /** With `--json`, prints a document in a line of its own, if the command has a `jsonLine`. */
  readonly printJson: (document: object) => void;
  readonly progress: Progress;
  /** Whether standard output is for JSON. */
  readonly isJson: boolean;
  /** Whether the stack has more sources than this one. */
  readonly isOneOfSeveral: boolean;
  /** Aborted by Ctrl-C if the command sets `stopsInOrder`. */
  readonly signal: AbortSignal;
}

/** How the work for one source ended. */
interface CommandResult<Json> {
  readonly ending: Ending;
  /** The result in `--json`. */
  readonly json: Json;
}

/** The parts of any command from which help, completion and the reference page are generated. */
interface DescribedCommand<Options extends OptionTable, Json extends z.ZodType> {
  readonly name: string;
  /** A phrase that begins with a verb, without a full stop. */
  readonly summary: string;
  /** Further sentences for operators. */
  readonly description: string;
  readonly options: Options;
  /** What is not finished if it ends with exit code 3, as a sentence without a full stop; absent: it never ends so. */
  readonly waiting?: string;
  readonly examples: readonly { readonly args: string; readonly shows: string }[];
  /** What `--json` prints, for each source if the command is about sources. */
  readonly json: Json;
}

/**
 * A command about the sources of an existing stack. Parsing, help, completion and the reference page are generated from
 * it.
 */
export interface CommandDefinition<Options extends OptionTable = OptionTable, Json extends z.ZodType = z.ZodType>
  extends DescribedCommand<Options, Json> {
  /** Whether it needs the stack's secrets, such as the vendors' credentials. */
  readonly needsSecrets: boolean;
  /** Whether it needs a relay's storage; sources without one, from which Customer.io posts straight to Platform, are skipped. */
  readonly needsStorage: boolean;
  /** Whether it finishes the work under way after Ctrl-C. */
  readonly stopsInOrder: boolean;
  /** Why it can't handle several sources, as the end of a sentence about them; default: it handles all. */
  readonly oneSourceReason?: string;
  /** Whether it handles all sources at the same time, since it never ends by itself for one; default: one after the other. */
  runsAtOnce?(values: ValuesOf<Options>): boolean;
  /**
   * For a command that keeps running: `--json` prints documents of this kind as they occur, one per line, instead of
   * one at the end.
   */
  readonly jsonLine?: z.ZodType;
  /**
   * Checks the options as a whole, before anything is read.
   *
   * @throws UsageError
   */
  check?(values: ValuesOf<Options>): Promise<void> | void;
  /**
   * Checks the options against the chosen sources, before anything is done for any of them.
   *
   * @throws UsageError
   */
  checkSources?(values: ValuesOf<Options>, sources: readonly StackSource[], signal: AbortSignal): Promise<void> | void;
  /** Does the work for one source. */
  run(source: StackSource, values: ValuesOf<Options>, context: CommandContext): Promise<CommandResult<z.output<Json>>>;
}

/** A command that needs no stack, such as the one that creates it. */
export interface ProjectCommandDefinition<Options extends OptionTable = OptionTable, Json extends z.ZodType = z.ZodType>
  extends DescribedCommand<Options, Json> {
  /** Does the work in the folder of a program. */
  runInProject(
    values: ValuesOf<Options> & ProjectValues,
    context: Pick<CommandContext, "print" | "progress">,
  ): Promise<CommandResult<z.output<Json>>>;
}

export type AnyCommand = CommandDefinition | ProjectCommandDefinition;

/** Returns the definition unchanged; it infers the types of `run` from the table of options. */
export function defineCommand<const Options extends OptionTable, Json extends z.ZodType>(
  definition: CommandDefinition<Options, Json>,
): CommandDefinition<Options, Json> {
  return definition;
}

/** The same for a command that needs no stack. */
export function defineProjectCommand<const Options extends OptionTable, Json extends z.ZodType>(
  definition: ProjectCommandDefinition<Options, Json>,
): ProjectCommandDefinition<Options, Json> {
  return definition;
}

/** The options that every command has. The first two are Pulumi's own. */
export const sharedOptions = {
  stack: {
    value: "stack",
    short: "s",
    description: "the stack; without it, the one that `npx pulumi stack select` chose",
    schema: z.string().optional(),
  },
  "config-file": {
    value: "file",
    description: "the stack's settings, instead of Pulumi.<stack>.yaml",
    schema: z.string().optional(),
  },
  cwd: {
    value: "folder",
    short: "C",
    description: "the folder of the Pulumi program; without it, the current one",
    schema: z.string().optional(),
  },
  source: {
    value: "name",
    description: "one source of a stack with several; without it, all of them",
    schema: z.string().optional(),
  },
  json: {
    description: "print only JSON, which the reference describes",
    schema: z.boolean().default(false),
  },
  debug: {
    description: "write the stack trace of an error, each HTTP call and each Pulumi command to standard error",
    schema: z.boolean().default(false),
  },
} as const satisfies OptionTable;

export type SharedValues = ValuesOf<typeof sharedOptions>;

/** The values of the shared options without `--source`, which only an existing stack can have. */
type ProjectValues = Omit<SharedValues, "source">;
