import { z } from "zod";
import type { OptionTable } from "../command/definition.ts";
import { positiveNumber } from "../command/number-option.ts";

/** How a backfill sends. */
export const backfillOptions = {
  via: {
    value: "way",
    description:
      "`relay`: through the relay's queue; `batch`: as a batch that can be reverted, for millions of events, after a trial of one event both ways",
    schema: z.enum(["relay", "batch"]).default("relay"),
  },
  rate: {
    value: "number",
    description: "maximum events a second through the relay; a backfill waits while the relay's queue is long",
    schema: positiveNumber.default(50),
  },
  "into-profile": {
    description: "backfill a dataset that feeds Real-Time Customer Profile, where events can't be deleted one by one",
    schema: z.boolean().default(false),
  },
} as const satisfies OptionTable;

const counts = z.record(z.string(), z.number());

/** What a backfill has done. */
export const backfillResult = z.object({
  planned: z
    .number()
    .describe("events that were to be sent, with those in a batch of an earlier run for which this run waits"),
  unjudged: z
    .number()
    .describe("events of the chosen metrics that can't be judged yet: they may be missing, and were not sent"),
  sent: z.number().describe("events that are in the relay's queue, or in the batch"),
  kinds: counts.describe("`sent` by kind, such as `email opened`; without the event of a trial"),
  impossible: counts.describe("events that can't be sent, by reason"),
  batches: z.array(z.string()).optional().describe("ids of the batches that can be reverted"),
  stalled: z
    .array(z.string())
    .optional()
    .describe("ids of the batches that Platform does not finish; with `--revert`, those that could not be reverted"),
  reverted: z.array(z.string()).optional().describe("ids of the batches that `--revert` has reverted"),
  stopped: z.boolean().describe("whether Ctrl-C stopped it before the end; the same command continues"),
});

export type BackfillResult = z.output<typeof backfillResult>;
