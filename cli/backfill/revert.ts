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

const endings = {
  reverted: (batch: string) => `Reverted the batch ${batch}.`,
  empty: (batch: string) => `The batch ${batch} had no rows.`,
  stalled: (batch: string) =>
    `The batch ${batch} is stalled, so it can't be reverted yet. Ask Adobe's support about it, and run the same command again once Platform has finished it.`,
};

/** Reverts every batch that the backfill of these days has uploaded. */
export async function revertBackfill(
  source: StackSource,
  values: AuditValues,
  { print, progress, signal, isOneOfSeveral }: Pick<CommandContext, "print" | "progress" | "signal" | "isOneOfSeveral">,
): Promise<BackfillResult> {
  const folder = auditFolderOf(source, values, isOneOfSeveral);
  if (!existsSync(folder)) {
    throw new UsageError(
      `The folder ${folder} does not exist. Run the command where the backfill ran, with the same dates or --folder.`,
    );
  }
  const ledger = await openLedger(folder);
  const reverted: string[] = [];
  const stalled: string[] = [];
  try {
    await requireSameSubject(ledger, describeSubject(source), folder);
    const service = uploadServiceOf(source, ledger, signal);
    for (const batch of await listUploads(ledger)) {
      const words = `waiting until Platform has processed the batch ${batch}`;
      const end = await progress.showWhile(words, revertUpload(service, batch));
      print(endings[end](batch));
      (end === "stalled" ? stalled : reverted).push(batch);
    }
  } finally {
    ledger.close();
  }
  if (reverted.length + stalled.length === 0) {
    print("This backfill has uploaded no batch, or all of them are reverted.");
  }
  const nothing = { planned: 0, unjudged: 0, sent: 0, kinds: {}, impossible: {} };
  return { ...nothing, reverted, ...(stalled.length > 0 && { stalled }), stopped: false };
}
