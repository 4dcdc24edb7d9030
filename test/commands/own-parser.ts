/**
 * `node own-parser.ts <JSON>`: reads commands of this package's own CLI, each as the list of its arguments, and prints what is wrong with
 * each. It is a separate program, since jest can't load the parser.
 */
import { CommanderError } from "commander";
import { optionsOf } from "../../cli/command/describe.ts";
import { buildProgram } from "../../cli/command/program.ts";
import { commands } from "../../cli/commands.ts";

/** Unknown options, and values that are wrong or missing. */
type Mistakes = Readonly<Record<"unknown" | "wrong", string[]>>;

async function parse(args: readonly string[]): Promise<Mistakes> {
  const [unknown, wrong]: [string[], string[]] = [[], []];
  // A placeholder for any command.
  if ((args[0] ?? "x") === "x") return { unknown, wrong };
  const parser = buildProgram(commands, async (definition, given) => {
    for (const [name, { schema }] of Object.entries(optionsOf(definition))) {
      const parsed = schema.safeParse(given[name]);
      if (!parsed.success) wrong.push(`--${name}: ${parsed.error.issues.map(({ message }) => message).join(", ")}`);
    }
  });
  const quiet = { writeOut: () => undefined, writeErr: (text: string) => unknown.push(text) };
  for (const command of [parser, ...parser.commands]) command.configureOutput(quiet);
  try {
    await parser.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  return { unknown, wrong };
}

// Completion prints its script without help from Commander.
console.log = () => undefined;
const asked = JSON.parse(process.argv[2] ?? "[]") as string[][];
const found: Mistakes[] = [];
for (const args of asked) found.push(await parse(args));
process.stdout.write(JSON.stringify(found));
