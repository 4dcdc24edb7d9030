import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { z } from "zod";
import { mayFit } from "./dead-letter-filter.ts";
import { interrupted, stopOnInterrupt } from "./interrupt.ts";
import { ProgressBar } from "./progress-bar.ts";
import { PulumiStack } from "./pulumi-stack.ts";
import { RelayStorageAccount } from "./relay-storage.ts";
import { RelayTables } from "./relay-tables.ts";
import { type ReplayAction, type ReplayCounts, replay } from "./replay.ts";
import { stackOptions } from "./stack-options.ts";
import { policyOf } from "./stack-policy.ts";
import { UsageError } from "./usage-error.ts";

export const replayUsage = `replay    puts dead letters back into the relay's queue, or deletes old ones
  --class <class>            only malformed, refused, expired, poison or unreadable ones
  --reason <text>            only those whose reason contains this text
  --object-type <type>       only events of this object type, such as email
  --metric <metric>          only events of this metric, such as sent
  --from <time>, --to <time> only those that the relay received in this time: 2026-11-20, or 2026-11-20T10:00:00Z
  --rate <number>            dead letters a second, at most; default 20
  --dry-run                  only counts
  --purge-older-than <days>  deletes, in place of replaying, those that died longer ago than this`;

const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/, "it must be a date, or an ISO 8601 time with its zone")
  .transform((text) => new Date(text))
  .refine((date) => !Number.isNaN(date.getTime()), "there is no such time");
const positive = z.coerce.number("it must be a number").positive("it must be more than 0");
const choices = z.object({
  stack: z.string().optional(),
  "config-file": z.string().optional(),
  class: z.enum(["malformed", "refused", "expired", "poison", "unreadable"]).optional(),
  reason: z.string().optional(),
  "object-type": z.string().optional(),
  metric: z.string().optional(),
  from: time.optional(),
  to: time.optional(),
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
      ...{ class: text, reason: text, "object-type": text, metric: text, from: text, to: text, rate: text },
      "dry-run": { type: "boolean" },
      "purge-older-than": text,
    },
  });
  const parsed = choices.safeParse(values);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(`--${issue?.path.join(".")} is not right: ${issue?.message}`);
  }
  const chosen = parsed.data;
  const purgeDays = chosen["purge-older-than"];
  const filter = {
    ...{ class: chosen.class, reason: chosen.reason, metric: chosen.metric, objectType: chosen["object-type"] },
    ...{ from: chosen.from, to: chosen.to },
  };

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
