import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { operatorCommand } from "../../relay/core/operator-command.ts";
import { defineCommand } from "../command/definition.ts";
import { UsageError } from "../command/usage-error.ts";
import { stoppedWords } from "../interrupt.ts";
import { countOf } from "../output/count-of.ts";
import { RelayStorageAccount } from "../relay/relay-storage.ts";
import { RelayTables } from "../relay/relay-tables.ts";
import type { StackSource } from "../stack/source.ts";
import { hasDay, listFiles, type RestoreCounts, restoreDeadLetters } from "./restore.ts";

/** Files of each kind that are named. */
const mostNamed = 10;

export const restoreCommand = defineCommand({
  name: "restore",
  summary: "put exported dead letters back into the relay's storage",
  description:
    "Reads them from a folder that `export` has filled, from this relay or another one. Changes neither the files nor dead letters that the " +
    "storage has. You can stop and repeat the command at any time. `replay` then delivers them. If the stack has several sources, the command " +
    "reads the subfolder with the source's name, as `export` creates it, or the folder itself if that contains the folders of days.",
  options: {
    folder: {
      value: "folder",
      description: "where the files are",
      schema: z.string(),
    },
  },
  examples: [{ args: "restore --stack dev --folder kept", shows: "all dead letters in the folder kept" }],
  needsSecrets: false,
  needsStorage: true,
  stopsInOrder: true,
  oneSourceReason: "the files belong to one of them",
  json: z.object({
    folder: z.string().describe("absolute path"),
    restored: z.number().describe("dead letters that are in the storage again"),
    present: z.number().describe("dead letters that the storage already had"),
    differing: z.array(z.string()).describe("files whose name the storage has with other content, which stays"),
    foreign: z
      .array(z.string())
      .describe(
        "files that are not dead letters that this version knows, not in a folder of their day, or that an export did not finish",
      ),
    stopped: z.boolean().describe("whether Ctrl-C stopped it before the end"),
  }),
  async check({ folder }) {
    const isFolder = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) throw new UsageError(`--folder is invalid: there is no folder ${path.resolve(folder)}`);
  },
  async run(source, chosen, { print, progress, signal, isOneOfSeveral }) {
    const given = path.resolve(chosen.folder);
    const folder = isOneOfSeveral ? await folderOf(source, given) : given;
    if (!existsSync(folder)) {
      print(`There is no folder ${folder}, so there are no dead letters of the source ${source.name}.`);
      return { ending: "well", json: { folder, restored: 0, present: 0, differing: [], foreign: [], stopped: false } };
    }
    const [storage, note] = await Promise.all([
      RelayStorageAccount.open(source),
      RelayTables.open(source).then((tables) => tables.openNote("movedIn")),
    ]);
    const bar = progress.bar((await listFiles(folder)).length);
    let restored = 0;
    let counts: RestoreCounts;
    try {
      counts = await restoreDeadLetters({
        folder,
        storage,
        signal,
        progress: (so) => {
          restored = so.restored;
          bar.show(so.examined, `${restored} restored`);
        },
      });
    } finally {
      bar.end();
      await note(restored);
    }
    const { present, differing, foreign } = counts;
    print(
      `${countOf(restored, "dead letter")} of ${folder} ${restored === 1 ? "is" : "are"} in the storage of the stack ${source.target.stack} again; it had ${present} already.`,
      ...nameFiles(differing, "NOT RESTORED, since the storage has other content with that name"),
      ...nameFiles(
        foreign,
        "NOT RESTORED, since they are not dead letters that this version knows, not in folders of a year, a month and a day, or an export did not finish them",
      ),
      ...(restored + present > 0 ? [`To deliver them: ${operatorCommand("replay", source.target)}`] : []),
    );
    if (signal.aborted) print(stoppedWords);
    const isWhole = differing.length + foreign.length === 0;
    return {
      ending: signal.aborted ? "interrupted" : isWhole ? "well" : "broken",
      json: { folder, restored, present, differing, foreign, stopped: signal.aborted },
    };
  },
});

/** The source's subfolder, unless the folder itself has days. An export makes no subfolder for a source without dead letters. */
async function folderOf({ name }: StackSource, given: string): Promise<string> {
  const own = path.join(given, encodeURIComponent(name));
  return !existsSync(own) && (await listFiles(given)).some((file) => hasDay.test(file)) ? given : own;
}

function nameFiles(files: readonly string[], why: string): string[] {
  if (files.length === 0) return [];
  const more = files.length > mostNamed ? [`    and ${files.length - mostNamed} more`] : [];
  return [`  ${files.length} ${why}:`, ...files.slice(0, mostNamed).map((file) => `    ${file}`), ...more];
}
