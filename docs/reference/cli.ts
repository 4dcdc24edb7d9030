import { z } from "zod";
import type { CommandDefinition } from "../../cli/command/definition.ts";
import { describeOption, documentOf, failureDocument, optionsOf } from "../../cli/command/describe.ts";
import { exitCodes } from "../../cli/command/exit-codes.ts";
import { commands } from "../../cli/commands.ts";
import { code, fenced, page, table } from "./markdown.ts";

/** The page of the command line, made from the definitions of its commands. */
export function cliPage(): string {
  return page(
    "# Command line: `customerio-aep`",
    "What operators ask of a stack that is up, and do to it. Made from the definitions of its commands by `npm run docs`.",
    "It works for the stack of any Pulumi program that has a `CustomerIoSource` or the resources of one, in any language. It is run in the " +
      "program's folder, or with `--cwd`. It finds the resources in the stack's state, and of a stack with several sources it sees to all of " +
      "them, or to the one that `--source` names. Settings are those in force: the state's, and for the providers that Pulumi makes itself " +
      "also what the stack's configuration says now.",
    fenced(
      "sh",
      "npx customerio-aep help            # all commands\nnpx customerio-aep help status     # one of them\nnpx customerio-aep --version",
    ),
    "With `--json` a command prints one JSON document, whose shape is below, and nothing else. Fields may be added; none is removed or gets " +
      "another meaning within a major version. `--debug` writes stack traces, the calls of Pulumi and the HTTP calls to standard error, without " +
      "headers, bodies and queries, which may hold secrets. Verdicts are in color on a terminal, unless `NO_COLOR` is set. What takes longer " +
      "than a second shows its progress there. Nothing is sent to anybody about how the command is used.",
    "## Exit codes",
    exitCodeTable(),
    "Of several sources, the worst counts.",
    "## Completion",
    "For bash, zsh, fish and PowerShell, where `customerio-aep` is on the `PATH`, such as after `npm install --global customerio-aep`:",
    fenced(
      "sh",
      [
        "source <(customerio-aep completion bash)                      # in ~/.bashrc",
        "source <(customerio-aep completion zsh)                       # in ~/.zshrc, after compinit",
        "customerio-aep completion fish | source                       # in ~/.config/fish/config.fish",
        "customerio-aep completion powershell | Out-String | Invoke-Expression   # in $PROFILE",
      ].join("\n"),
    ),
    ...commands.flatMap(commandSections),
    "## JSON of a failure",
    "Where the stack could not be read, or an option is invalid. A command line that can't be parsed prints no JSON.",
    jsonSchema(failureDocument),
  );
}

function exitCodeTable(): string {
  return table(
    ["Exit code", "Meaning"],
    Object.values(exitCodes).map(({ code: number, meaning }) => [String(number), meaning]),
  );
}

function commandSections(definition: CommandDefinition): string[] {
  const { name, summary, description, examples } = definition;
  return [
    `## ${name}`,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}. ${description}`,
    fenced("sh", examples.map(({ args, shows }) => `npx customerio-aep ${args} # ${shows}`).join("\n")),
    table(
      ["Option", "Given", "Default", "Allowed", "Description"],
      Object.entries(optionsOf(definition)).map(([option, of]) => {
        const shown = describeOption(option, of);
        return [
          code(shown.flags),
          shown.isRequired ? "required" : "",
          shown.default ?? "",
          shown.choices.map(code).join(", "),
          shown.description,
        ];
      }),
    ),
    `### JSON of ${name}`,
    jsonSchema(documentOf(definition)),
  ];
}

/** As JSON Schema, which readers and programs understand. */
function jsonSchema(schema: z.ZodType): string {
  const { $schema: _, ...shape } = z.toJSONSchema(schema);
  return fenced("json", JSON.stringify(shape, null, 2));
}
