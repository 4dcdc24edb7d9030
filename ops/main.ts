/** `npm run ops -- <command>`: what operators ask of a stack that is up, and do to it. */
import { endWithoutOutput } from "pulumi-provider-kit/end-with-engine";
import { exportCommand, exportUsage } from "./export-command.ts";
import { previewCommand, previewUsage } from "./preview-command.ts";
import { replayCommand, replayUsage } from "./replay-command.ts";
import { statusCommand, statusUsage } from "./status-command.ts";
import { isUsageError } from "./usage-error.ts";
import { verifyCommand, verifyUsage } from "./verify-command.ts";

const usage = `npm run ops -- <command> [--stack <stack>] [--config-file <file>]

${statusUsage}

${verifyUsage}

${previewUsage}

${replayUsage}

${exportUsage}

Without --stack it is the stack that \`npx pulumi stack select\` chose. Every command ends with exit code 0 if all is well, 1 if
something is broken, 2 if it was called wrongly, and 130 if Ctrl-C stopped it.
`;

const commands: Record<string, (args: string[]) => Promise<number>> = {
  status: statusCommand,
  verify: verifyCommand,
  preview: previewCommand,
  replay: replayCommand,
  export: exportCommand,
};

// `ops … | head`, or a terminal that is gone. Not with the parent, which `nohup ops … &` outlives.
endWithoutOutput();

const [name = "", ...args] = process.argv.slice(2);
const command = commands[name];
if (command) {
  try {
    process.exitCode = await command(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = isUsageError(error) ? 2 : 1;
  }
} else {
  const asked = ["help", "--help", "-h"].includes(name);
  (asked ? process.stdout : process.stderr).write(usage);
  process.exitCode = asked ? 0 : 2;
}
