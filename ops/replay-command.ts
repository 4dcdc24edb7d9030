import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { z } from "zod";
import { mayFit } from "./dead-letter-filter.ts";
import { choose, filterChoices, filterOf, filterOptions, filterUsage } from "./dead-letter-options.ts";
import { interrupted, stopOnInterrupt } from "./interrupt.ts";
import { ProgressBar } from "./progress-bar.ts";
import { PulumiStack } from "./pulumi-stack.ts";
import { RelayStorageAccount } from "./relay-storage.ts";
import { RelayTables } from "./relay-tables.ts";
import { type ReplayAction, type ReplayCounts, replay } from "./replay.ts";
import { stackOptions } from "./stack-options.ts";
import { policyOf } from "./stack-policy.ts";

export const replayUsage = `replay    puts dead letters back into the relay's queue, or deletes old ones
${filterUsage}
  --rate <number>            dead letters a second, at most; default 20
  --dry-run                  only counts
  --purge-older-than <days>  deletes, in place of replaying, those that died longer ago than this`;

const positive = z.coerce.number("it must be a number").positive("it must be more than 0");
const choices = filterChoices.extend({
  rate: positive.default(20),
  "dry-run": z.boolean().default(false),
  "purge-older-than": positive.optional(),
});

const dayMilliseconds = 24 * 60 * 60 * 1000;

/** `ops replay`. @returns the exit code */
export async function replayCommand(args: string[]): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...stackOptions,
      ...filterOptions,
      rate: text,
      "dry-run": { type: "boolean" },
      "purge-older-than": text,
    },
  });
  const chosen = choose(choices, values);
  const purgeDays = chosen["purge-older-than"];
  const filter = filterOf(chosen);

  const stack = await PulumiStack.read({ stack: chosen.stack, configFile: chosen["config-file"] });
  const storage = await RelayStorageAccount.open(stack);
  const diedBefore = purgeDays === undefined ? Number.POSITIVE_INFINITY : Date.now() - purgeDays * dayMilliseconds;
  const entries = await storage.deadLetters();
  const names = entries
    .filter(({ name, writtenAt }) => mayFit(name, filter) && writtenAt.getTime() < diedBefore)
    .map(({ name }) => name);

  const action: ReplayAction = chosen["dry-run"] ? "count" : purgeDays === undefined ? "replay" : "purge";
  const note = action === "purge" ? await purgeNote(stack) : undefined;
  const bar = new ProgressBar(names.length);
  const stop = stopOnInterrupt();
  let done = 0;
  const counts = await replay({
    ...{ storage, names, filter, action, policy: policyOf(stack) },
    perSecond: chosen.rate,
    signal: stop.signal,
    progress: (so) => {
      done = so.done;
      bar.show(so.examined, `${done} ${pastOf(action, purgeDays)}`);
    },
  }).finally(async () => {
    bar.end();
    await note?.(done);
  });
  stop.done();
  process.stdout.write(
    `${report(counts, { stack: stack.name, total: entries.length, verb: pastOf(action, purgeDays) })}\n`,
  );
  if (!stop.signal.aborted) return 0;
  process.stdout.write("Stopped. The same command goes on with the rest.\n");
  return interrupted;
}

/** How a purge says how much it deleted. Said once before anything is, so that a missing role shows while nothing is gone. */
async function purgeNote(stack: PulumiStack): Promise<(purged: number) => Promise<void>> {
  const tables = await RelayTables.open(stack);
  const purge = { id: randomUUID(), at: new Date() };
  await tables.notePurged(purge, 0);
  return (purged) => tables.notePurged(purge, purged);
}

function pastOf(action: ReplayAction, purgeDays: number | undefined): string {
  if (action === "count") return purgeDays === undefined ? "would be replayed" : "would be purged";
  return action === "replay" ? "replayed" : "purged";
}

function report(counts: ReplayCounts, { stack, total, verb }: { stack: string; total: number; verb: string }): string {
  const lines = [`${counts.done} of ${total} dead letters of the stack ${stack} ${verb}.`];
  for (const [kind, number] of [...counts.kinds].sort(([, a], [, b]) => b - a)) lines.push(`  ${number} ${kind}`);
  for (const [why, number] of counts.left) lines.push(`  ${number} stay: they ${why}`);
  return lines.join("\n");
}
