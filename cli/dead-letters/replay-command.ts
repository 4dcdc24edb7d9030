import { z } from "zod";
import { defineCommand } from "../command/definition.ts";
import { positiveNumber } from "../command/number-option.ts";
import { stoppedWords } from "../interrupt.ts";
import { countOf } from "../output/count-of.ts";
import { RelayStorageAccount } from "../relay/relay-storage.ts";
import { RelayTables } from "../relay/relay-tables.ts";
import { policyOf } from "../stack/source-settings.ts";
import { mayMatchFilter } from "./dead-letter-filter.ts";
import { filterOf, filterOptions } from "./dead-letter-options.ts";
import { type ReplayAction, type ReplayCounts, replay } from "./replay.ts";

const dayMilliseconds = 24 * 60 * 60 * 1000;

export const replayCommand = defineCommand({
  name: "replay",
  summary: "put dead letters back into the relay's queue, or delete old ones",
  description:
    "First fix the cause, which `--dry-run` shows. You can stop and repeat the command at any time. At worst, an event then reaches " +
    "Platform twice, under the same `_id`.",
  options: {
    ...filterOptions,
    rate: { value: "number", description: "maximum dead letters a second", schema: positiveNumber.default(20) },
    "dry-run": { description: "only count", schema: z.boolean().default(false) },
    "purge-older-than": {
      value: "days",
      description: "instead of replaying, delete dead letters that are older than this many days",
      schema: positiveNumber.optional(),
    },
  },
  examples: [
    { args: "replay --stack dev --dry-run", shows: "the dead letters, by reason and kind of event" },
    { args: "replay --stack dev --class refused --from 2026-11-20", shows: "replays what Platform has refused since" },
    { args: "replay --stack dev --purge-older-than 90", shows: "deletes dead letters that are older than 90 days" },
  ],
  needsSecrets: true,
  needsStorage: true,
  stopsInOrder: true,
  json: z.object({
    action: z.enum(["count", "replay", "purge"]),
    total: z.number().describe("dead letters in the storage before"),
    done: z.number().describe("counted, replayed or purged"),
    kinds: z.record(z.string(), z.number()).describe("`done` by class and kind of event, such as `refused email sent`"),
    left: z.record(z.string(), z.number()).describe("dead letters that can't be replayed, by reason"),
    stopped: z.boolean().describe("whether Ctrl-C stopped it before the end"),
  }),
  async run(source, chosen, { print, progress, signal }) {
    const purgeDays = chosen["purge-older-than"];
    const filter = filterOf(chosen);
    const storage = await RelayStorageAccount.open(source);
    const diedBefore = purgeDays === undefined ? Number.POSITIVE_INFINITY : Date.now() - purgeDays * dayMilliseconds;
    const entries = await progress.showWhile("listing dead letters", storage.listDeadLetters());
    const names = entries
      .filter(({ name, writtenAt }) => mayMatchFilter(name, filter) && writtenAt.getTime() < diedBefore)
      .map(({ name }) => name);

    const action: ReplayAction = purgeDays === undefined ? "replay" : "purge";
    const isDry = chosen["dry-run"];
    const note = action === "purge" && !isDry ? await (await RelayTables.open(source)).openNote("purged") : undefined;
    const bar = progress.bar(names.length);
    let done = 0;
    let counts: ReplayCounts;
    try {
      counts = await replay({
        storage,
        names,
        filter,
        action,
        isDry,
        policy: policyOf(source),
        signal,
        perSecond: chosen.rate,
        progress: (so) => {
          done = so.done;
          bar.show(so.examined, `${done} ${pastOf(action, isDry)}`);
        },
      });
    } finally {
      bar.end();
      await note?.(done);
    }
    const stack = source.target.stack ?? "";
    print(report(counts, { stack, total: entries.length, verb: pastOf(action, isDry) }));
    if (signal.aborted) print(stoppedWords);
    const { kinds, left } = counts;
    return {
      ending: signal.aborted ? "interrupted" : "well",
      json: {
        action: isDry ? ("count" as const) : action,
        total: entries.length,
        done: counts.done,
        stopped: signal.aborted,
        kinds: Object.fromEntries(kinds),
        left: Object.fromEntries(left),
      },
    };
  },
});

function pastOf(action: ReplayAction, isDry: boolean): string {
  const done = action === "replay" ? "replayed" : "purged";
  return isDry ? `would be ${done}` : done;
}

function report(counts: ReplayCounts, { stack, total, verb }: { stack: string; total: number; verb: string }): string {
  const lines = [`${counts.done} of ${countOf(total, "dead letter")} of the stack ${stack} ${verb}.`];
  for (const [kind, number] of [...counts.kinds].sort(([, a], [, b]) => b - a)) lines.push(`  ${number} ${kind}`);
  for (const [why, number] of counts.left) lines.push(`  stay, because they ${why}: ${number}`);
  return lines.join("\n");
}
