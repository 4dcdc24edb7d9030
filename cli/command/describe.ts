import { z } from "zod";
import type { AnyCommand, OptionDefinition, OptionTable, ProjectCommandDefinition } from "./definition.ts";
import { sharedOptions } from "./definition.ts";

/** An option as help and the reference show it. */
export interface ShownOption {
  readonly name: string;
  /** As typed on the command line: `-s, --stack <stack>`. */
  readonly flags: string;
  readonly description: string;
  /** Allowed values, if they are few and known. */
  readonly choices: readonly string[];
  readonly default: string | undefined;
  readonly isRequired: boolean;
}

/** The command's own options first, then those that every command has. */
export function optionsOf(definition: AnyCommand): OptionTable {
  const { source, ...others } = sharedOptions;
  if (isProjectCommand(definition)) return { ...definition.options, ...others };
  const description =
    definition.oneSourceReason === undefined ? source.description : "the source, if the stack has several";
  return { ...definition.options, ...sharedOptions, source: { ...source, description } };
}

export function isProjectCommand(definition: AnyCommand): definition is ProjectCommandDefinition {
  return "runInProject" in definition;
}

export function describeOption(name: string, option: OptionDefinition): ShownOption {
  const long = `--${name}${option.value === undefined ? "" : ` <${option.value}>`}`;
  const given = option.schema.safeParse(undefined);
  const fallback =
    given.success && option.value !== undefined && given.data !== undefined ? String(given.data) : undefined;
  return {
    name,
    description: option.description,
    choices: choicesOf(option.schema),
    default: fallback,
    flags: option.short === undefined ? long : `-${option.short}, ${long}`,
    isRequired: !given.success,
  };
}

function choicesOf(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return choicesOf(schema.unwrap() as z.ZodType);
  return schema instanceof z.ZodEnum ? schema.options.map(String) : [];
}

/** Whether `--json` prints documents as they come, one a line. */
export function printsLines(definition: AnyCommand): boolean {
  return !isProjectCommand(definition) && definition.jsonLine !== undefined;
}

/** What `--json` prints: the whole document, or one line of a command that prints them as they come. */
export function documentOf(definition: AnyCommand): z.ZodType {
  if (isProjectCommand(definition)) return definition.json;
  if (definition.jsonLine !== undefined) return definition.jsonLine;
  return z.object({
    stack: z.string().describe("name of the stack"),
    sources: z.array(
      z.object({
        source: z.string().describe("name of the component, or of the webhook if the source is not a component"),
        ending: z.enum(["well", "waiting", "broken", "interrupted"]).describe("see the exit codes"),
        error: z.string().optional().describe("why the command failed for this source; then there is no result"),
        result: (definition.json as z.ZodType).optional(),
      }),
    ),
  });
}

/** What `--json` prints if the stack can't be read or the command line is invalid. */
export const failureDocument = z.object({
  source: z.string().optional().describe("only of `tail`: the source that failed, if the stack has several"),
  error: z.string(),
});
