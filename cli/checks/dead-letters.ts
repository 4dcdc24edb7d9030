import type { DeadLetter } from "../../relay/core/event/dead-letter.ts";
import { type CommandTarget, operatorCommand } from "../../relay/core/operator-command.ts";
import { reasonWithoutIds, tryParseDeadLetter } from "../dead-letters/dead-letter-filter.ts";
import type { Finding } from "../output/finding.ts";
import type { DeadLetterEntry } from "../relay/dead-letter-list.ts";
import { RelayStorageAccount } from "../relay/relay-storage.ts";
import type { StackSource } from "../stack/source.ts";
import type { SharedAnswers } from "./shared-answers.ts";

/** Reasons that are shown. */
const mostShown = 3;

/** Checks for events that the relay gave up, and why it did. */
export async function checkDeadLetters(
  source: StackSource,
  answers: Pick<SharedAnswers, "deadLetters">,
): Promise<Finding> {
  const [storage, { total, newest }] = await Promise.all([RelayStorageAccount.open(source), answers.deadLetters()]);
  const letters = await Promise.all(
    newest.map(async ({ name }) => {
      const blob = await storage.readDeadLetter(name);
      return blob && tryParseDeadLetter(blob.content);
    }),
  );
  return deadLettersFinding({
    total,
    newest: newest[0],
    letters: letters.filter((one) => one !== undefined),
    target: source.target,
  });
}

export function deadLettersFinding({
  total,
  newest,
  letters,
  target,
}: {
  total: number;
  /** Undefined if there are none. */
  newest: DeadLetterEntry | undefined;
  /** The newest, as far as they can be read. */
  letters: readonly DeadLetter[];
  target: CommandTarget;
}): Finding {
  if (newest === undefined) return { verdict: "fine", found: "No event is a dead letter." };
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
