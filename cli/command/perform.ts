import { z } from "zod";
import { asInterruption, Interruption, stopOnInterrupt } from "../interrupt.ts";
import { showAskedWaits } from "../output/asked-waits.ts";
import { Progress } from "../output/progress.ts";
import { terminalText } from "../output/terminal-text.ts";
import { PulumiStack } from "../stack/pulumi-stack.ts";
import type { StackSource } from "../stack/source.ts";
import { logCalls, reportError, reportOf, reportTraces } from "./debug.ts";
import type {
  AnyCommand,
  CommandContext,
  CommandDefinition,
  OptionTable,
  ProjectCommandDefinition,
  SharedValues,
} from "./definition.ts";
import { describeOption, isProjectCommand, optionsOf, printsLines } from "./describe.ts";
import { type Ending, exitCodes, worstEnding } from "./exit-codes.ts";
import { UsageError } from "./usage-error.ts";

type Values = SharedValues & Readonly<Record<string, unknown>>;

/** The result for one source, as `--json` prints it. */
interface SourceOutcome {
  readonly source: string;
  readonly ending: Ending;
  readonly error?: string;
  readonly result?: unknown;
}

/**
 * Runs a command, for each chosen source if it is about sources.
 *
 * @param given the options as they were written
 * @returns the exit code
 */
export async function performCommand(
  definition: AnyCommand,
  given: Readonly<Record<string, unknown>>,
): Promise<number> {
  const isJson = given.json === true;
  const isDebug = given.debug === true;
  const endLog = isDebug ? logCalls() : undefined;
  try {
    const values = valuesOf(definition, given);
    const progress = new Progress(isJson ? undefined : process.stderr);
    return await showAskedWaits(process.stderr, () =>
      isProjectCommand(definition)
        ? performInProject(definition, { values, progress })
        : performOnStack(definition, { values, progress }),
    );
  } catch (error) {
    if (isJson) (printsLines(definition) ? printJsonLine : printJson)({ error: reportOf(error) });
    reportFailure(error, { print: printerOf({ json: isJson }), isJson, isDebug });
    return exitCodes[error instanceof UsageError ? "usage" : endingAfter(error)].code;
  } finally {
    endLog?.();
  }
}

/** For people: why a command, or its work for a source, has no result. With `--json` and `--debug`, only the stack traces. */
function reportFailure(
  failure: unknown,
  {
    print,
    isJson,
    isDebug,
    source,
  }: { print: CommandContext["print"]; isJson: boolean; isDebug: boolean; source?: string | undefined },
): void {
  const isStop = failure instanceof Interruption;
  if (isStop) print(failure.message);
  const error = isStop ? failure.cause : failure;
  if (isStop && !(isDebug && error !== undefined)) return;
  if (!isJson) reportError(error, isDebug, source);
  else if (isDebug) reportTraces(error);
}

function endingAfter(error: unknown): "interrupted" | "broken" {
  return error instanceof Interruption ? "interrupted" : "broken";
}

async function performOnStack(
  definition: CommandDefinition,
  { values, progress }: { values: Values; progress: Progress },
): Promise<number> {
  await definition.check?.(values);
  const stack = await progress.showWhile("reading the stack", readStack(values, definition));
  const outcomes = await performAll(definition, { values, stack, progress });
  if (values.json && !printsLines(definition)) printJson({ stack: stack.name, sources: outcomes });
  return exitCodes[worstEnding(outcomes.map(({ ending }) => ending))].code;
}

async function performInProject(
  definition: ProjectCommandDefinition,
  { values, progress }: { values: Values; progress: Progress },
): Promise<number> {
  const { ending, json } = await definition.runInProject(values, { print: printerOf(values), progress });
  if (values.json) printJson(json as object);
  return exitCodes[ending].code;
}

/** Prints lines for people; with `--json`, nothing. */
function printerOf({ json }: Pick<Values, "json">): (...lines: string[]) => void {
  return (...lines) => {
    if (!json) process.stdout.write(`${terminalText(lines.join("\n"))}\n`);
  };
}

async function performAll(
  definition: CommandDefinition,
  { values, stack, progress }: { values: Values; stack: PulumiStack; progress: Progress },
): Promise<SourceOutcome[]> {
  const sources = chooseSources(definition, values, stack);
  const stop = definition.stopsInOrder ? stopOnInterrupt() : undefined;
  const context: CommandContext = {
    progress,
    signal: stop?.signal ?? new AbortController().signal,
    isOneOfSeveral: stack.sources.length > 1,
    isJson: values.json,
    print: printerOf(values),
    printJson: (document) => {
      if (values.json && printsLines(definition)) printJsonLine(document);
    },
  };
  const work = { sources, values, context };
  try {
    await definition.checkSources?.(values, sources, context.signal);
    return definition.runsAtOnce?.(values) && sources.length > 1
      ? await performAtOnce(definition, work)
      : await performInTurn(definition, work);
  } catch (error) {
    throw asInterruption(error, context.signal);
  } finally {
    stop?.done();
  }
}

