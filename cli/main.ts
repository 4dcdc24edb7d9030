/** `customerio-aep <command>`: what operators ask of a stack that is up, and do to it. */
import { CommanderError } from "commander";
import { endWithoutOutput } from "pulumi-provider-kit/end-with-engine";
import { exitCodes } from "./command/exit-codes.ts";
import { performCommand } from "./command/perform.ts";
import { buildProgram } from "./command/program.ts";
import { commands } from "./commands.ts";

// `customerio-aep … | head`, or a terminal that is gone. Not with the parent, which `nohup customerio-aep … &` outlives.
endWithoutOutput();

const program = buildProgram(commands, async (definition, given) => {
  process.exitCode = await performCommand(definition, given);
});
try {
  await program.parseAsync();
} catch (error) {
  // It has been written already, and so has help.
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage.code;
}
