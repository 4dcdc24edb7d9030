import path from "node:path";
import { z } from "zod";
import { type CommandTarget, operatorCommand } from "../../relay/core/operator-command.ts";
import { defineCommand } from "../command/definition.ts";
import { stoppedWords } from "../interrupt.ts";
import { countOf } from "../output/count-of.ts";
import { RelayStorageAccount } from "../relay/relay-storage.ts";
import { type DeadLetterFilter, mayMatchFilter } from "./dead-letter-filter.ts";
import { filterOf, filterOptions } from "./dead-letter-options.ts";
import { type ExportCounts, exportDeadLetters } from "./export.ts";
import { PrivateFolder } from "./private-folder.ts";

export const exportCommand = defineCommand({
  name: "export",
  summary: "write dead letters into files, one each, and leave them in the storage",
  description:
    "The files hold personal data, so only you can read them and the folder that the command creates. You can stop and repeat the command at " +
    "any time. If the stack has several sources, each gets a subfolder with its name.",
  options: {
    folder: {
      value: "folder",
      description: "where the files go, by day",
      schema: z.string(),
    },
    ...filterOptions,
  },
  examples: [
    { args: "export --stack dev --folder kept", shows: "all dead letters, into files in the folder kept" },
    { args: "export --stack dev --folder kept --class refused", shows: "only what Platform has refused" },
  ],
  needsSecrets: false,
  needsStorage: true,
  stopsInOrder: true,
  json: z.object({
    folder: z.string().describe("absolute path"),
    total: z.number().describe("dead letters in the storage"),
    written: z.number().describe("files that were not there before"),
    replaced: z.number().describe("files whose content differed from the storage"),
    present: z.number().describe("files that already had the same content"),
    classes: z.record(z.string(), z.number()).describe("dead letters that are in files now, by class"),
    unfit: z.array(z.string()).describe("names that are not valid as file names; these dead letters were not exported"),
    stopped: z.boolean().describe("whether Ctrl-C stopped it before the end"),
  }),
  async check({ folder }) {
    await PrivateFolder.at(folder);
  },
  async run(source, chosen, { print, progress, signal, isOneOfSeveral }) {
    const filter = filterOf(chosen);
    const folder = await PrivateFolder.at(
      isOneOfSeveral ? path.join(chosen.folder, encodeURIComponent(source.name)) : chosen.folder,
    );
    const storage = await RelayStorageAccount.open(source);
    const { total, toExamine } = await progress.showWhile("listing dead letters", countEntries(storage, filter));
    const bar = progress.bar(toExamine);
    const counts = await exportDeadLetters({
      storage,
      names: listMatchingNames(storage, filter),
      filter,
      folder,
      signal,
      // There may be more than when they were counted.
      progress: (so) => bar.show(Math.min(so.examined, toExamine), `${so.written + so.replaced} written`),
    }).finally(() => bar.end());
    print(report(counts, { target: source.target, total, folder: folder.path }));
    if (signal.aborted) print(stoppedWords);
    const { written, replaced, present, classes, unfit } = counts;
    return {
      ending: signal.aborted ? "interrupted" : unfit.length === 0 ? "well" : "broken",
      json: {
        folder: folder.path,
        total,
        written,
        replaced,
        present,
        unfit,
        stopped: signal.aborted,
        classes: Object.fromEntries(classes),
      },
    };
  },
});

/** Counts in a separate listing, so that the names are never in memory all at once. */
async function countEntries(
  storage: RelayStorageAccount,
  filter: DeadLetterFilter,
): Promise<{ total: number; toExamine: number }> {
  let total = 0;
  let toExamine = 0;
  for await (const { name } of storage.eachDeadLetter()) {
    total += 1;
    if (mayMatchFilter(name, filter)) toExamine += 1;
  }
  return { total, toExamine };
}

async function* listMatchingNames(storage: RelayStorageAccount, filter: DeadLetterFilter): AsyncGenerator<string> {
  for await (const { name } of storage.eachDeadLetter()) if (mayMatchFilter(name, filter)) yield name;
}

/** Maximum number of invalid names that are shown. */
const shownNames = 10;

function report(
  counts: ExportCounts,
  { target, total, folder }: { target: CommandTarget; total: number; folder: string },
): string {
  const { written, replaced, present, classes, unfit } = counts;
  const kept = written + replaced + present;
  const lines = [
    `${kept} of ${countOf(total, "dead letter")} of the stack ${target.stack} ${kept === 1 ? "is" : "are"} in ${folder}: ${written} written, ${present} there already` +
      `${replaced === 0 ? "" : `, ${replaced} overwritten because the stored content differs`}.`,
  ];
  for (const [kind, number] of [...classes].sort(([, a], [, b]) => b - a)) lines.push(`  ${number} ${kind}`);
  if (unfit.length > 0) {
    lines.push(`  ${unfit.length} NOT EXPORTED, because their names are not valid as file names in the folder:`);
    lines.push(...unfit.slice(0, shownNames).map((name) => `    ${JSON.stringify(name)}`));
    if (unfit.length > shownNames) lines.push(`    and ${unfit.length - shownNames} more`);
  }
  if (kept === 0) return lines.join("\n");
  lines.push(
    `They remain in the relay's storage. To deliver them: ${operatorCommand("replay", target)}. To delete them with the relay, put ` +
      "RELAY_ABANDON_DEAD_LETTERS=true before the command that takes it down.",
  );
  return lines.join("\n");
}
