/** `customerio-aep <command>`: inspects and operates a running stack. */
import { CommanderError } from "commander";
import { endWithoutOutput } from "pulumi-provider-kit/end-with-engine";
import { exitCodes } from "./command/exit-codes.ts";
import { performCommand } from "./command/perform.ts";
import { buildProgram } from "./command/program.ts";
import { commands } from "./commands.ts";

// As in `customerio-aep … | head`, or after the terminal closed. It does not end with its parent, since `nohup customerio-aep … &` outlives it.
endWithoutOutput();

const program = buildProgram(commands, async (definition, given) => {
  process.exitCode = await performCommand(definition, given);
});
try {
  await program.parseAsync();
} catch (error) {
  // Commander has already printed the message or help.
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage.code;
}
