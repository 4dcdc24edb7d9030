import path from "node:path";
import { exportDeadLetters } from "../../dead-letters/export.ts";
import { PrivateFolder } from "../../dead-letters/private-folder.ts";
import { replay } from "../../dead-letters/replay.ts";
import { countOf } from "../../output/count-of.ts";
import { RelayStorageAccount } from "../../relay/relay-storage.ts";
import { RelayTables } from "../../relay/relay-tables.ts";
import type { StackSource } from "../../stack/source.ts";
import { policyOf } from "../../stack/source-settings.ts";

/** Dead letters a second, as in `customerio-aep replay`. */
const perSecond = 20;

/** What can be done with a group of dead letters. */
type LetterAction = "replay" | "export" | "purge";

/** Does the same as the command of that name, with these dead letters. @returns a description of what was done */
export async function performOnDeadLetters(
  source: StackSource,
  action: LetterAction,
  names: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const storage = await RelayStorageAccount.open(source);
  if (action === "export") {
    const { stack = "", folder: program = ".", source: ofSeveral } = source.target;
    const own = ofSeveral === undefined ? [] : [encodeURIComponent(ofSeveral)];
    const folder = await PrivateFolder.at(path.join(program, `dead-letters-${stack.replaceAll("/", "-")}`, ...own));
    const { written, replaced, present, unfit } = await exportDeadLetters({
      storage,
      names,
      filter: {},
      folder,
      signal,
      progress: () => undefined,
    });
    const left = unfit.length === 0 ? "" : ` ${unfit.length} have names that are not valid as file names.`;
    return `In ${folder.path}, which only you can read: ${countOf(written + replaced + present, "dead letter")}.${left}`;
  }
  const note = action === "purge" ? await (await RelayTables.open(source)).openNote("purged") : undefined;
  let done = 0;
  try {
    const { left } = await replay({
      storage,
      names,
      filter: {},
      action,
      isDry: false,
      policy: policyOf(source),
      perSecond,
      signal,
      progress: (counts) => {
        done = counts.done;
      },
    });
    const stay = [...left].map(([why, number]) => ` Stay, because they ${why}: ${number}.`).join("");
    return `${action === "replay" ? "Back in the queue" : "Deleted"}: ${countOf(done, "dead letter")}.${stay}`;
  } finally {
    await note?.(done);
  }
}
