import { CommanderError } from "commander";
import { exitCodes } from "./command/exit-codes.ts";
import { performCommand } from "./command/perform.ts";
import { buildProgram } from "./command/program.ts";
import { commands } from "./commands.ts";

/** Runs `customerio-aep` with these words. @returns the exit code; the output is already printed */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  let code = 0;
  const program = buildProgram(commands, async (definition, given) => {
    code = await performCommand(definition, given);
  });
  try {
    await program.parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    // Commander has already printed the message or help.
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : exitCodes.usage.code;
  }
}
