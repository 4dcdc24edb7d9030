/** `npm run ops -- <command>`: what operators ask of a stack that is up, and do to it. */
import { replayCommand, replayUsage } from "./replay-command.ts";
import { statusCommand, statusUsage } from "./status-command.ts";

const usage = `npm run ops -- <command> [--stack <stack>] [--config-file <file>]

${statusUsage}

${replayUsage}

Without --stack it is the stack that \`pulumi stack select\` chose.
`;

const commands: Record<string, (args: string[]) => Promise<number>> = {
  status: statusCommand,
  replay: replayCommand,
};

const [name = "", ...args] = process.argv.slice(2);
const command = commands[name];
if (command) {
  try {
    process.exitCode = await command(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
} else {
  const asked = ["help", "--help", "-h"].includes(name);
  (asked ? process.stdout : process.stderr).write(usage);
  process.exitCode = asked ? 0 : 2;
}
