import { existsSync } from "node:fs";
import { openLedger, requireSameSubject } from "../audit/audit.ts";
import { describeSubject } from "../audit/audit-source.ts";
import { type AuditValues, auditFolderOf } from "../audit/run-audit.ts";
import type { CommandContext } from "../command/definition.ts";
import { UsageError } from "../command/usage-error.ts";
import type { StackSource } from "../stack/source.ts";
import { listUploads, revertUpload } from "./batch/uploads.ts";
import type { BackfillResult } from "./options.ts";
import { uploadServiceOf } from "./ways.ts";

/** Reverts every batch that the backfill of these days has uploaded. */
export async function revertBackfill(
  source: StackSource,
  values: AuditValues,
  { print, signal, isOneOfSeveral }: Pick<CommandContext, "print" | "signal" | "isOneOfSeveral">,
): Promise<BackfillResult> {
  const folder = auditFolderOf(source, values, isOneOfSeveral);
  if (!existsSync(folder)) {
    throw new UsageError(
      `The folder ${folder} does not exist. Run the command where the backfill ran, with the same dates or --folder.`,
    );
  }
  const ledger = await openLedger(folder);
  const reverted: string[] = [];
  try {
    await requireSameSubject(ledger, describeSubject(source), folder);
    const service = uploadServiceOf(source, ledger, signal);
    for (const batch of await listUploads(ledger)) {
      const hadRows = await revertUpload(service, batch);
      print(hadRows ? `Reverted the batch ${batch}.` : `The batch ${batch} had no rows.`);
      reverted.push(batch);
    }
  } finally {
    ledger.close();
  }
  if (reverted.length === 0) print("This backfill has uploaded no batch, or all of them are reverted.");
  return { planned: 0, unjudged: 0, sent: 0, kinds: {}, impossible: {}, reverted, stopped: false };
}
