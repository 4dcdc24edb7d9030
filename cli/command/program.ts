import tab from "@bomb.sh/tab/commander";
import { Command, Option } from "commander";
import manifest from "../../package.json" with { type: "json" };
import type { AnyCommand } from "./definition.ts";
import { describeOption, optionsOf } from "./describe.ts";
import { exitCodes } from "./exit-codes.ts";

/** Runs a command. @param given the options as text, and true for switches */
export type Perform = (definition: AnyCommand, given: Readonly<Record<string, unknown>>) => Promise<void>;

/** Builds the CLI's parser, with help and completion, from the definitions. The parser throws `CommanderError`. */
export function buildProgram(definitions: readonly AnyCommand[], perform: Perform): Command {
  const program = new Command(manifest.name)
    .description("Operate the Customer.io sources of a Pulumi stack, of any program.")
    .version(manifest.version, "--version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show the help of a command")
    .showSuggestionAfterError()
    .exitOverride();
  for (const definition of definitions) {
    program.addCommand(commandOf(definition, perform).copyInheritedSettings(program));
  }
  program.addHelpText("after", `\nExit codes:\n${exitCodeLines(exitCodes.waiting.meaning).join("\n")}`);
  // Shell completion, for bash, zsh, fish and PowerShell.
  tab(program, { completionCommandName });
  const completion = program.commands.find((command) => command.name() === completionCommandName);
  completion?.summary(completionSummary).description(sentence(completionSummary));
  completion?.hook("preAction", (_, { args: [shell] }) => {
    if (shell === "bash") console.log(withoutBashCompletion);
  });
  return program;
}

const completionCommandName = "completion";
const completionSummary = "print the script that completes commands in a shell";

/**
 * The script for bash gets the words of the line from bash-completion, which macOS and small Linux images lack. Without it, use bash's own
 * words.
 */
const withoutBashCompletion = `if ! declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref() {
        words=("\${COMP_WORDS[@]}")
        cword=$COMP_CWORD
        cur=\${COMP_WORDS[COMP_CWORD]}
        prev=\${COMP_WORDS[COMP_CWORD - 1]}
    }
fi`;

function commandOf(definition: AnyCommand, perform: Perform): Command {
  const command = new Command(definition.name)
    .summary(definition.summary)
    .description(sentence(definition.summary))
    .allowExcessArguments(false)
    .action((given: Record<string, unknown>, { options }: Command) =>
      // Under the names that users type.
      perform(definition, Object.fromEntries(options.map((option) => [option.name(), given[option.attributeName()]]))),
    );
  for (const [name, option] of Object.entries(optionsOf(definition))) {
    const { flags, description, choices, default: fallback } = describeOption(name, option);
    const parsed = new Option(flags, fallback === undefined ? description : `${description} (default: ${fallback})`);
    // Only for help and completion: the schema checks the value with all others.
    if (choices.length > 0) parsed.argChoices = [...choices];
    command.addOption(parsed);
  }
  const help = command.createHelp();
  const about = help.boxWrap(definition.description, process.stdout.columns ?? 80);
  const examples = definition.examples.map(({ args, shows }) => `  # ${shows}\n  ${manifest.name} ${args}`);
  return command.addHelpText(
    "after",
    `\n${about}\n\nExamples:\n${examples.join("\n")}\n\nExit codes:\n${exitCodeLines(definition.waiting).join("\n")}`,
  );
}

/** @param waiting what is not finished if a command ends so; undefined: it never does */
function exitCodeLines(waiting: string | undefined): string[] {
  return Object.values(exitCodes).flatMap(({ code, meaning: usual }) => {
    const meaning = code === exitCodes.waiting.code ? waiting : usual;
    return meaning === undefined ? [] : [`  ${String(code).padStart(3)}  ${meaning}`];
  });
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
