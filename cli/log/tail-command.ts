import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { defineCommand } from "../command/definition.ts";
import { positiveNumber } from "../command/number-option.ts";
import { followLog } from "./follow-log.ts";
import { type LogLine, RelayLogReader } from "./relay-log-reader.ts";
import { describeLine, matchesTail, renderLine, tailOutcomes, textsToFind } from "./tail-filter.ts";

/** Milliseconds between two reads of the log. */
const pace = 5_000;

export const tailCommand = defineCommand({
  name: "tail",
  summary: "follow the relay's log: what arrives, and what happens to it",
  description:
    "The lines have counts, kinds, ids and reasons, but never personal data. Azure shows a line 20 seconds to three minutes after it was " +
    "written, and the relay sums up what happens within 15 seconds. With the setting logDetail: events, each event has its own line. " +
    "Only arrivals have an object type and a metric; deliveries are counted without them. If more than 5,000 lines match, it shows the newest. " +
    "With --json, each line is a JSON document. If the stack has several sources, it follows all of them, and each line begins with the name of " +
    "its source. Ctrl-C ends it.",
  options: {
    outcome: {
      value: "name",
      description: "only lines about events or calls with this outcome",
      schema: z.enum(tailOutcomes).optional(),
    },
    "object-type": {
      value: "type",
      description: "only arrivals of this object type, such as email",
      schema: z.string().optional(),
    },
    metric: {
      value: "metric",
      description: "only arrivals of this metric, such as delivered",
      schema: z.string().optional(),
    },
    event: { value: "id", description: "only lines that name this event", schema: z.string().optional() },
    since: {
      value: "minutes",
      description: "begin with lines from this many minutes ago",
      schema: positiveNumber.default(10),
    },
    once: { description: "show the existing lines, and end", schema: z.boolean().default(false) },
  },
  examples: [
    { args: "tail --stack prod", shows: "everything, as it happens" },
    {
      args: "tail --stack prod --outcome dead --since 60",
      shows: "dead letters of the last hour, and new ones",
    },
    { args: "tail --stack prod --object-type email --metric bounced", shows: "bounces that arrive" },
    { args: "tail --stack prod --json", shows: "one JSON document per line, for a program that follows them" },
    { args: "tail --stack prod --since 30 --once --json", shows: "the last half hour for a script" },
  ],
  needsSecrets: false,
  needsStorage: true,
  stopsInOrder: true,
  runsAtOnce: ({ once }) => !once,
  json: z.undefined(),
  jsonLine: z.object({
    source: z.string().describe("name of the component, or of the webhook if the source is not a component"),
    at: z.string().describe("when the relay wrote it (ISO 8601)"),
    outcome: z.string(),
    counts: z.record(z.string(), z.number()).describe("events, or calls, by outcome"),
    kinds: z.record(z.string(), z.number()).describe("arrivals by object type and metric, such as `email sent`"),
    ids: z.array(z.string()).describe("ids of events, where the line names them"),
    reason: z.string().optional().describe("of a line about one event or call"),
    reasons: z.array(z.string()).optional().describe("of a line that sums up several"),
  }),
  async run(
    source,
    { outcome, "object-type": objectType, metric, event, since, once },
    { print, printJson, progress, signal },
  ) {
    const filter = { outcome, objectType, metric, event };
    const show = (lines: readonly LogLine[]) => {
      for (const line of lines.filter((one) => matchesTail(one, filter))) {
        print(renderLine(line));
        printJson({ source: source.name, ...describeLine(line) });
      }
    };
    const reader = new RelayLogReader(source);
    const log = { since: (time: Date) => reader.since(time, textsToFind(filter)) };
    const from = new Date(Date.now() - since * 60_000);
    if (once) show(await progress.showWhile("reading the log", log.since(from)));
    else {
      const pause = () => sleep(pace, undefined, { signal }).catch(() => undefined);
      await followLog({ log, from, show, now: () => new Date(), pause, signal });
    }
    return { ending: "well", json: undefined };
  },
});
