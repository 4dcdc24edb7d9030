import type { DeadLetter } from "../../relay/core/event/dead-letter.ts";
import { type CommandTarget, operatorCommand } from "../../relay/core/operator-command.ts";
import { reasonWithoutIds, tryParseDeadLetter } from "../dead-letters/dead-letter-filter.ts";
import type { Finding } from "../output/finding.ts";
import { type DeadLetterEntry, RelayStorageAccount } from "../relay/relay-storage.ts";
import type { StackSource } from "../stack/source.ts";

/** Dead letters whose reasons are read, the newest. After an outage, one reason has most of them. */
const mostRead = 50;
/** Reasons that are shown. */
const mostShown = 3;

/** Checks for events that the relay gave up, and why it did. */
export async function checkDeadLetters(source: StackSource): Promise<Finding> {
  const storage = await RelayStorageAccount.open(source);
  const entries = await storage.listDeadLetters();
  const newest = entries.toSorted((one, other) => other.writtenAt.getTime() - one.writtenAt.getTime());
  const letters = await Promise.all(
    newest.slice(0, mostRead).map(async ({ name }) => {
      const blob = await storage.readDeadLetter(name);
      return blob && tryParseDeadLetter(blob.content);
    }),
  );
  return deadLettersFinding({
    entries: newest,
    letters: letters.filter((one) => one !== undefined),
    target: source.target,
  });
}

/** @param letters the newest of the entries, as far as they can be read */
export function deadLettersFinding({
  entries: [newest, ...others],
  letters,
  target,
}: {
  /** The newest first. */
  entries: readonly DeadLetterEntry[];
  letters: readonly DeadLetter[];
  target: CommandTarget;
}): Finding {
  if (newest === undefined) return { verdict: "fine", found: "There are none." };
  const total = others.length + 1;
  const reasons = Map.groupBy(letters, (letter) => `${letter.class}: ${reasonWithoutIds(letter)}`);
  const sorted = [...reasons].toSorted(([, one], [, other]) => other.length - one.length);
  const of = letters.length < total ? ` of the newest ${letters.length}` : "";
  return {
    verdict: "broken",
    runbook: "alert-dead-letters",
    found: `There are ${total}; the newest was written at ${newest.writtenAt.toISOString()}.`,
    details: [
      ...sorted.slice(0, mostShown).map(([reason, { length }]) => `${length}${of}: ${reason}`),
      ...(sorted.length > mostShown ? [`${sorted.length - mostShown} more reasons: the console shows all`] : []),
    ],
    todo: `${operatorCommand("replay --dry-run", target)}, fix the cause, then run it again without --dry-run`,
  };
}