/** What a command does for the chosen sources. */
interface Work {
  readonly sources: readonly StackSource[];
  readonly values: Values;
  readonly context: CommandContext;
}

async function performInTurn(definition: CommandDefinition, work: Work): Promise<SourceOutcome[]> {
  const { sources, context } = work;
  const outcomes: SourceOutcome[] = [];
  for (const source of sources) {
    if (context.isOneOfSeveral) context.print(...(outcomes.length > 0 ? [""] : []), `Source ${source.name}`);
    outcomes.push(await performOne(definition, source, work));
    if (context.signal.aborted) break;
  }
  return outcomes;
}

/** Each line begins with the name of the source, since those of all sources are mixed. */
function performAtOnce(definition: CommandDefinition, { sources, values, context }: Work): Promise<SourceOutcome[]> {
  const printFor = (source: StackSource): CommandContext["print"] => {
    return (...lines) => context.print(...lines.map((line) => `${source.name}  ${line}`));
  };
  return Promise.all(
    sources.map((source) =>
      performOne(definition, source, { sources, values, context: { ...context, print: printFor(source) } }),
    ),
  );
}

/**
 * If one of several sources fails, the command still handles the others, and keeps their results.
 *
 * @throws what the command threw, if the stack has one source; a UsageError also if only one source was chosen
 */
async function performOne(
  definition: CommandDefinition,
  source: StackSource,
  { sources, values, context }: Work,
): Promise<SourceOutcome> {
  try {
    const { ending, json } = await definition.run(source, values, context);
    return { source: source.name, ending, result: json };
  } catch (thrown) {
    const failure = asInterruption(thrown, context.signal);
    if (!context.isOneOfSeveral || (sources.length === 1 && failure instanceof UsageError)) throw failure;
    const named = definition.runsAtOnce?.(values) ? source.name : undefined;
    const error = reportOf(failure);
    if (values.json && printsLines(definition)) printJsonLine({ source: source.name, error });
    reportFailure(failure, { print: context.print, isJson: values.json, isDebug: values.debug, source: named });
    return { source: source.name, ending: endingAfter(failure), error };
  }
}

function chooseSources(definition: CommandDefinition, values: Values, stack: PulumiStack): readonly StackSource[] {
  const chosen = stack.choose(values.source);
  const sources = definition.needsStorage ? chosen.filter(({ hasStorage }) => hasStorage) : chosen;
  if (sources.length === 0) {
    throw new Error(
      `The stack ${stack.name} has no relay${values.source === undefined ? "" : ` for ${values.source}`}: Customer.io posts straight to ` +
        `Platform, so there is nothing for ${definition.name} to do.`,
    );
  }
  if (sources.length > 1 && definition.oneSourceReason !== undefined) {
    const names = sources.map(({ name }) => name).join(", ");
    throw new UsageError(
      `--source is missing: the stack ${stack.name} has several sources, and ${definition.oneSourceReason}. Choose one: ${names}`,
    );
  }
  return sources;
}

function readStack(values: Values, { needsSecrets: secrets }: CommandDefinition): Promise<PulumiStack> {
  return PulumiStack.read({
    stack: values.stack,
    configFile: values["config-file"],
    folder: values.cwd,
    secrets,
  });
}

function valuesOf(definition: AnyCommand, given: Readonly<Record<string, unknown>>): Values {
  const table = optionsOf(definition);
  const options = Object.entries(table);
  // As from a variable that is not set: to Pulumi, an empty name of a stack means the selected one, and an empty filter selects everything.
  const empty = options.find(([name]) => given[name] === "");
  if (empty !== undefined) throw new UsageError(`--${empty[0]} is invalid: it is empty`);
  const schema = z.object(Object.fromEntries(options.map(([name, option]) => [name, option.schema])));
  const parsed = schema.safeParse(given, { error: (issue) => complaintAbout(issue, table) });
  if (parsed.success) return parsed.data as Values;
  const missing = options
    .map(([name, option]) => describeOption(name, option))
    .filter(({ name, isRequired }) => isRequired && given[name] === undefined)
    .map(({ name, flags, description }) => `--${name} is missing. Add ${flags}: ${description}`);
  if (missing.length > 0) throw new UsageError(missing.join("\n"));
  const [issue] = parsed.error.issues;
  throw new UsageError(`--${issue?.path.join(".")} is invalid: ${issue?.message}`);
}

/** What is wrong with an option's value, where zod's own words speak to programmers; undefined if its schema says it. */
function complaintAbout(issue: z.core.$ZodRawIssue, options: OptionTable): string | undefined {
  if (issue.code === "invalid_value") return `it must be one of ${issue.values.join(", ")}`;
  if (issue.code !== "invalid_type" || issue.expected !== "number") return undefined;
  const unit = options[String(issue.path?.[0])]?.value ?? "number";
  return unit === "number" ? "it must be a number" : `it must be a number of ${unit}`;
}

/** For readers of lines, who could not tell where a document of several lines ends. */
function printJsonLine(document: object): void {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

function printJson(document: object): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
