import { auditCommand } from "./audit/audit-command.ts";
import { backfillCommand } from "./backfill/backfill-command.ts";
import type { AnyCommand } from "./command/definition.ts";
import { consoleCommand } from "./console/console-command.ts";
import { costCommand } from "./cost/cost-command.ts";
import { exportCommand } from "./dead-letters/export-command.ts";
import { replayCommand } from "./dead-letters/replay-command.ts";
import { restoreCommand } from "./dead-letters/restore-command.ts";
import { driftCommand } from "./drift/drift-command.ts";
import { tailCommand } from "./log/tail-command.ts";
import { previewCommand } from "./preview/preview-command.ts";
import { evacuateCommand } from "./region/evacuate-command.ts";
import { failoverCommand } from "./region/failover-command.ts";
import { initCommand } from "./setup/init-command.ts";
import { signingKeyCommand } from "./signing-key/signing-key-command.ts";
import { statusCommand } from "./status/status-command.ts";
import { supportBundleCommand } from "./support/support-bundle-command.ts";
import { verifyCommand } from "./verify/verify-command.ts";

/** All commands of the CLI, in the order of its help. */
export const commands: readonly AnyCommand[] = [
  initCommand,
  signingKeyCommand,
  statusCommand,
  consoleCommand,
  verifyCommand,
  previewCommand,
  tailCommand,
  replayCommand,
  exportCommand,
  restoreCommand,
  failoverCommand,
  evacuateCommand,
  driftCommand,
  costCommand,
  auditCommand,
  backfillCommand,
  supportBundleCommand,
];
