import type { CommandDefinition } from "./command/definition.ts";
import { exportCommand } from "./export-command.ts";
import { previewCommand } from "./preview-command.ts";
import { replayCommand } from "./replay-command.ts";
import { statusCommand } from "./status-command.ts";
import { verifyCommand } from "./verify-command.ts";

/** All commands of the CLI, in the order of its help. */
export const commands: readonly CommandDefinition[] = [
  statusCommand,
  verifyCommand,
  previewCommand,
  replayCommand,
  exportCommand,
];
