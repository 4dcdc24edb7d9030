import { z } from "zod";
import type { AnyCommand } from "../../cli/command/definition.ts";
import { describeOption, documentOf, failureDocument, optionsOf } from "../../cli/command/describe.ts";
import { exitCodes } from "../../cli/command/exit-codes.ts";
import { commands } from "../../cli/commands.ts";
import { code, fenced, page, table } from "./markdown.ts";

/** Generates the page of the command line from the definitions of its commands. */
export function cliPage(): string {
  return page(
    "# Command line: `customerio-aep`",
    "This page lists the commands for operators of a running stack. `npm run docs` generates it from their definitions.",
    "`customerio-aep` works for the stack of any Pulumi program that has a `CustomerIoSource` or its resources, in any language. Run it in the " +
      "program's folder, or with `--cwd`. It finds the resources in the stack's state. If the stack has several sources, most commands handle " +
      "all of them, or the one that `--source` names; the others require `--source`. The settings are those in force: those in the state and, " +
      "for the providers that Pulumi creates itself, also the stack's current configuration.",
    fenced(
      "sh",
      "npx customerio-aep help            # all commands\nnpx customerio-aep help status     # one of them\nnpx customerio-aep --version",
    ),
    "With `--json`, a command prints only one JSON document (`tail` prints one per line); its schema is below. Within a major version, we may " +
      "add fields, but neither remove one nor change its meaning. `--debug` writes stack traces, the Pulumi commands and the HTTP calls to " +
      "standard error, without headers, bodies and queries, which may hold secrets. On a terminal, verdicts are in color, unless `NO_COLOR` " +
      "is set, and anything that takes longer than a second shows its progress. The command sends no telemetry.",
    "## Exit codes",
    exitCodeTable(),
    "Each command below that can end with 3 says what is not finished then. With several sources, the worst code counts.",
    "## Completion",
    "For bash, zsh, fish and PowerShell, if `customerio-aep` is on the `PATH`, for example after `npm install --global customerio-aep`:",
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
    "Printed if the stack can't be read or an option is invalid; `tail` prints it in one line, also for a source that fails while it follows others. A command line that can't be parsed prints no JSON.",
    jsonSchema(failureDocument),
  );
}

function exitCodeTable(): string {
  return table(
    ["Exit code", "Meaning"],
    Object.values(exitCodes).map(({ code: number, meaning }) => [String(number), meaning]),
  );
}

function commandSections(definition: AnyCommand): string[] {
  const { name, summary, description, waiting, examples } = definition;
  return [
    `## ${name}`,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}. ${description}`,
    ...(waiting === undefined ? [] : [`Exit code ${exitCodes.waiting.code}: ${waiting}.`]),
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

/** The JSON Schema of a zod schema. */
function jsonSchema(schema: z.ZodType): string {
  const { $schema: _, ...shape } = z.toJSONSchema(schema);
  return fenced("json", JSON.stringify(shape, null, 2));
}
