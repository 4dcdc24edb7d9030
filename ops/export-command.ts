import path from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { mayFit } from "./dead-letter-filter.ts";
import { choose, filterChoices, filterOf, filterOptions } from "./dead-letter-options.ts";
import { type ExportCounts, exportDeadLetters } from "./export.ts";
import { interrupted, stopOnInterrupt } from "./interrupt.ts";
import { ProgressBar } from "./progress-bar.ts";
import { PulumiStack } from "./pulumi-stack.ts";
import { RelayStorageAccount } from "./relay-storage.ts";
import { stackOptions } from "./stack-options.ts";

export const exportUsage = `export    writes dead letters into files, one each, and leaves them in the storage; it takes the filters of replay
  --folder <folder>          where the files go; they hold personal data, and only their owner can read them`;

const choices = filterChoices.extend({ folder: z.string("name the folder for the files").min(1, "it is empty") });

/** `ops export`. @returns the exit code */
export async function exportCommand(args: string[]): Promise<number> {
  const options = { ...stackOptions, ...filterOptions, folder: { type: "string" } } as const;
  const chosen = choose(choices, parseArgs({ args, options }).values);
  const filter = filterOf(chosen);
  const stack = await PulumiStack.read({ stack: chosen.stack, configFile: chosen["config-file"] });
  const storage = await RelayStorageAccount.open(stack);
  const entries = await storage.deadLetters();
  const names = entries.map(({ name }) => name).filter((name) => mayFit(name, filter));
  const folder = path.resolve(chosen.folder);
  const bar = new ProgressBar(names.length);
  const stop = stopOnInterrupt();
  const counts = await exportDeadLetters({
    ...{ storage, names, filter, folder, signal: stop.signal },
    progress: ({ examined, written }) => bar.show(examined, `${written} written`),
  }).finally(() => bar.end());
  stop.done();
  process.stdout.write(`${report(counts, { stack: stack.name, total: entries.length, folder })}\n`);
  if (!stop.signal.aborted) return 0;
  process.stdout.write("Stopped. The same command goes on with the rest.\n");
  return interrupted;
}

function report(
  counts: ExportCounts,
  { stack, total, folder }: { stack: string; total: number; folder: string },
): string {
  const { written, present, classes } = counts;
  const lines = [
    `${written + present} of ${total} dead letters of the stack ${stack} are in ${folder}: ${written} written, ${present} were there already.`,
  ];
  for (const [kind, number] of [...classes].sort(([, a], [, b]) => b - a)) lines.push(`  ${number} ${kind}`);
  lines.push("They stay in the relay's storage until they are replayed, purged, or given up with the relay.");
  return lines.join("\n");
}
