import { parseArgs } from "node:util";
import { z } from "zod";
import { type DeadLetterFilter, mayFit } from "./dead-letter-filter.ts";
import { choose, filterChoices, filterOf, filterOptions } from "./dead-letter-options.ts";
import { type ExportCounts, exportDeadLetters } from "./export.ts";
import { interrupted, stopOnInterrupt } from "./interrupt.ts";
import { PrivateFolder } from "./private-folder.ts";
import { ProgressBar } from "./progress-bar.ts";
import { PulumiStack } from "./pulumi-stack.ts";
import { RelayStorageAccount } from "./relay-storage.ts";
import { stackOptions } from "./stack-options.ts";

export const exportUsage = `export    writes dead letters into files, one each, and leaves them in the storage; it takes the filters of replay
  --folder <folder>          where the files go, by day. They hold personal data: the folder and the files that it makes
                             can be read by you alone`;

const choices = filterChoices.extend({ folder: z.string("name the folder for the files").min(1, "it is empty") });

/** `ops export`. @returns the exit code */
export async function exportCommand(args: string[]): Promise<number> {
  const options = { ...stackOptions, ...filterOptions, folder: { type: "string" } } as const;
  const chosen = choose(choices, parseArgs({ args, options }).values);
  const filter = filterOf(chosen);
  const folder = await PrivateFolder.at(chosen.folder);
  const stack = await PulumiStack.read({ stack: chosen.stack, configFile: chosen["config-file"] });
  const storage = await RelayStorageAccount.open(stack);
  const { total, toExamine } = await countEntries(storage, filter);
  const bar = new ProgressBar(toExamine);
  const stop = stopOnInterrupt();
  const counts = await exportDeadLetters({
    ...{ storage, names: namesThatMayFit(storage, filter), filter, folder, signal: stop.signal },
    // More may have died since they were counted.
    progress: (so) => bar.show(Math.min(so.examined, toExamine), `${so.written + so.replaced} written`),
  }).finally(() => bar.end());
  stop.done();
  process.stdout.write(`${report(counts, { stack: stack.name, total, folder: folder.path })}\n`);
  if (stop.signal.aborted) {
    process.stdout.write("Stopped. The same command goes on with the rest.\n");
    return interrupted;
  }
  return counts.unfit.length === 0 ? 0 : 1;
}

/** Counted in a listing of its own, so that the names are never held all at once. */
async function countEntries(
  storage: RelayStorageAccount,
  filter: DeadLetterFilter,
): Promise<{ total: number; toExamine: number }> {
  let total = 0;
  let toExamine = 0;
  for await (const { name } of storage.eachDeadLetter()) {
    total += 1;
    if (mayFit(name, filter)) toExamine += 1;
  }
  return { total, toExamine };
}

async function* namesThatMayFit(storage: RelayStorageAccount, filter: DeadLetterFilter): AsyncGenerator<string> {
  for await (const { name } of storage.eachDeadLetter()) if (mayFit(name, filter)) yield name;
}

/** Names that are shown of those that no file can have. */
const shownNames = 10;

function report(
  counts: ExportCounts,
  { stack, total, folder }: { stack: string; total: number; folder: string },
): string {
  const { written, replaced, present, classes, unfit } = counts;
  const kept = written + replaced + present;
  const lines = [
    `${kept} of ${total} dead letters of the stack ${stack} are in ${folder}: ${written} written, ${present} there already` +
      `${replaced === 0 ? "" : `, ${replaced} overwritten because the stored content differs`}.`,
  ];
  for (const [kind, number] of [...classes].sort(([, a], [, b]) => b - a)) lines.push(`  ${number} ${kind}`);
  if (unfit.length > 0) {
    lines.push(`  ${unfit.length} NOT EXPORTED, since no file in the folder can have their names:`);
    lines.push(...unfit.slice(0, shownNames).map((name) => `    ${JSON.stringify(name)}`));
    if (unfit.length > shownNames) lines.push(`    and ${unfit.length - shownNames} more`);
  }
  if (kept === 0) return lines.join("\n");
  lines.push(
    `They are in the relay's storage too. To deliver them: npm run ops -- replay --stack ${stack}. To give them up with the relay, put ` +
      "RELAY_ABANDON_DEAD_LETTERS=true before the command that takes it down.",
  );
  return lines.join("\n");
}
