import { setTimeout as sleep } from "node:timers/promises";
import { isSameUrl } from "pulumi-customerio/client";
import { z } from "zod";
import { operatorCommand } from "../../relay/core/operator-command.ts";
import { customerIoOf, startTimeLimit } from "../clients.ts";
import { defineCommand } from "../command/definition.ts";
import { UsageError } from "../command/usage-error.ts";
import { stoppedWords } from "../interrupt.ts";
import { countOf } from "../output/count-of.ts";
import { formatDuration } from "../output/duration.ts";
import { type OpenedAccount, openRelayAccounts } from "../relay/relay-accounts.ts";
import { RelayStorageAccount } from "../relay/relay-storage.ts";
import { RelayTables } from "../relay/relay-tables.ts";
import type { StackSource } from "../stack/source.ts";
import { type EvacuationCounts, evacuate } from "./evacuate.ts";
import { explainOtherDataset, readCounterpart } from "./other-stack.ts";

export const evacuateCommand = defineCommand({
  name: "evacuate",
  summary: "move waiting events and dead letters from a relay to the relay of another stack",
  description:
    "For a relay that can't deliver, after a `failover`. The command waits for messages that are hidden until their next attempt. You can stop " +
    "and repeat it at any time. At worst, an event then reaches Platform twice, under the same `_id`.",
  options: {
    to: {
      value: "stack",
      description: "the stack whose relay gets the events",
      schema: z.string(),
    },
    once: {
      description: "end as soon as no more messages are visible",
      schema: z.boolean().default(false),
    },
    "into-other-dataset": {
      description: "move them even if the other stack fills another dataset",
      schema: z.boolean().default(false),
    },
  },
  waiting: "something is left",
  examples: [
    { args: "evacuate --stack prod --to prod-west", shows: "everything that the relay of prod has not delivered" },
    { args: "evacuate --stack prod --to prod-west --once", shows: "only the messages that are visible now" },
  ],
  needsSecrets: true,
  needsStorage: true,
  stopsInOrder: true,
  json: z.object({
    messages: z.number().describe("queue messages that were moved, each with one or more events"),
    events: z.number().describe("the events in them"),
    deadLetters: z.number().describe("dead letters that were moved"),
    hidden: z
      .number()
      .describe(
        "messages left, about: those that are hidden until their next attempt and, if it was stopped, visible ones",
      ),
    changed: z.number().describe("dead letters left because their event became one again meanwhile"),
    milliseconds: z.number(),
    stopped: z.boolean().describe("whether Ctrl-C stopped it before the end"),
  }),
  checkSources({ to }, sources) {
    if (sources.some(({ target }) => target.stack === to)) throw refusalOfItself(to);
  },
  async run(source, { to, once, "into-other-dataset": isOtherWanted }, { print, progress, signal }) {
    const target = await progress.showWhile(`reading the stack ${to}`, readCounterpart(source, to));
    // The stack may have another name. Its dead letters would be found in the other relay, and then deleted in this one.
    if (target === source) throw refusalOfItself(to);
    // What has become a row of another dataset can't be taken back.
    const otherDataset = explainOtherDataset(source, target);
    if (otherDataset !== undefined && !isOtherWanted) {
      throw new UsageError(`${otherDataset} Nothing was moved. To move it anyway, add --into-other-dataset.`);
    }
    await refuseWhileReceiving(source, target);
    const started = performance.now();
    const [from, receiver, noteIn] = await Promise.all([
      openRelayAccounts(source).then((accounts) => Promise.all(accounts.map(openEvacuated))),
      RelayStorageAccount.open(target),
      RelayTables.open(target).then((tables) => tables.openNote("movedIn")),
    ]);
    const line = progress.line();
    let moved = 0;
    let counts: EvacuationCounts;
    try {
      counts = await evacuate({
        from,
        to: receiver,
        waits: !once,
        signal,
        sleep: (milliseconds) => sleep(milliseconds, undefined, { signal }).catch(() => undefined),
        progress: (so) => {
          moved = so.events + so.deadLetters;
          line.show(`  ${describeEvacuation(so)}`);
        },
      });
    } finally {
      line.end();
      await Promise.all([...from.map(({ note }) => note()), noteIn(moved)]);
    }
    const milliseconds = Math.round(performance.now() - started);
    print(
      `${describeEvacuation(counts, signal.aborted)}, from the stack ${source.target.stack} to ${to}, in ${formatDuration(milliseconds)}.`,
    );
    const left = counts.hidden + counts.changed;
    if (left > 0) {
      const command = `evacuate --to ${to}${isOtherWanted ? " --into-other-dataset" : ""}`;
      print(`Run the same command again: ${operatorCommand(command, source.target)}`);
    }
    if (signal.aborted) print(stoppedWords);
    return {
      ending: signal.aborted ? "interrupted" : left > 0 ? "waiting" : "well",
      json: { ...counts, milliseconds, stopped: signal.aborted },
    };
  },
});

/** @returns an account that notes in its own counts what was moved out of it */
async function openEvacuated({ storage, queues, tables }: OpenedAccount) {
  const noteOut = await tables.openNote("movedOut");
  let out = 0;
  const moved = (events: number) => {
    out += events;
  };
  return { storage, queues, moved, note: () => noteOut(out) };
}

function refusalOfItself(to: string): UsageError {
  return new UsageError(`--to is invalid: ${to} is the stack whose relay is to be emptied.`);
}

/** The relay must no longer get Customer.io's calls, or it would never be empty. After a failover, the other stack's webhook may post to it. */
async function refuseWhileReceiving(source: StackSource, target: StackSource): Promise<void> {
  // Where both have the same address, the front door there decides.
  if (isSameUrl(source.relayUrl, target.relayUrl)) return;
  const webhooksOf = (one: StackSource) => one.all("customerio:index:ReportingWebhook");
  // A destroy that was stopped has deleted its own webhook first.
  const asker = [source, target].find((one) => webhooksOf(one).length > 0);
  if (asker === undefined) return;
  const webhooks = await customerIoOf(asker).list(startTimeLimit());
  const found = webhooks.find(({ disabled, endpoint }) => !disabled && isSameUrl(endpoint, source.relayUrl));
  if (found === undefined) return;
  const owner = [source, target].find((one) => webhooksOf(one).some(({ id }) => id === String(found.id)));
  const remedy = owner && operatorCommand(`failover --to ${target.target.stack}`, owner.target);
  throw new Error(
    `The webhook "${found.name}" (${found.id}) still posts to the relay of the stack ${source.target.stack}. Redirect it first` +
      (remedy === undefined
        ? ", from the stack that has it, or disable it in Customer.io if none has it."
        : `: ${remedy}`),
  );
}

/** @param isStopped by Ctrl-C, before everything that is visible was moved */
export function describeEvacuation(
  { messages, events, deadLetters, hidden, changed }: EvacuationCounts,
  isStopped = false,
): string {
  const why = isStopped ? "left" : `hidden until ${hidden === 1 ? "its" : "their"} next attempt`;
  const left = [
    ...(hidden > 0 ? [`about ${countOf(hidden, "message is", "messages are")} ${why}`] : []),
    ...(changed > 0
      ? [
          `${countOf(changed, "dead letter stays", "dead letters stay")} because ${changed === 1 ? "its" : "their"} event became one again`,
        ]
      : []),
  ];
  return [
    `${countOf(events, "event")} in ${countOf(messages, "message")} and ${countOf(deadLetters, "dead letter")} moved`,
    ...left,
  ].join("; ");
}
